"""Sealed envelopes. Pure: keys and chance are arguments; the same code seals in tools and opens in every
validator.
"""
