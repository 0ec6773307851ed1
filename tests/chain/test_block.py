"""Blocks, proposals, votes, certificates and evidence: round trips, and each way they can be wrong."""

from dataclasses import replace

import pytest

from chain.block import (
    check_commitments,
    compute_block_id,
    decode_block,
    decode_compact_block,
    decode_header,
    encode_block,
    encode_compact_block,
    encode_header,
)
from chain.certificate import decode_certificate, encode_certificate, find_vote, verify_certificate
from chain.errors import BadSignature, Invalid, Malformed
from chain.evidence import decode_evidence, duplicate_vote, encode_evidence, verify_evidence
from chain.hashing import Digest
from chain.keys import Signature
from chain.limits import BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX
from chain.proposal import (
    Proposal,
    SignedProposal,
    decode_proposal,
    encode_proposal,
    sign_proposal,
    verify_proposal,
)
from chain.vote import BlockId, Height, Round, VoteKind, decode_vote, encode_vote, verify_vote
from tests.chain.making import (
    CHAIN,
    make_block,
    make_certificate,
    make_key,
    make_transaction,
    make_validators,
    make_vote,
)

VALIDATORS, KEYS = make_validators()
BLOCK = make_block(VALIDATORS, [make_transaction(1), make_transaction(2)])
BLOCK_ID = compute_block_id(BLOCK.header)
OTHER_ID = BlockId(Digest(bytes(31) + b"\x01"))


def _proposal(round_: int = 1, valid_round: int | None = None) -> SignedProposal:
    proposer = VALIDATORS.pick_proposer(1, round_)
    key = next(key for key in KEYS if key.address == proposer.address)
    proposal = Proposal(
        height=Height(1),
        round=Round(round_),
        valid_round=None if valid_round is None else Round(valid_round),
        block_id=BLOCK_ID,
    )
    return sign_proposal(key, proposal, BLOCK.compact(), CHAIN)


def test_round_trips() -> None:
    assert decode_header(encode_header(BLOCK.header)) == BLOCK.header
    assert decode_block(encode_block(BLOCK)) == BLOCK
    assert decode_compact_block(encode_compact_block(BLOCK.compact())) == BLOCK.compact()
    assert BLOCK.compact().with_bodies(BLOCK.transactions) == BLOCK
    assert decode_proposal(encode_proposal(_proposal())) == _proposal()
    vote = make_vote(KEYS[0], None, kind=VoteKind.PREVOTE)
    assert decode_vote(encode_vote(vote)) == vote
    certificate = make_certificate(BLOCK, VALIDATORS, KEYS[:3])
    assert decode_certificate(encode_certificate(certificate)) == certificate
    evidence = duplicate_vote(make_vote(KEYS[0], BLOCK_ID), make_vote(KEYS[0], None))
    assert decode_evidence(encode_evidence(evidence)) == evidence


def test_every_header_field_changes_the_id() -> None:
    header = BLOCK.header
    changed = {
        "chain_id": "x", "height": Height(2), "time_ms": 5, "proposer": KEYS[1].address, "previous_block_id": OTHER_ID,
        **dict.fromkeys(("last_certificate_hash", "transactions_root", "results_root", "state_root", "validators_hash",
                         "next_validators_hash", "parameters_hash", "evidence_root"), OTHER_ID),
    }  # fmt: skip
    ids = {compute_block_id(replace(header, **{name: value})) for name, value in changed.items()}  # type: ignore[arg-type]  # one field each
    assert len(ids | {BLOCK_ID}) == len(changed) + 1 == 14


def test_commitments() -> None:
    compact = BLOCK.compact()
    check_commitments(compact)
    fewer = replace(compact, transaction_ids=compact.transaction_ids[:1])
    swapped = replace(compact, transaction_ids=compact.transaction_ids[::-1])
    with_certificate = replace(compact, last_certificate=make_certificate(BLOCK, VALIDATORS, KEYS))
    with_evidence = replace(
        compact, evidence=(duplicate_vote(make_vote(KEYS[0], BLOCK_ID), make_vote(KEYS[0], None)),)
    )
    for altered in (fewer, swapped, with_certificate, with_evidence):
        with pytest.raises(Invalid):
            check_commitments(altered)


def test_votes() -> None:
    vote = make_vote(KEYS[0], BLOCK_ID)
    assert verify_vote(vote, VALIDATORS, CHAIN) == vote
    with pytest.raises(BadSignature):
        verify_vote(vote, VALIDATORS, "other-chain")
    for altered in (
        replace(vote.vote, round=Round(1)),
        replace(vote.vote, height=Height(2)),
        replace(vote.vote, block_id=None),
        replace(vote.vote, kind=VoteKind.PREVOTE),
        replace(vote.vote, validator=KEYS[1].address),
    ):
        with pytest.raises(BadSignature):
            verify_vote(replace(vote, vote=altered), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="is not a validator"):
        verify_vote(make_vote(make_key(77), BLOCK_ID), VALIDATORS, CHAIN)


