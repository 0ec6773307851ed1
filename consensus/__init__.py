"""Tendermint as pure functions: an input goes in, the state changes, ordered effects come out. Imports `chain` alone."""
