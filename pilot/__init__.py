"""The pilot: recorded tenders decided once more, by contract, on a real network.

`ocds` reads the record, `plan` turns a release into what its people will do, `conduct` does it as a pure
procedure that only says what it wants sent, `compare` explains each difference, and `run` is the one place
that talks to nodes.
"""
