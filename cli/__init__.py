"""The `terang` command: one thin module per group of commands. What they do stands in the rooms below."""
