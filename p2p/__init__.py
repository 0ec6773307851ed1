"""Authenticated links between known nodes, and what is said on them: gossip and catch-up."""
