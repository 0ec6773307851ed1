"""Bundles for whoever asks: collected of nodes that nobody believes, and verified here before they are given to anybody.

A state entry is named as the contract's source names it; the module that says so is the one whose hash the state has, and
is among what is verified.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.bundle import Bundle, encode_bundle
from chain.codec import Value
from chain.errors import Malformed
from chain.hashing import Digest
from chain.transaction import TxId
from genesis.audit import verify_bundle
from genesis.document import Genesis
from rpc import requests
from rpc.audit import Words, collect_entry, collect_transaction
from rpc.lineage import Asked, Lineage, Source
from vm.abi import runtime_from
from vm.keys import contract_key, encode_parts, module_key, storage_prefix
from vm.module import Module, StorageType
from vm.module_codec import code_hash, decode_module
from vm.traps import Stop
from vm.type_codec import is_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A contract as it is deployed: its module, and the bytes of it."""

    contract: str
    module: Module
    data: bytes


class Auditing:
    """Bundles of the network of one genesis document. Every method raises `Invalid` for what does not prove its claim."""

    def __init__(self, document: Genesis) -> None:
        self._document = document

    async def prove_transaction(self, source: Source, lineage: Lineage, id_: TxId) -> bytes:
        """The bundle of a transaction, as it is encoded."""
        return self._verified(await collect_transaction(source, lineage, id_))

    async def prove_entry(
        self, source: Source, lineage: Lineage, contract: str, storage: str, keys: Sequence[Value]
    ) -> bytes:
        """The bundle of a state entry or of its absence, as it is encoded."""
        code = await get_code(source, contract)
        return self._verified(await self.collect_entry(source, lineage, code, storage, keys, None))

    async def collect_entry(
        self,
        source: Source,
        lineage: Lineage,
        code: Code,
        storage: str,
        keys: Sequence[Value],
        height: int | None,
    ) -> Bundle:
        """The same not yet verified; after a height whose state the node keeps, or after the last that can be proven."""
        is_founding = any(code_hash(one.module) == code_hash(code.data) for one in self._document.contracts)
        words = name_entry(code, storage, keys)
        return await collect_entry(source, lineage, words, None if is_founding else code.data, height)

    def _verified(self, bundle: Bundle) -> bytes:
        data = encode_bundle(bundle)
        verify_bundle(data, self._document)
        return data


async def get_code(source: Asked, contract: str) -> Code:
    """The contract as a node says that it is deployed. Raises `Malformed` where it says that there is none."""
    hash_ = None
    if is_name(contract):
        hash_ = (await source.call(requests.state_entry(contract_key(contract)))).value
    if hash_ is None:
        raise Malformed(f"expected a transaction's id of 64 digits or a contract, got {contract[:80]!r}")
    data = (await source.call(requests.state_entry(module_key(Digest(hash_))))).value
    if data is None:
        raise Malformed(f"the node has no module of contract {contract!r}. Ask another one")
    return Code(contract=contract, module=decode_module(data), data=data)


def find_storage(code: Code, name: str) -> tuple[int, StorageType]:
    """A Var or Map of a contract with its number. Raises `Malformed`."""
    for number, storage in enumerate(code.module.storage):
        if storage.name == name:
            return number, storage
    names = ", ".join(storage.name for storage in code.module.storage)
    raise Malformed(f"{code.contract} has no Var or Map {name[:80]!r}; there are {names}")


def name_entry(code: Code, name: str, keys: Sequence[Value]) -> Words:
    """An entry under its keys. Raises `Malformed` for those that name none."""
    number, storage = find_storage(code, name)
    if len(keys) != len(storage.keys):
        raise Malformed(f"{code.contract}.{name}: expected {len(storage.keys)} keys, got {len(keys)}")
    parts = [
        runtime_from(kind, key, f"{code.contract}.{name}: key {place}")
        for place, (kind, key) in enumerate(zip(storage.keys, keys, strict=True), 1)
    ]
    try:
        key = storage_prefix(code.contract, number) + encode_parts(storage.keys, parts)
    except Stop as stop:
        raise Malformed(f"{code.contract}.{name}: the keys are longer than any that a state holds") from stop
    return Words(
        contract=code.contract, storage=name, keys=tuple(keys), key=key, code_key=contract_key(code.contract)
    )
