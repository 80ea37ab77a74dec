"""One servicer per service of the contract."""
