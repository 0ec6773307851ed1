"""When a node computed something else than more than two thirds certified: what it keeps, and where the difference is."""
