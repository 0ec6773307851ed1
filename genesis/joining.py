"""The join bundle as a file, and whether a node may join by it: by the genesis document inside and nothing else.

    form        the file is a join bundle, with addresses of nodes
    genesis     its document is the one that the evidence speaks of, and the one whose hash was told apart, if it was
    evidence    from the founders on, the validators hand over to those who decided the checkpoint's block
                (`genesis.audit` has the steps), and in the state under it an operator acts for a member
    signer      the bundle is signed by that operator's key
    next        the validators after the checkpoint are those that its header names
    time        it is not older than it should be

A founder's operator stands in the genesis document itself; who became a member later does in the certified state. Whoever has
the keys of validators that left could make up such a state (see `chain.checkpoint`). So a person compares one thing by
telephone with the agency that vouches: the address of its operator.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from chain.bundle import decode_bundle, encode_bundle
from chain.checkpoint import Checkpoint, JoinBundle, check_nodes, is_join_signed
from chain.errors import Invalid, Malformed
from chain.hashing import Digest
from chain.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, Address, PublicKey, Signature, address_of
from chain.limits import JOIN_BUNDLE_BYTES_MAX
from chain.time import format_time, parse_time
from chain.validators import Validator, ValidatorSet
from genesis.audit import NotProven, ProvenEntry, verify_bundle
from genesis.document import Genesis
from genesis.file import parse_genesis, render_genesis

FORMAT = "terang join 1"
CONTRACT, OPERATORS = "governance", "operators"
"""Where the ledger says for which member an account acts."""


class JoinStep(Enum):
    """What is checked."""

    FORM = "form"
    GENESIS = "genesis"
    EVIDENCE = "evidence"
    SIGNER = "signer"
    NEXT = "next"
    TIME = "time"


class JoinRefused(Invalid):
    """Nobody may join by this; the message names the step, what was expected and what came."""

    def __init__(self, step: JoinStep, problem: str) -> None:
        super().__init__(f"join bundle, step {step.value}: {problem}")
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A join bundle with its genesis document: what the file holds, not yet verified."""

    genesis: Genesis
    bundle: JoinBundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a join bundle proves: the checkpoint, and which agency vouches for it by which operator."""

    checkpoint: Checkpoint
    agency: str
    operator: Address
    is_founder: bool


class _ValidatorJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    key: str
    power: int


class _JoinJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    format: str
    nodes: list[str]
    made: str
    use_until: str
    operator: str
    signature: str
    next_validators: list[_ValidatorJson]
    evidence: str
    genesis: msgspec.Raw


def verify_join(joining: Joining, *, now_ms: int | None, genesis_hash: Digest | None = None) -> Vouched:
    """Checks everything; `now_ms` None leaves the time out, where somebody joined by it long ago.

    Raises:
        JoinRefused: with the first step that fails.
    """
    bundle, genesis = joining.bundle, joining.genesis
    if genesis_hash is not None and genesis.hash != genesis_hash:
        raise JoinRefused(
            JoinStep.GENESIS, f"expected the document {genesis_hash.hex()}, got {genesis.hash.hex()}"
        )
    if bundle.genesis_hash != genesis.hash:
        raise JoinRefused(
            JoinStep.GENESIS,
            f"expected the document {bundle.genesis_hash.hex()}, of which it was made, got {genesis.hash.hex()}",
        )
    operator = address_of(bundle.operator)
    agency = _find_agency(bundle, genesis, operator)
    if not is_join_signed(bundle):
        raise JoinRefused(JoinStep.SIGNER, f"expected the signature of {agency}'s operator over all of it")
    header = bundle.evidence.blocks[-1].header
    if bundle.validators.hash != header.next_validators_hash:
        raise JoinRefused(
            JoinStep.NEXT,
            f"expected the validators {header.next_validators_hash.hex()}, got {bundle.validators.hash.hex()}",
        )
    if now_ms is not None and now_ms > bundle.until_ms:
        raise JoinRefused(
            JoinStep.TIME,
            f"it should be used until {format_time(bundle.until_ms)}, and it is {format_time(now_ms)}. "
            f"Ask {agency} for a new one: terang invite",
        )
    founders = {(member.name, member.operator) for member in genesis.members}
    return Vouched(
        checkpoint=bundle.checkpoint,
        agency=agency,
        operator=operator,
        is_founder=(agency, operator) in founders,
    )


def _find_agency(bundle: JoinBundle, genesis: Genesis, operator: Address) -> str:
    """For whom this operator acts, by the evidence."""
    try:
        record = verify_bundle(encode_bundle(bundle.evidence), genesis).record
    except NotProven as error:
        raise JoinRefused(JoinStep.EVIDENCE, f"{error.step.value}: {error}") from error
    if not isinstance(record, ProvenEntry) or (record.contract, record.storage.name) != (CONTRACT, OPERATORS):
        raise JoinRefused(
            JoinStep.EVIDENCE, f"expected an entry of {CONTRACT}.{OPERATORS}, got a proof of something else"
        )
    if record.keys != (operator,):
        raise JoinRefused(JoinStep.SIGNER, "expected the operator whom the evidence is of, got another key")
    if not isinstance(record.value, str):
        raise JoinRefused(
            JoinStep.SIGNER, f"expected the operator of a member, {operator.hex().upper()} acts for none"
        )
    return record.value


def render_join(joining: Joining) -> str:
    """The file's text, indented, with a newline at its end."""
    bundle = joining.bundle
    document = _JoinJson(
        format=FORMAT,
        nodes=list(bundle.nodes),
        made=format_time(bundle.made_ms),
        use_until=format_time(bundle.until_ms),
        operator=bundle.operator.hex(),
        signature=bundle.signature.hex(),
        next_validators=[
            _ValidatorJson(name=one.name, key=one.public.hex(), power=one.power)
            for one in bundle.validators.validators
        ],
        evidence=base64.b64encode(encode_bundle(bundle.evidence)).decode(),
        genesis=msgspec.Raw(render_genesis(joining.genesis).encode()),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def parse_join(data: bytes) -> Joining:
    """What a file holds. Raises `JoinRefused` for what is no join bundle."""
    try:
        return _joining_from(msgspec.json.decode(data, type=_JoinJson))
    except JoinRefused:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, Invalid) as error:
        raise JoinRefused(JoinStep.FORM, str(error)) from error