def test_proposals() -> None:
    good = _proposal(round_=2, valid_round=1)
    assert verify_proposal(good, VALIDATORS, CHAIN) == good
    with pytest.raises(Invalid, match="expected a valid round before 2, got 2"):
        verify_proposal(_proposal(round_=2, valid_round=2), VALIDATORS, CHAIN)
    with pytest.raises(BadSignature):
        verify_proposal(
            replace(good, proposal=replace(good.proposal, valid_round=Round(0))), VALIDATORS, CHAIN
        )
    with pytest.raises(BadSignature):
        verify_proposal(replace(good, proposal=replace(good.proposal, round=Round(3))), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="another block than it names"):
        verify_proposal(replace(good, proposal=replace(good.proposal, block_id=OTHER_ID)), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="transactions root"):
        verify_proposal(replace(good, block=replace(good.block, transaction_ids=())), VALIDATORS, CHAIN)


def test_a_new_block_is_its_proposers_own() -> None:
    """Nobody puts a block on the ledger under the name of another agency."""
    own = next(r for r in range(4) if VALIDATORS.pick_proposer(1, r).address == BLOCK.header.proposer)
    assert verify_proposal(_proposal(own), VALIDATORS, CHAIN) == _proposal(own)
    assert verify_proposal(_proposal(own + 1, valid_round=own), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="expected a new block by"):
        verify_proposal(_proposal(own + 1), VALIDATORS, CHAIN)


def test_the_largest_block_that_can_be_governed_can_be_read_again() -> None:
    count = BLOCK_TRANSACTIONS_MAX
    size = BLOCK_BYTES_MAX // count
    block = replace(BLOCK, transactions=(bytes(size + BLOCK_BYTES_MAX % count), *[bytes(size)] * (count - 1)))
    assert sum(len(raw) for raw in block.transactions) == BLOCK_BYTES_MAX
    assert decode_block(encode_block(block)) == block


def test_a_vote_is_found_in_a_certificate() -> None:
    certificate = make_certificate(BLOCK, VALIDATORS, KEYS[:3])
    for key in KEYS[:3]:
        vote = find_vote(certificate, VALIDATORS, key.address)
        assert vote is not None and vote == make_vote(key, certificate.block_id)
        verify_vote(vote, VALIDATORS, CHAIN)
    for absent in (KEYS[3], make_key(99)):
        assert find_vote(certificate, VALIDATORS, absent.address) is None


def test_certificates_need_more_than_two_thirds() -> None:
    full = make_certificate(BLOCK, VALIDATORS, KEYS)
    for absent in range(4):
        three = replace(
            full, signatures=tuple(None if i == absent else s for i, s in enumerate(full.signatures))
        )
        verify_certificate(three, VALIDATORS, CHAIN)
    two = replace(full, signatures=(*full.signatures[:2], None, None))
    with pytest.raises(Invalid, match="expected power 27 of 40, got 20"):
        verify_certificate(two, VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="expected 4 places, got 3"):
        verify_certificate(replace(full, signatures=full.signatures[:3]), VALIDATORS, CHAIN)
    swapped = replace(full, signatures=(full.signatures[1], full.signatures[0], *full.signatures[2:]))
    with pytest.raises(BadSignature):
        verify_certificate(swapped, VALIDATORS, CHAIN)
    forged = replace(full, signatures=(*full.signatures[:3], Signature(bytes(64))))
    with pytest.raises(BadSignature):
        verify_certificate(forged, VALIDATORS, CHAIN)


def test_evidence_is_the_same_from_both_sides_and_needs_a_conflict() -> None:
    one, other = make_vote(KEYS[0], BLOCK_ID), make_vote(KEYS[0], OTHER_ID)
    evidence = duplicate_vote(one, other)
    assert evidence == duplicate_vote(other, one)
    verify_evidence(evidence, VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="two values"):
        verify_evidence(duplicate_vote(one, one), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="two values"):
        verify_evidence(replace(evidence, first=evidence.second, second=evidence.first), VALIDATORS, CHAIN)
    with pytest.raises(Invalid, match="one validator"):
        verify_evidence(duplicate_vote(one, make_vote(KEYS[1], OTHER_ID)), VALIDATORS, CHAIN)
    with pytest.raises(BadSignature):
        verify_evidence(
            replace(evidence, second=replace(evidence.second, signature=Signature(bytes(64)))),
            VALIDATORS,
            CHAIN,
        )


def test_wrong_vote_kind_is_named() -> None:
    data = encode_vote(make_vote(KEYS[0], BLOCK_ID))
    with pytest.raises(Malformed, match=r"vote kind: expected 1 \(prevote\) or 2 \(precommit\), got 3"):
        decode_vote(data.replace(b"\x86\x02", b"\x86\x03", 1))
