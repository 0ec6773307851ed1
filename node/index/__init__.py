"""The index of events: which transactions announced what, in one SQLite file that cannot leave anything out unnoticed."""
