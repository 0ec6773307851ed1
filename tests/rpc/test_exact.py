"""What a node renders comes back as it was, to the hash; and what cannot be that is refused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chain.block import CertifiedBlock, Header, compute_block_id
from chain.errors import Malformed
from chain.limits import VALIDATORS_MAX
from rpc import answers, requests
from rpc.exact import (
    certificate_of,
    header_of,
    proof_of,
    signed_header_of,
    transaction_of,
    validators_of,
    whole,
)
from rpc.schema import METHODS
from rpc.service import parse_params
from tests.chain.making import make_block, make_certificate, make_transaction, make_validators
from tests.rpc.memory import MemoryBackend


@pytest.fixture
def backend() -> MemoryBackend:
    """Two blocks, the first with three transactions."""
    made = MemoryBackend()
    made.commit([make_transaction(number) for number in range(3)])
    made.commit()
    return made


def ask(backend: MemoryBackend, name: str, **params: Any) -> dict[str, Any]:
    """A method's answer as plain values."""
    method = METHODS[name]
    answer = method.run(backend, parse_params(method.parameters, params))
    return msgspec.json.decode(msgspec.json.encode(answer), type=dict[str, Any])


@pytest.mark.parametrize("height", [1, 2])
def test_headers_and_certificates_come_back(backend: MemoryBackend, height: int) -> None:
    shown = msgspec.convert(ask(backend, "commit", height=str(height)), answers.CommitAnswer)
    header, certificate = signed_header_of(shown.signed_header)
    certified = backend.chain[height - 1]
    assert header == certified.block.header and certificate == certified.certificate
    assert compute_block_id(header) == certificate.block_id


def test_the_largest_set_comes_back_whole_and_within_its_bounds(backend: MemoryBackend) -> None:
    backend.set, backend.keys = make_validators([10] * VALIDATORS_MAX)
    request = requests.validators(1)
    shown = ask(backend, "validators", **request.params)
    assert validators_of(request.read(shown)) == backend.set
    assert len(msgspec.json.encode(shown)) < request.answer_bytes_max
    block = make_block(backend.set)
    backend.chain[0] = CertifiedBlock(
        block=block, certificate=make_certificate(block, backend.set, backend.keys)
    )
    signed = ask(backend, "commit", height="1")
    assert len(msgspec.json.encode(signed)) < requests.commit(1).answer_bytes_max


def test_validators_and_proofs_come_back(backend: MemoryBackend) -> None:
    validators = msgspec.convert(ask(backend, "validators", height="1"), answers.ValidatorsAnswer)
    assert validators_of(validators) == backend.set
    raw = backend.chain[0].block.transactions[1]
    found = msgspec.convert(
        ask(backend, "tx_search", query="tender.tender='AB'", prove=True), answers.TxSearchAnswer
    )
    proof = found.txs[1].proof
    assert proof is not None and proof_of(proof).index == 1 and proof_of(proof).total == 3
    assert transaction_of(found.txs[1].tx) == raw


def read_header(shown: dict[str, Any]) -> Header:
    """A header of plain values."""
    return header_of(msgspec.convert(shown, answers.HeaderJson))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("height", "-1"),
        ("height", "1e3"),
        ("height", "9" * 30),
        ("time", "yesterday"),
        ("time", "2026-11-25T00:00:00"),
        ("data_hash", "zz"),
        ("data_hash", "AB"),
        ("proposer_address", "AB"),
        ("chain_id", "x" * 100),
        ("version", {"block": "2", "app": "1"}),
        ("last_block_id", {"hash": "AB", "parts": {"total": 1, "hash": "AB"}}),
    ],
)
def test_what_is_no_header_is_refused(backend: MemoryBackend, field: str, value: object) -> None:
    shown = ask(backend, "header", height="1")["header"]
    assert read_header(shown) == backend.chain[0].block.header
    with pytest.raises(Malformed, match="expected"):
        read_header(shown | {field: value})


def change_signature(shown: dict[str, Any], value: object) -> None:
    """Another text for a signature."""
    shown["signatures"][0]["signature"] = value


CERTIFICATES: list[Callable[[dict[str, Any]], None]] = [
    lambda shown: shown.update(round=-1),
    lambda shown: shown.update(height="x"),
    lambda shown: change_signature(shown, "AB=="),
    lambda shown: change_signature(shown, "!"),
    lambda shown: shown["block_id"].update(hash="AB"),
]


@pytest.mark.parametrize("change", CERTIFICATES)
def test_what_is_no_certificate_is_refused(
    backend: MemoryBackend, change: Callable[[dict[str, Any]], None]
) -> None:
    shown = ask(backend, "commit", height="1")["signed_header"]["commit"]
    change(shown)
    with pytest.raises(Malformed, match="expected"):
        certificate_of(msgspec.convert(shown, answers.CommitJson))


def test_a_set_that_is_not_whole_or_not_in_order_is_refused(backend: MemoryBackend) -> None:
    shown = ask(backend, "validators", height="1")
    for changed in (
        {"total": "5"},
        {"validators": shown["validators"][::-1]},
        {"validators": [shown["validators"][0] | {"voting_power": "0"}], "total": "1"},
    ):
        with pytest.raises(Malformed, match="expected"):
            validators_of(msgspec.convert(shown | changed, answers.ValidatorsAnswer))


def test_a_proof_is_bounded(backend: MemoryBackend) -> None:
    shown = ask(backend, "tx_search", query="tender.tender='AB'", prove=True)["txs"][0]["proof"]
    for changed in ({"aunts": shown["proof"]["aunts"] * 20}, {"leaf_hash": "AAAA"}, {"index": "x"}):
        wrong = msgspec.convert(shown | {"proof": shown["proof"] | changed}, answers.TxProofJson)
        with pytest.raises(Malformed, match="expected"):
            proof_of(wrong)
    with pytest.raises(Malformed):
        transaction_of("no base64!")
    assert whole("12", "x") == 12
