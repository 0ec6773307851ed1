"""Gas limits of a pilot's acts, in units of 10 ns: what they were measured to need on the contracts, about
four times.

A block is filled by limits and not by what is used, so that generous ones would make small blocks; a test
holds these to what is used.
"""

GRANT = 40_000
APPOINT = 40_000
REGISTER = 30_000
PLAN = 60_000
APPROVE_PLAN = 40_000
SET_ESTIMATE = 40_000
SUBMIT = 60_000
SET_ACCOUNT = 40_000
DRAFT = 120_000
SIGN = 80_000
REPORT = 80_000
ACCEPT = 120_000
APPROVE = 80_000
DECLINE = 40_000
CLOSE = 60_000
REVEAL = 60_000
GROUP_ACT = 80_000
PER_BIDDER = 12_000


def group_act(bidders: int) -> int:
    """Acts of the selection group walk over all bids of their tender."""
    return GROUP_ACT + PER_BIDDER * bidders
