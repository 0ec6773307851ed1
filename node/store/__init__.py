"""The ledger on disk: an ordered map with atomic batches, and what blocks, results and state look like in it."""
