"""Documents as they are kept: containers that name themselves by their hash and hide what is in them. Pure: keys and
chance are arguments.
"""
