"""What evidence proves, when it is too old, and in which order a block holds it."""

import pytest

from chain.errors import BadSignature, Invalid
from chain.evidence import (
    DuplicateVote,
    check_one_each,
    compute_evidence_hash,
    decode_evidence,
    encode_evidence,
    is_expired,
    offence_of,
    verify_evidence,
)
from chain.hashing import sha256
from chain.limits import EVIDENCE_AGE_BLOCKS_MAX, EVIDENCE_AGE_MS_MAX, EVIDENCE_BYTES_MAX
from chain.vote import VoteKind
from tests.chain.making import CHAIN, make_key, make_validators
from tests.node.making import make_double

VALIDATORS, KEYS = make_validators()
GOOD = make_double(KEYS[0], 3)
OTHER_ROUND = make_double(KEYS[0], 3, 1)
OTHER_KIND = make_double(KEYS[0], 3, kind=VoteKind.PRECOMMIT)
OTHER_VALIDATOR = make_double(KEYS[1], 3)


def test_two_votes_prove_an_offence_and_survive_their_bytes() -> None:
    verify_evidence(GOOD, VALIDATORS, CHAIN)
    assert decode_evidence(encode_evidence(GOOD)) == GOOD
    assert len(encode_evidence(make_double(KEYS[0], 2**62, 2**30))) <= EVIDENCE_BYTES_MAX
    offence = offence_of(GOOD)
    assert (offence.height, offence.round, offence.kind, offence.validator) == (
        3,
        0,
        VoteKind.PREVOTE,
        KEYS[0].address,
    )


def test_other_votes_of_one_place_are_no_other_offence() -> None:
    third = make_double(KEYS[0], 3, values=(sha256(b"a block"), sha256(b"a third")))
    assert offence_of(third) == offence_of(GOOD)
    assert compute_evidence_hash(third) != compute_evidence_hash(GOOD)
    others = (OTHER_ROUND, OTHER_KIND, OTHER_VALIDATOR, make_double(KEYS[0], 4))
    assert len({offence_of(one) for one in (GOOD, *others)}) == 5


NO_EVIDENCE = {
    "votes swapped": DuplicateVote(first=GOOD.second, second=GOOD.first),
    "one vote twice": DuplicateVote(first=GOOD.first, second=GOOD.first),
    "nil twice": make_double(KEYS[0], 3, values=(None, None)),
    "two rounds": DuplicateVote(first=GOOD.first, second=OTHER_ROUND.second),
    "two kinds": DuplicateVote(first=GOOD.first, second=OTHER_KIND.second),
    "two validators": DuplicateVote(first=GOOD.first, second=OTHER_VALIDATOR.second),
    "two heights": DuplicateVote(first=GOOD.first, second=make_double(KEYS[0], 4).second),
    "a stranger": make_double(make_key(99), 3),
}


@pytest.mark.parametrize("evidence", NO_EVIDENCE.values(), ids=NO_EVIDENCE.keys())
def test_what_proves_nothing_is_refused(evidence: DuplicateVote) -> None:
    with pytest.raises(Invalid):
        verify_evidence(evidence, VALIDATORS, CHAIN)


def test_every_altered_byte_is_refused() -> None:
    """Whatever still decodes is no evidence any more, or that of another chain's or nobody's votes."""
    data = encode_evidence(GOOD)
    for place in range(len(data)):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Invalid):
            verify_evidence(decode_evidence(altered), VALIDATORS, CHAIN)
    with pytest.raises(BadSignature):
        verify_evidence(GOOD, VALIDATORS, "another-chain")


@pytest.mark.parametrize(
    ("blocks", "milliseconds", "expected"),
    [
        (0, 0, False),
        (EVIDENCE_AGE_BLOCKS_MAX + 1, EVIDENCE_AGE_MS_MAX, False),
        (EVIDENCE_AGE_BLOCKS_MAX, EVIDENCE_AGE_MS_MAX + 1, False),
        (EVIDENCE_AGE_BLOCKS_MAX + 1, EVIDENCE_AGE_MS_MAX + 1, True),
    ],
)
def test_it_expires_when_both_ages_are_over(blocks: int, milliseconds: int, expected: bool) -> None:
    found = is_expired(offence_height=5, offence_time_ms=7, height=5 + blocks, time_ms=7 + milliseconds)
    assert found is expected


def test_a_block_has_one_piece_for_each_validator_in_order() -> None:
    first, second = make_double(KEYS[0], 3), make_double(KEYS[1], 2)
    check_one_each([])
    check_one_each([first, second])
    for wrong in ([second, first], [first, first], [first, make_double(KEYS[0], 4)]):
        with pytest.raises(Invalid, match="one piece for each validator"):
            check_one_each(wrong)
