"""What a process of ours needs of the machine it runs on: files that survive a crash, keys, settings, logs, the clock."""
