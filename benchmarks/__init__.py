"""What the figures of the README come from; run by hand: `make bench`."""
