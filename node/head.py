"""Where the ledger stands: what the next header must say, in one immutable value.

A node's whole knowledge of "now" is the last block with its certificate, the roots after it, and the validator sets of
the next two heights. Everything that proposes, checks or follows reads one `Head`; committing makes the next one.
"""

from dataclasses import dataclass

from chain.block import NO_BLOCK_ID, Header
from chain.certificate import Certificate, certificate_hash
from chain.hashing import Digest
from chain.keys import Address
from chain.merkle import EMPTY_ROOT
from chain.parameters import Parameters, parameters_hash
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The state after block `height`; height 0 is the genesis document.

    `last_validators` decided `height`, `validators` decide height + 1 and `next_validators` height + 2: a change takes
    effect two heights after the block that made it. `parameters` are those of height + 1. `has_transactions` says that
    a proof block is due.
    """

    chain_id: str
    height: Height
    block_id: BlockId
    time_ms: int
    certificate: Certificate | None
    results_root: Digest
    state_root: Digest
    last_validators: ValidatorSet
    validators: ValidatorSet
    next_validators: ValidatorSet
    parameters: Parameters
    has_transactions: bool

    @property
    def next_height(self) -> Height:
        """The height that is being decided."""
        return Height(self.height + 1)


def genesis_head(
    *, chain_id: str, time_ms: int, state_root: Digest, validators: ValidatorSet, parameters: Parameters
) -> Head:
    """The head before the first block."""
    return Head(
        chain_id=chain_id,
        height=Height(0),
        block_id=NO_BLOCK_ID,
        time_ms=time_ms,
        certificate=None,
        results_root=EMPTY_ROOT,
        state_root=state_root,
        last_validators=validators,
        validators=validators,
        next_validators=validators,
        parameters=parameters,
        has_transactions=False,
    )


def next_header(
    head: Head, *, time_ms: int, transactions_root: Digest, evidence_root: Digest, proposer: Address
) -> Header:
    """The header that a block after `head` must have, given what its proposer chooses."""
    return Header(
        chain_id=head.chain_id,
        height=head.next_height,
        time_ms=time_ms,
        previous_block_id=head.block_id,
        last_certificate_hash=certificate_hash(head.certificate),
        transactions_root=transactions_root,
        results_root=head.results_root,
        state_root=head.state_root,
        validators_hash=head.validators.hash,
        next_validators_hash=head.next_validators.hash,
        parameters_hash=parameters_hash(head.parameters),
        evidence_root=evidence_root,
        proposer=proposer,
    )
