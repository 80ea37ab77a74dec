"""The REST face: a gateway built from the descriptors of the contract."""
