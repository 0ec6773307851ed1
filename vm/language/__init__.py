"""The contract language's compiler: source → names → types → code. A tool that nobody has to trust.

The node verifies bytecode and never sees a source; an auditor compiles the source and compares the module's
bytes.
"""
