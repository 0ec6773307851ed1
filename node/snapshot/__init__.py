"""Snapshots on disk: made in the background, kept, served to peers, and restored into a ledger."""
