"""The genesis document as a file: JSON that people can read and compare.

Keys are upper- or lower-case hexadecimal, modules base64. Beside each module stands the hash of its code, so that two
people can compare what runs over the telephone; it is checked, like everything here. Unknown fields are refused: who
misspells one would otherwise found another network than the one agreed on.
"""

import base64
from dataclasses import asdict
from pathlib import Path

import msgspec

from chain.bundle import bundle_block_from, bundle_block_value
from chain.codec import as_array, decode, encode
from chain.errors import Invalid, Malformed
from chain.hashing import DIGEST_BYTES, Digest
from chain.keys import (
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    PublicKey,
    Signature,
    format_address,
    parse_address,
)
from chain.limits import (
    BUNDLE_BYTES_MAX,
    CHAIN_ID_BYTES_MAX,
    GENESIS_FILE_BYTES_MAX,
    LINEAGE_CHANGES_MAX,
    MODULE_BYTES_MAX,
)
from chain.parameters import Parameters
from chain.time import format_time, parse_time
from chain.vote import BlockId, Height
from genesis.document import Consent, Contract, FullNode, Genesis, Member, Rules, Succession
from vm.module_codec import code_hash

FORMAT = "terang genesis 1"


class GenesisRefused(Invalid):
    """The document cannot found a network; the message says where and why."""


class _MemberJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    operator: str
    consensus_key: str
    node_key: str
    power: int


class _FullNodeJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    node_key: str


class _ContractJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    code_hash: str
    module: str


class _ConsentJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    operator: str
    signature: str


class _SuccessionJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    chain_id: str
    genesis_hash: str
    height: int
    block_id: str
    state_root: str
    evidence: str
    consents: list[_ConsentJson]


