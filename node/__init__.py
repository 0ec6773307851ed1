"""The imperative shell: tasks, disk, clock and keys, and the only room that joins all the others."""
