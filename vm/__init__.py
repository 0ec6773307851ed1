"""The contract machine: language, verified bytecode, engines, state. Deterministic and without any input of
its own."""