class _GenesisJson(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    format: str
    chain_id: str
    genesis_time: str
    members: list[_MemberJson]
    full_nodes: list[_FullNodeJson]
    parameters: dict[str, int]
    rules: dict[str, int]
    contracts: list[_ContractJson]
    succession: _SuccessionJson | None = None


def render_genesis(genesis: Genesis) -> str:
    """The document's text, indented, with a newline at its end."""
    document = _GenesisJson(
        format=FORMAT,
        chain_id=genesis.chain_id,
        genesis_time=format_time(genesis.time_ms),
        members=[
            _MemberJson(
                name=member.name,
                operator=format_address(member.operator),
                consensus_key=member.consensus_key.hex(),
                node_key=member.node_key.hex(),
                power=member.power,
            )
            for member in genesis.members
        ],
        full_nodes=[
            _FullNodeJson(name=node.name, node_key=node.node_key.hex()) for node in genesis.full_nodes
        ],
        parameters=asdict(genesis.parameters),
        rules=asdict(genesis.rules),
        contracts=[
            _ContractJson(
                id=contract.id,
                code_hash=code_hash(contract.module).hex(),
                module=base64.b64encode(contract.module).decode(),
            )
            for contract in genesis.contracts
        ],
        succession=None if genesis.succession is None else _render_succession(genesis.succession),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _render_succession(end: Succession) -> _SuccessionJson:
    evidence = encode([bundle_block_value(block) for block in (*end.hand_overs, end.last)])
    return _SuccessionJson(
        chain_id=end.chain_id,
        genesis_hash=end.genesis_hash.hex(),
        height=end.height,
        block_id=end.block_id.hex(),
        state_root=end.state_root.hex(),
        evidence=base64.b64encode(evidence).decode(),
        consents=[
            _ConsentJson(operator=one.operator.hex(), signature=one.signature.hex()) for one in end.consents
        ],
    )


def parse_genesis(text: str) -> Genesis:
    """The document of a text; raises `GenesisRefused`."""
    try:
        document = msgspec.json.decode(text, type=_GenesisJson)
    except msgspec.DecodeError as error:
        raise GenesisRefused(f"genesis document: {error}") from error
    if document.format != FORMAT:
        raise GenesisRefused(f"genesis document: expected format {FORMAT!r}, got {document.format!r}")
    try:
        return _genesis_from(document)
    except Invalid as error:
        raise GenesisRefused(f"genesis document: {error}") from error


def _genesis_from(document: _GenesisJson) -> Genesis:
    size = len(document.chain_id.encode())
    if not 1 <= size <= CHAIN_ID_BYTES_MAX:
        raise Malformed(f"chain_id: expected 1 to {CHAIN_ID_BYTES_MAX} bytes, got {size}")
    return Genesis(
        chain_id=document.chain_id,
        time_ms=parse_time(document.genesis_time),
        members=tuple(_member_from(member) for member in document.members),
        full_nodes=tuple(
            FullNode(name=node.name, node_key=_key_from(node.node_key, f"node_key of {node.name!r}"))
            for node in document.full_nodes
        ),
        parameters=Parameters(**_named(document.parameters, Parameters(), "parameters")),
        rules=Rules(**_named(document.rules, Rules(), "rules")),
        contracts=tuple(_contract_from(contract) for contract in document.contracts),
        succession=None if document.succession is None else _succession_from(document.succession),
    )


def _succession_from(end: _SuccessionJson) -> Succession:
    try:
        evidence = base64.b64decode(end.evidence, validate=True)
    except ValueError as error:  # also for what is no ASCII text
        raise Malformed(f"evidence of the succession: {error}") from error
    blocks = as_array(decode(evidence, bytes_max=BUNDLE_BYTES_MAX), "evidence of the succession")
    if not 1 <= len(blocks) <= LINEAGE_CHANGES_MAX + 1:
        raise Malformed(f"evidence of the succession: expected some blocks, got {len(blocks)}")
    *hand_overs, last = (bundle_block_from(block) for block in blocks)
    return Succession(
        chain_id=end.chain_id,
        genesis_hash=Digest(_bytes_from(end.genesis_hash, "genesis_hash", DIGEST_BYTES)),
        height=Height(end.height),
        block_id=BlockId(Digest(_bytes_from(end.block_id, "block_id", DIGEST_BYTES))),
        state_root=Digest(_bytes_from(end.state_root, "state_root", DIGEST_BYTES)),
        hand_overs=tuple(hand_overs),
        last=last,
        consents=tuple(
            Consent(
                operator=_key_from(one.operator, "operator of a consent"),
                signature=Signature(_bytes_from(one.signature, "signature", SIGNATURE_BYTES)),
            )
            for one in end.consents
        ),
    )


def _member_from(member: _MemberJson) -> Member:
    return Member(
        name=member.name,
        operator=parse_address(member.operator),
        consensus_key=_key_from(member.consensus_key, f"consensus_key of {member.name!r}"),
        node_key=_key_from(member.node_key, f"node_key of {member.name!r}"),
        power=member.power,
    )


def _key_from(text: str, what: str) -> PublicKey:
    return PublicKey(_bytes_from(text, what, PUBLIC_KEY_BYTES))


def _bytes_from(text: str, what: str, length: int) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != length:
        raise Malformed(f"{what}: expected {2 * length} hexadecimal digits, got {text!r}")
    return data


def _named(values: dict[str, int], example: Parameters | Rules, what: str) -> dict[str, int]:
    expected = asdict(example)
    for name in expected:
        if name not in values:
            raise Malformed(f"{what}: {name} is missing")
    for name in values:
        if name not in expected:
            raise Malformed(f"{what}: there is no {name!r}; known are {', '.join(expected)}")
    return values


def _contract_from(contract: _ContractJson) -> Contract:
    try:
        module = base64.b64decode(contract.module, validate=True)
    except ValueError as error:  # also for what is no ASCII text
        raise Malformed(f"module of contract {contract.id!r}: {error}") from error
    if len(module) > MODULE_BYTES_MAX:
        raise Malformed(
            f"module of contract {contract.id!r}: {len(module)} bytes of at most {MODULE_BYTES_MAX}"
        )
    computed = code_hash(module).hex()
    if computed != contract.code_hash.lower():
        raise Malformed(
            f"contract {contract.id!r}: expected code hash {contract.code_hash}, its module has {computed}"
        )
    return Contract(id=contract.id, module=module)


def read_genesis(path: Path) -> Genesis:
    """The document of a file; raises `GenesisRefused`, also where there is no file."""
    try:
        with path.open("rb") as file:
            data = file.read(GENESIS_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise GenesisRefused(
            f"genesis document {path}: {error.strerror}. Get the one that the members agreed on, "
            "or begin a new one with: terang genesis new"
        ) from error
    if len(data) > GENESIS_FILE_BYTES_MAX:
        raise GenesisRefused(f"{path}: larger than {GENESIS_FILE_BYTES_MAX} bytes, so no genesis document")
    try:
        return parse_genesis(data.decode())
    except UnicodeDecodeError as error:
        raise GenesisRefused(f"{path}: expected UTF-8 text, {error}") from error
    except GenesisRefused as error:
        raise GenesisRefused(f"{path}: {error}") from error


def write_genesis(path: Path, genesis: Genesis) -> None:
    """Writes the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_genesis(genesis))
