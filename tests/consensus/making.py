"""Small consensus objects for tests: validators from numbers, blocks from names, votes and proposals without real keys.

Signatures are stand-ins, which is allowed: the core never sees a signature that was not verified before.
"""

from collections.abc import Sequence
from functools import lru_cache

from chain.block import NO_BLOCK_ID, CompactBlock, Header, compute_block_id, compute_transactions_root
from chain.certificate import NO_CERTIFICATE_HASH
from chain.evidence import evidence_root
from chain.hashing import sha256
from chain.keys import PublicKey, Signature
from chain.merkle import EMPTY_ROOT
from chain.parameters import Parameters
from chain.proposal import Proposal, SignedProposal, VerifiedProposal
from chain.transaction import TxId
from chain.validators import Validator, ValidatorSet
from chain.vote import BlockId, Height, Round, SignedVote, VerifiedVote, Vote, VoteKind
from consensus.inputs import ProposalArrived, StartHeight, VoteArrived

PREVOTE, PRECOMMIT = VoteKind.PREVOTE, VoteKind.PRECOMMIT
PARAMETERS = Parameters()
NOW_MS = 1_000_000
"""The time of every block that does not say otherwise, and of every arrival."""


@lru_cache
def make_validators(powers: Sequence[int] = (1, 1, 1, 1)) -> ValidatorSet:
    """A set of these powers, in the order of the set: validator i has powers[i]."""
    publics = sorted((PublicKey(sha256(bytes([number]))) for number in range(len(powers))), key=sha256)
    return ValidatorSet.of(
        Validator(public=public, power=power, name=f"agency-{number}")
        for number, (public, power) in enumerate(zip(publics, powers, strict=True))
    )


VALIDATORS = make_validators()


def start(height: int = 1, *, validators: ValidatorSet = VALIDATORS, last_ms: int = 0) -> StartHeight:
    """The beginning of a height."""
    return StartHeight(
        height=Height(height), validators=validators, parameters=PARAMETERS, last_block_time_ms=last_ms
    )


@lru_cache(maxsize=512)
def make_block(name: str, *, height: int = 1, time_ms: int = NOW_MS) -> CompactBlock:
    """A block that differs from others by its name."""
    transaction = TxId(sha256(name.encode()))
    header = Header(
        chain_id="terang-test",
        height=Height(height),
        time_ms=time_ms,
        previous_block_id=NO_BLOCK_ID,
        last_certificate_hash=NO_CERTIFICATE_HASH,
        transactions_root=compute_transactions_root([transaction]),
        results_root=EMPTY_ROOT,
        state_root=EMPTY_ROOT,
        validators_hash=VALIDATORS.hash,
        next_validators_hash=VALIDATORS.hash,
        parameters_hash=EMPTY_ROOT,
        evidence_root=evidence_root([]),
        proposer=VALIDATORS.validators[0].address,
    )
    return CompactBlock(header=header, transaction_ids=(transaction,), evidence=(), last_certificate=None)


def block_id_of(name: str, *, height: int = 1) -> BlockId:
    """The id of the block with this name."""
    return compute_block_id(make_block(name, height=height).header)


def make_proposal(
    name: str,
    round_: int = 0,
    *,
    valid_round: int | None = None,
    height: int = 1,
    time_ms: int = NOW_MS,
    signature: int = 0,
) -> VerifiedProposal:
    """The proposal of the block with this name, as if by the round's proposer."""
    block = make_block(name, height=height, time_ms=time_ms)
    proposal = Proposal(
        height=Height(height),
        round=Round(round_),
        valid_round=None if valid_round is None else Round(valid_round),
        block_id=compute_block_id(block.header),
    )
    signed = SignedProposal(proposal=proposal, block=block, signature=Signature(bytes([signature]) * 64))
    return VerifiedProposal(signed)


def make_vote(
    voter: int,
    kind: VoteKind,
    name: str | None,
    round_: int = 0,
    *,
    height: int = 1,
    validators: ValidatorSet = VALIDATORS,
) -> VerifiedVote:
    """The vote of the validator at this position for the block with this name, or for nil."""
    vote = Vote(
        kind=kind,
        height=Height(height),
        round=Round(round_),
        block_id=None if name is None else block_id_of(name, height=height),
        validator=validators.validators[voter].address,
    )
    return VerifiedVote(SignedVote(vote=vote, signature=Signature(bytes([voter, kind]) * 32)))


def proposal_input(
    name: str,
    round_: int = 0,
    *,
    valid_round: int | None = None,
    height: int = 1,
    time_ms: int = NOW_MS,
    arrival_ms: int = NOW_MS,
) -> ProposalArrived:
    """A proposal that arrives, in time unless told otherwise."""
    proposal = make_proposal(name, round_, valid_round=valid_round, height=height, time_ms=time_ms)
    return ProposalArrived(proposal=proposal, arrival_ms=arrival_ms)


def vote_input(
    voter: int, kind: VoteKind, name: str | None, round_: int = 0, *, height: int = 1
) -> VoteArrived:
    """A vote that arrives."""
    return VoteArrived(vote=make_vote(voter, kind, name, round_, height=height))


def proposer_position(round_: int = 0, *, height: int = 1, validators: ValidatorSet = VALIDATORS) -> int:
    """Whose turn it is, as a position."""
    position = validators.index_of(validators.pick_proposer(height, round_).address)
    assert position is not None
    return position
