"""Mending a damaged store: what can be read is copied, what is missing is found, and fetched from peers with its proof."""
