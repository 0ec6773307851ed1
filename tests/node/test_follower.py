"""Which certified block of a stranger is believed, and which one says that we are wrong."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chain.block import CertifiedBlock
from chain.errors import Invalid
from chain.evidence import DuplicateVote
from chain.hashing import sha256
from chain.keys import Signature
from chain.vote import Height
from node.certified import Position, SignedBlock, check_follows, known_sets, verify_signed
from node.head import Head
from node.validity import Diverged
from tests.chain.making import make_transaction
from tests.node.making import certify, make_double, make_genesis, make_next

HEAD, KEYS = make_genesis()
GOOD, _, AFTER = make_next(HEAD, KEYS, [make_transaction(1), make_transaction(2)])
NEXT = make_next(AFTER, KEYS)[0]


def allow_none(evidence: Sequence[DuplicateVote], _head: Head) -> None:
    """No evidence may stand in any block here."""
    if evidence:
        raise Invalid("no evidence here")


def recertify(**header: object) -> CertifiedBlock:
    """The good block with another header, certified by everybody."""
    block = replace(GOOD.block, header=replace(GOOD.block.header, **header))  # type: ignore[arg-type]  # by name
    return certify(block, HEAD.validators, KEYS)


def verify(certified: CertifiedBlock, head: Head) -> SignedBlock:
    """All that is asked of a block before it is carried out."""
    after = Position(head.height, head.block_id)
    (signed,) = verify_signed([certified], after, known_sets(head), head.chain_id)
    check_follows(signed, head, allow_none)
    return signed


def test_the_next_block_is_believed() -> None:
    transactions = verify(GOOD, HEAD).transactions
    assert [checked.raw for checked in transactions] == list(GOOD.block.transactions)
    assert verify(NEXT, AFTER).transactions == ()


STRANGE = {
    "not the next one": NEXT,
    "certificate of another height": replace(GOOD, certificate=replace(GOOD.certificate, height=Height(2))),
    "certificate of another block": replace(GOOD, block=NEXT.block),
    "another header": replace(
        GOOD,
        block=replace(GOOD.block, header=replace(GOOD.block.header, time_ms=GOOD.block.header.time_ms + 1)),
    ),
    "too few signatures": replace(
        GOOD,
        certificate=replace(GOOD.certificate, signatures=(None, None, *GOOD.certificate.signatures[2:])),
    ),
    "a forged signature": replace(
        GOOD,
        certificate=replace(
            GOOD.certificate, signatures=(Signature(bytes(64)), *GOOD.certificate.signatures[1:])
        ),
    ),
    "a transaction left out": replace(
        GOOD, block=replace(GOOD.block, transactions=GOOD.block.transactions[:1])
    ),
    "a transaction changed": replace(
        GOOD, block=replace(GOOD.block, transactions=(GOOD.block.transactions[0], make_transaction(3)))
    ),
    "a certificate put in": replace(GOOD, block=replace(GOOD.block, last_certificate=GOOD.certificate)),
}


@pytest.mark.parametrize("certified", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_not_the_certified_block_is_its_senders_fault(certified: CertifiedBlock) -> None:
    with pytest.raises(Invalid):
        verify(certified, HEAD)


@pytest.mark.parametrize(
    "certified",
    [
        recertify(state_root=sha256(b"other")),
        recertify(results_root=sha256(b"other")),
        recertify(time_ms=HEAD.time_ms),
        recertify(next_validators_hash=sha256(b"other")),
        make_next(HEAD, KEYS, evidence=[make_double(KEYS[0], 1)])[0],
    ],
    ids=["state", "results", "time", "validators", "evidence"],
)
def test_what_is_certified_and_contradicts_us_stops_us(certified: CertifiedBlock) -> None:
    with pytest.raises(Diverged, match="keep its data for the inquiry"):
        verify(certified, HEAD)
