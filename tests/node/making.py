"""A small chain for the node's tests: blocks that follow each other, with results and state, and no contract machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import Block, CertifiedBlock, CompactBlock, compute_block_id, compute_transactions_root
from chain.certificate import certificate_of
from chain.evidence import DuplicateVote, duplicate_vote, evidence_root
from chain.hashing import Digest, sha256
from chain.keys import SigningKey
from chain.parameters import Parameters
from chain.result import ResultCode, TransactionResult, compute_results_root, encode_result
from chain.transaction import compute_transaction_id
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round, SignedVote, Vote, VoteKind, sign_vote
from node.head import Head, genesis_head, next_header
from tests.chain.making import CHAIN, make_validators, make_vote
from vm.tree.hashing import EMPTY_STATE_ROOT

GENESIS_HASH = sha256(b"a genesis document")
Writes = tuple[tuple[bytes, bytes | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeExecution:
    """What executing a block would have given; `writes` in any order, each key once."""

    results: tuple[TransactionResult, ...]
    writes: Writes

    @property
    def encoded_results(self) -> tuple[bytes, ...]:
        """See `ExecutedBlock`."""
        return tuple(encode_result(result) for result in self.results)


def make_genesis(
    powers: Sequence[int] = (10, 10, 10, 10), parameters: Parameters | None = None
) -> tuple[Head, list[SigningKey]]:
    """The head before the first block, and the keys of its validators in their order."""
    validators, keys = make_validators(powers)
    head = genesis_head(
        chain_id=CHAIN,
        time_ms=1_000,
        state_root=EMPTY_STATE_ROOT,
        validators=validators,
        parameters=parameters or Parameters(),
    )
    return head, keys


def make_compact(
    head: Head, transactions: Sequence[bytes], time_ms: int, evidence: Sequence[DuplicateVote] = ()
) -> CompactBlock:
    """The compact block of these transactions after `head`."""
    ids = tuple(compute_transaction_id(raw) for raw in transactions)
    header = next_header(
        head,
        time_ms=time_ms,
        transactions_root=compute_transactions_root(ids),
        evidence_root=evidence_root(evidence),
        proposer=head.validators.validators[0].address,
    )
    return CompactBlock(
        header=header, transaction_ids=ids, evidence=tuple(evidence), last_certificate=head.certificate
    )


def certify(block: Block, validators: ValidatorSet, keys: Sequence[SigningKey]) -> CertifiedBlock:
    """`block` with precommits by all `keys`."""
    block_id = compute_block_id(block.header)
    votes = [make_precommit(key, block.header.height, block_id) for key in keys]
    return CertifiedBlock(block=block, certificate=certificate_of(votes, validators))


def make_precommit(key: SigningKey, height: int, block_id: Digest) -> SignedVote:
    """A precommit of round 0."""
    vote = Vote(
        kind=VoteKind.PRECOMMIT,
        height=Height(height),
        round=Round(0),
        block_id=BlockId(block_id),
        validator=key.address,
    )
    return sign_vote(key, vote, CHAIN)


def make_double(
    key: SigningKey,
    height: int,
    round_: int = 0,
    kind: VoteKind = VoteKind.PREVOTE,
    values: tuple[Digest | None, Digest | None] = (None, sha256(b"a block")),
) -> DuplicateVote:
    """Two votes of one validator at one place."""
    one, other = (
        make_vote(key, None if value is None else BlockId(value), kind=kind, height=height, round_=round_)
        for value in values
    )
    return duplicate_vote(one, other)


def make_next(
    head: Head,
    keys: Sequence[SigningKey],
    transactions: Sequence[bytes] = (),
    writes: Writes = (),
    *,
    time_ms: int | None = None,
    validators: ValidatorSet | None = None,
    evidence: Sequence[DuplicateVote] = (),
) -> tuple[CertifiedBlock, FakeExecution, Head]:
    """The block after `head`, what it did, and the head after it but for the state root, which a ledger computes.

    `validators` changes the set two heights on.
    """
    compact = make_compact(head, transactions, head.time_ms + 1_000 if time_ms is None else time_ms, evidence)
    certified = certify(compact.with_bodies(transactions), head.validators, keys)
    results = tuple(
        TransactionResult(code=ResultCode.OK, gas_wanted=100_000, gas_used=10 + index)
        for index in range(len(transactions))
    )
    after = Head(
        chain_id=head.chain_id,
        height=head.next_height,
        block_id=certified.certificate.block_id,
        time_ms=compact.header.time_ms,
        certificate=certified.certificate,
        results_root=compute_results_root([encode_result(result) for result in results]),
        state_root=head.state_root,
        last_validators=head.validators,
        validators=head.next_validators,
        next_validators=validators or head.next_validators,
        parameters=head.parameters,
        has_transactions=bool(transactions),
    )
    return certified, FakeExecution(results=results, writes=writes), after