def _joining_from(document: _JoinJson) -> Joining:
    if document.format != FORMAT:
        raise Malformed(f"expected format {FORMAT!r}, got {document.format!r}")
    check_nodes(document.nodes)
    try:
        genesis = parse_genesis(bytes(document.genesis).decode())
    except Invalid as error:
        raise JoinRefused(JoinStep.GENESIS, str(error)) from error
    evidence = decode_bundle(_decode_base64(document.evidence))
    if not evidence.blocks:
        raise Malformed("expected evidence that ends with the checkpoint's block, got no block")
    bundle = JoinBundle(
        nodes=tuple(document.nodes),
        made_ms=parse_time(document.made),
        until_ms=parse_time(document.use_until),
        evidence=evidence,
        validators=ValidatorSet.of(_validator_from(one) for one in document.next_validators),
        operator=PublicKey(_decode_hex(document.operator, "operator", PUBLIC_KEY_BYTES)),
        signature=Signature(_decode_hex(document.signature, "signature", SIGNATURE_BYTES)),
    )
    return Joining(genesis=genesis, bundle=bundle)


def _validator_from(one: _ValidatorJson) -> Validator:
    key = _decode_hex(one.key, f"key of {one.name!a}", PUBLIC_KEY_BYTES)
    return Validator(public=PublicKey(key), power=one.power, name=one.name)


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"evidence: expected base64, {error}") from error


def _decode_hex(text: str, what: str, length: int) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != length:
        raise Malformed(f"{what}: expected {2 * length} hexadecimal digits, got {text[:80]!a}")
    return data


def read_join(path: Path) -> Joining:
    """What a file holds; raises `JoinRefused`, and `OSError` where it cannot be read."""
    with path.open("rb") as file:
        data = file.read(JOIN_BUNDLE_BYTES_MAX + 1)
    if len(data) > JOIN_BUNDLE_BYTES_MAX:
        raise JoinRefused(JoinStep.FORM, f"expected at most {JOIN_BUNDLE_BYTES_MAX} bytes, {path} is larger")
    return parse_join(data)
