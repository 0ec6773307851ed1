"""Tendermint as pure functions: an input goes in, ordered effects come out. Imports `chain` alone."""
