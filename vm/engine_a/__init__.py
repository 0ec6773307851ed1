"""Engine A, the reference: a plain interpreter, one operation one function."""
