"""The light client: follows headers of nodes that it does not trust, and serves what it can prove of the ledger."""
