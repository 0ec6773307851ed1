"""Bits flipped in every file of a real home: whatever a node answers then is the truth, or an error."""
