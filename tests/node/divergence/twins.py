"""Two ledgers of one network that execute the same blocks, and a hand that changes a row of one behind its back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chain.hashing import Digest
from node.store.keys import state_key
from node.store.ledger import Ledger
from node.store.store import Batch
from tests.node.grown import Grown
from vm.keys import contract_key, module_key, storage_prefix
from vm.module_codec import decode_module


@dataclass(slots=True, kw_only=True)
class Twins:
    """The two, which execute the same blocks until they have different roots."""

    one: Grown
    other: Grown

    @classmethod
    def found(cls, path: Path) -> Self:
        """Both at height 0."""
        one = Grown.found(path / "network")
        return cls(one=one, other=one.begin_again(path / "other"))

    def grow(self, registrations: int = 0) -> None:
        """One block more in both, with suppliers who register."""
        raws = [self.one.make_registration() for _ in range(registrations)]
        for grown in (self.one, self.other):
            grown.grow(raws)

    def falsify(self, key: bytes, value: bytes | None) -> None:
        """Another value in the second one's row, of which its tree knows nothing; None removes it."""
        batch = Batch()
        if value is None:
            batch.delete(state_key(key))
        else:
            batch.put(state_key(key), value)
        self.other.store.write(batch, sync=True)

    def close(self) -> None:
        """Closes both."""
        self.one.ledger.close()
        self.other.ledger.close()


def find_key(ledger: Ledger, contract: str, storage: str) -> bytes:
    """The key of a Var, or what those of a Map begin with."""
    code = ledger.state.get(contract_key(contract))
    assert code is not None
    module = ledger.state.get(module_key(Digest(code)))
    assert module is not None
    names = [one.name for one in decode_module(module).storage]
    return storage_prefix(contract, names.index(storage))
