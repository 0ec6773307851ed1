"""The document a network starts from, and the ceremony that makes it. Imports `chain` and `vm`."""
