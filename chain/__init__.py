"""What a transaction, a block and a vote are, and how they become bytes. Imports nothing of ours."""
