"""Evidence of a transaction: what is honest holds in every step, and whatever is changed fails in the step that it is of."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chain.block import Header, compute_block_id
from chain.certificate import Certificate
from chain.hashing import Digest, sha256
from chain.merkle import EMPTY_ROOT, compute_inclusion_proof
from chain.record import Checked, Decided, Evidence, Step, check_decided, check_evidence, holds
from chain.result import ResultCode, TransactionResult, compute_results_root, encode_result
from chain.transaction import TxId, compute_transaction_id
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round
from tests.chain.making import (
    CHAIN,
    make_block,
    make_certificate,
    make_key,
    make_transaction,
    make_validators,
)

SET, KEYS = make_validators()
RAWS = [make_transaction(number) for number in range(1, 6)]
RESULTS = tuple(
    TransactionResult(code=ResultCode.OK, gas_wanted=100, gas_used=number, data=(number,))
    for number in range(5)
)
WHICH = 3


def decide(header: Header, signers: int = 3, validators: ValidatorSet = SET) -> Decided:
    """A header as the first of the validators decide it."""
    block = replace(make_block(SET), header=header)
    certificate = make_certificate(block, SET, KEYS[:signers])
    return Decided(header=header, certificate=certificate, validators=validators)


def make_evidence() -> Evidence:
    """The fourth of five transactions, in a block of four validators."""
    header = make_block(SET, RAWS).header
    next_header = replace(
        make_block(SET, height=2).header,
        previous_block_id=compute_block_id(header),
        results_root=compute_results_root([encode_result(result) for result in RESULTS]),
    )
    ids = [compute_transaction_id(raw) for raw in RAWS]
    return Evidence(
        id=ids[WHICH],
        raw=RAWS[WHICH],
        proof=compute_inclusion_proof(ids, WHICH),
        decided=decide(header),
        after=decide(next_header),
        results=RESULTS,
    )


def failing(steps: tuple[Checked, ...]) -> list[Step]:
    """Steps that fail."""
    return [checked.step for checked in steps if checked.holds is False]


def test_honest_evidence_holds_in_every_step() -> None:
    steps = check_evidence(make_evidence(), CHAIN)
    assert [checked.step for checked in steps] == list(Step)
    assert all(checked.holds for checked in steps) and holds(steps)
    signatures = next(checked for checked in steps if checked.step is Step.SIGNATURES)
    assert (signatures.expected, signatures.got) == ("27/40", "30/40")


def test_the_last_block_leaves_its_results_open() -> None:
    steps = check_evidence(replace(make_evidence(), after=None), CHAIN)
    assert [checked.step for checked in steps if checked.holds is None] == [Step.NEXT, Step.RESULT]
    assert failing(steps) == [] and holds(steps)


def with_proof(**changes: Any) -> Callable[[Evidence], Evidence]:
    """The same evidence with another proof."""
    return lambda evidence: replace(evidence, proof=replace(evidence.proof, **changes))


def with_header(**changes: Any) -> Callable[[Evidence], Evidence]:
    """The same evidence with another header under the same certificate."""

    def change(evidence: Evidence) -> Evidence:
        header = replace(evidence.decided.header, **changes)
        return replace(evidence, decided=replace(evidence.decided, header=header))

    return change


def with_certificate(**changes: Any) -> Callable[[Evidence], Evidence]:
    """The same evidence with another certificate of the same header."""

    def change(evidence: Evidence) -> Evidence:
        certificate = replace(evidence.decided.certificate, **changes)
        return replace(evidence, decided=replace(evidence.decided, certificate=certificate))

    return change


def with_after(change: Callable[[Decided], Decided]) -> Callable[[Evidence], Evidence]:
    """The same evidence with another next block."""

    def changed(evidence: Evidence) -> Evidence:
        assert evidence.after is not None
        return replace(evidence, after=change(evidence.after))

    return changed


def with_next_header(**changes: Any) -> Callable[[Decided], Decided]:
    """Another next header, decided by the same validators."""
    return lambda decided: decide(replace(decided.header, **changes))


def signed_by_few(evidence: Evidence) -> Evidence:
    """Two of four signatures: a certificate that nodes never make."""
    first, second, *_ = evidence.decided.certificate.signatures
    return with_certificate(signatures=(first, second, None, None))(evidence)


def signed_by_others(evidence: Evidence) -> Evidence:
    """A whole set of strangers decides and signs."""
    strangers, keys = make_validators((10,))
    block = replace(make_block(SET), header=evidence.decided.header)
    certificate = make_certificate(block, strangers, keys)
    return replace(evidence, decided=replace(evidence.decided, certificate=certificate, validators=strangers))


def of_another_round(evidence: Evidence) -> Evidence:
    """The signatures of round 0, said to be of round 1."""
    return with_certificate(round=Round(1))(evidence)


def decided_by_others(decided: Decided) -> Decided:
    """The next block of a whole set of strangers, with a root of their own making, which it names and they sign."""
    strangers, keys = make_validators((10,))
    header = replace(decided.header, validators_hash=strangers.hash)
    certificate = make_certificate(replace(make_block(SET), header=header), strangers, keys)
    return Decided(header=header, certificate=certificate, validators=strangers)


OTHER = Digest(sha256(b"other"))
TAMPERED: dict[str, tuple[Callable[[Evidence], Evidence], set[Step]]] = {
    "another id": (lambda one: replace(one, id=TxId(OTHER)), {Step.CONTENT}),
    "another transaction": (
        lambda one: replace(one, raw=RAWS[0], id=compute_transaction_id(RAWS[0])),
        {Step.PATH},
    ),
    "a flipped signature": (
        lambda one: replace(one, raw=one.raw[:-1] + bytes([one.raw[-1] ^ 1])),
        {Step.CONTENT, Step.SENDER, Step.PATH},
    ),
    "no transaction": (lambda one: replace(one, raw=b"x"), {Step.CONTENT, Step.SENDER, Step.PATH}),
    "another leaf": (with_proof(leaf_hash=OTHER), {Step.PATH}),
    "another place": (with_proof(index=2), {Step.PATH}),
    "another total": (with_proof(total=4), {Step.PATH, Step.RESULT}),
    "another total with the same path": (with_proof(total=6), {Step.RESULT}),
    "an aunt fewer": (
        lambda one: with_proof(aunts=one.proof.aunts[:-1])(one),
        {Step.PATH},
    ),
    "an aunt more": (lambda one: with_proof(aunts=(*one.proof.aunts, OTHER))(one), {Step.PATH}),
    "another aunt": (lambda one: with_proof(aunts=(OTHER, *one.proof.aunts[1:]))(one), {Step.PATH}),
    "another time": (with_header(time_ms=7), {Step.HEADER, Step.NEXT}),
    "another transactions root": (
        with_header(transactions_root=OTHER),
        {Step.PATH, Step.HEADER, Step.NEXT},
    ),
    "another state root": (with_header(state_root=OTHER), {Step.HEADER, Step.NEXT}),
    "another height": (with_header(height=Height(9)), {Step.HEADER, Step.NEXT}),
    "another set in the header": (
        with_header(validators_hash=OTHER),
        {Step.HEADER, Step.VALIDATORS, Step.NEXT},
    ),
    "another block decided": (
        with_certificate(block_id=BlockId(OTHER)),
        {Step.HEADER, Step.SIGNATURES},
    ),
    "another height decided": (with_certificate(height=Height(9)), {Step.HEADER, Step.SIGNATURES}),
    "too few signatures": (signed_by_few, {Step.SIGNATURES}),
    "a place fewer": (
        lambda one: with_certificate(signatures=one.decided.certificate.signatures[:-1])(one),
        {Step.SIGNATURES},
    ),
    "signatures of another round": (of_another_round, {Step.SIGNATURES}),
    "a set of strangers": (signed_by_others, {Step.VALIDATORS}),
    "a next block of another chain": (
        with_after(with_next_header(previous_block_id=BlockId(OTHER))),
        {Step.NEXT},
    ),
    "a next block too high": (with_after(with_next_header(height=Height(3))), {Step.NEXT}),
    "a next block that nobody decided": (
        with_after(lambda decided: replace(decided, header=replace(decided.header, results_root=EMPTY_ROOT))),
        {Step.NEXT, Step.RESULT},
    ),
    "a next block that strangers decided": (with_after(decided_by_others), {Step.NEXT}),
    "another set to come": (with_header(next_validators_hash=OTHER), {Step.HEADER, Step.NEXT}),
    "other results in the next block": (
        with_after(with_next_header(results_root=EMPTY_ROOT)),
        {Step.RESULT},
    ),
    "a result fewer": (lambda one: replace(one, results=RESULTS[:-1]), {Step.RESULT}),
    "another result": (
        lambda one: replace(one, results=(*RESULTS[:-1], replace(RESULTS[-1], gas_used=99))),
        {Step.RESULT},
    ),
    "results in another order": (lambda one: replace(one, results=RESULTS[::-1]), {Step.RESULT}),
}


@pytest.mark.parametrize("what", list(TAMPERED))
def test_what_is_changed_fails_where_it_was_changed(what: str) -> None:
    change, expected = TAMPERED[what]
    steps = check_evidence(change(make_evidence()), CHAIN)
    assert set(failing(steps)) == expected
    assert not holds(steps)


@pytest.mark.parametrize("place", range(4))
def test_no_signature_can_be_forged(place: int) -> None:
    decided = make_evidence().decided
    block = replace(make_block(SET), header=decided.header)
    whole = make_certificate(block, SET, KEYS).signatures
    forged = make_key(99).sign(b"something")
    certificate = Certificate(
        height=decided.certificate.height,
        round=decided.certificate.round,
        block_id=decided.certificate.block_id,
        signatures=tuple(forged if number == place else one for number, one in enumerate(whole)),
    )
    (failed,) = [
        one for one in check_decided(replace(decided, certificate=certificate), CHAIN) if not one.holds
    ]
    assert failed.step is Step.SIGNATURES and SET.validators[place].name in failed.got


def test_another_chain_is_told_in_each_step_that_names_it() -> None:
    steps = check_evidence(make_evidence(), "terang-lain")
    assert set(failing(steps)) == {Step.SENDER, Step.HEADER, Step.SIGNATURES, Step.NEXT}
