"""The pilot: recorded tenders decided once more, by contract, on a real network.

`ocds` reads the record, `plan` turns a release into what its people will do, `conduct` does it as a pure
procedure that only says what it wants sent, and `fulfil` goes on from the award to the last payment. `compare` explains
each difference to the record, `settlement` holds payments against a bank's books, and `run` is the one place that talks to
nodes and to a payment gateway.
"""
