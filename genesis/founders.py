"""What follows from the genesis document alone: who decides the first block, and what an auditor starts from."""

from chain.checkpoint import Checkpoint
from chain.snapshot_check import Trust
from chain.validators import Validator, ValidatorSet
from genesis.document import Genesis
from rpc.lineage import Anchor
from vm.module_codec import code_hash


def founders_of(genesis: Genesis) -> ValidatorSet:
    """The validators of block 1."""
    return ValidatorSet.of(
        Validator(public=member.consensus_key, power=member.power, name=member.name)
        for member in genesis.members
    )


def anchor_of(genesis: Genesis) -> Anchor:
    """What whoever follows the validators trusts of it."""
    return Anchor(
        chain_id=genesis.chain_id,
        genesis_hash=genesis.hash,
        validators=founders_of(genesis),
        contracts={contract.id: code_hash(contract.module) for contract in genesis.contracts},
    )


def trust_of(genesis: Genesis, checkpoint: Checkpoint | None = None) -> Trust:
    """What whoever reads a snapshot trusts of it, and of the checkpoint by which a home was joined."""
    return Trust(
        chain_id=genesis.chain_id,
        genesis_hash=genesis.hash,
        founders=founders_of(genesis),
        checkpoint=checkpoint,
    )
