"""Tests, a folder for each room of the house; `sim` is the deterministic network."""
