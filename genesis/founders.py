"""Who decides the first block, by the genesis document."""

from chain.validators import Validator, ValidatorSet
from genesis.document import Genesis


def founders_of(genesis: Genesis) -> ValidatorSet:
    """The validators of block 1."""
    return ValidatorSet.of(
        Validator(public=member.consensus_key, power=member.power, name=member.name)
        for member in genesis.members
    )
