"""Gas limits of a pilot's acts, in units of 10 ns: measured in tests on the contracts, and doubled."""

GRANT = 100_000
REGISTER = 100_000
SET_ESTIMATE = 100_000
SUBMIT = 200_000
REVEAL = 200_000
GROUP_ACT = 300_000
PER_BIDDER = 20_000


def group_act(bidders: int) -> int:
    """Acts of the selection group walk over all bids of their tender."""
    return GROUP_ACT + PER_BIDDER * bidders
