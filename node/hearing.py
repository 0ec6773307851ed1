"""Before a validator votes after a start, it hears where the others stand.

A node restored from an old copy, or a whole network that starts together, must not act on what it believes alone. So the
signer stays shut until signed statuses of more than two thirds of the power, its own included, are in. A status is a
claim: it may start a fetch and never proves a block.
"""

from chain.keys import Address
from chain.validators import ValidatorSet
from chain.vote import Height


class Hearing:
    """Statuses heard since the start. Bounded by the validator set."""

    def __init__(self, own: Address) -> None:
        self._own = own
        self._heights: dict[Address, Height] = {}

    def on_status(self, validator: Address, height: Height, validators: ValidatorSet) -> None:
        """Takes in a verified status; strangers to the current set do not count."""
        if validators.by_address(validator) is not None:
            self._heights[validator] = max(height, self._heights.get(validator, height))

    def is_over(self, validators: ValidatorSet) -> bool:
        """Whether more than two thirds of the power, ours included, has been heard."""
        heard = {*self._heights, self._own}
        power = sum(validator.power for validator in validators.validators if validator.address in heard)
        return power >= validators.quorum_power

    def compute_missing_power(self, validators: ValidatorSet) -> int:
        """How much power is still to be heard, for the log."""
        heard = {*self._heights, self._own}
        power = sum(validator.power for validator in validators.validators if validator.address in heard)
        return max(0, validators.quorum_power - power)
