"""Contracts on the ledger: from an id to the module that consensus runs.

A contract id points to a code hash and a code hash to its module, both rows of the state; the module is decoded, verified and
metered once for each code hash and kept. Nobody's compiler is trusted: what does not verify is not deployed.
"""

from chain.hashing import Digest
from chain.limits import MODULES_CACHED_MAX
from vm.keys import contract_key, module_key
from vm.meter import ReadyModule, prepare
from vm.module import Module
from vm.module_codec import code_hash as compute_code_hash
from vm.module_codec import decode_module
from vm.overlay import Overlay, StateReader
from vm.type_codec import read_name
from vm.verify import verify_module


class ModuleCache:
    """Modules ready to run, by code hash. Bounded; a hit never changes a result, only its cost to the node."""

    def __init__(self) -> None:
        self._ready: dict[Digest, ReadyModule] = {}

    def find(self, state: StateReader, contract: str) -> ReadyModule | None:
        """The module of a contract, or None if there is no such contract."""
        code_hash = state.get(contract_key(contract))
        if code_hash is None:
            return None
        ready = self._ready.get(Digest(code_hash))
        if ready is None:
            data = state.get(module_key(Digest(code_hash)))
            assert data is not None, f"the module of {contract} is in the state"
            ready = self._load(Digest(code_hash), data)
        return ready

    def _load(self, code_hash: Digest, data: bytes) -> ReadyModule:
        module = decode_module(data)
        verify_module(module)
        if len(self._ready) >= MODULES_CACHED_MAX:
            self._ready.pop(next(iter(self._ready)))
        ready = self._ready[code_hash] = prepare(module)
        return ready


def decode_verified(data: bytes) -> Module:
    """A module of outside bytes, decoded and verified; raises `Invalid`."""
    module = decode_module(data)
    verify_module(module)
    return module


def deploy(state: Overlay, contract: str, data: bytes) -> Module:
    """Writes a contract's module; raises `Invalid` if it does not verify, or its id is no name.

    State keys begin with the id, and no row of one contract may be taken for another's.
    """
    read_name(contract, "contract id")
    module = decode_verified(data)
    code_hash = compute_code_hash(data)
    state.set(module_key(code_hash), data)
    state.set(contract_key(contract), code_hash)
    return module
