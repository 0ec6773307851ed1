"""The authenticated state: a Jellyfish Merkle tree over all state entries, whose root stands in the next header."""
