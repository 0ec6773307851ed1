"""Before a validator votes after a start, it hears where the others stand.

A node restored from an old copy, or a whole network that starts together, must not act on what it believes alone. So the
signer stays shut until signed statuses of more than two thirds of the power, its own included, are in. That is asked once:
members who join a running network are not waited for by those who heard the others long ago.

A status from before, sent again by whoever kept it, is old by its own time and does not count. A status is a claim: it may
start a fetch and never proves a block. But where more than a third of the power says that a height is committed, a correct
validator says so, and a vote of ours at that height could only contradict one that an older life of ours has given there.
"""

from chain.keys import Address
from chain.limits import STATUS_AGE_MS_MAX
from chain.validators import ValidatorSet
from chain.vote import Height


def is_fresh(time_ms: int, now_ms: int) -> bool:
    """Whether a status of that time was made a moment ago, by clocks that differ as much as they may."""
    return abs(now_ms - time_ms) <= STATUS_AGE_MS_MAX


class Hearing:
    """Statuses heard since the start. Bounded by the validator set."""

    def __init__(self, own: Address) -> None:
        self._own = own
        self._heights: dict[Address, Height] = {}
        self._is_over = False

    def on_status(self, validator: Address, height: Height, validators: ValidatorSet) -> None:
        """Takes in a verified status; strangers to the current set do not count, nor those who have left it."""
        known = {**self._heights, validator: max(height, self._heights.get(validator, height))}
        self._heights = {address: known[address] for address in known if validators.by_address(address)}

    def is_over(self, validators: ValidatorSet) -> bool:
        """Whether more than two thirds of the power, ours included, has been heard; what is over stays over."""
        self._is_over = self._is_over or self.compute_missing_power(validators) == 0
        return self._is_over

    def compute_missing_power(self, validators: ValidatorSet) -> int:
        """How much power is still to be heard."""
        heard = {*self._heights, self._own}
        power = sum(validator.power for validator in validators.validators if validator.address in heard)
        return max(0, validators.quorum_power - power)

    def is_passed(self, height: Height, validators: ValidatorSet) -> bool:
        """Whether more than a third of the power, and so a correct validator, has said that it committed `height`."""
        heights = self._heights
        power = sum(
            validator.power
            for validator in validators.validators
            if heights.get(validator.address, 0) >= height
        )
        return power >= validators.skip_power
