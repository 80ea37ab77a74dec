"""One file per provider; the file name is the provider id."""
