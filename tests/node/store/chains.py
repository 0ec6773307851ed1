"""A ledger that grows by a line of test code, and a way to break one row of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chain.block import CertifiedBlock
from chain.parameters import Parameters
from chain.vote import BlockId
from node.head import Head
from node.store.ledger import Ledger
from node.store.store import Batch, Store
from tests.node.making import GENESIS_HASH, FakeExecution, Writes, make_genesis, make_next
from vm.state import Change, begin_state

PATH = Path("store")


class Chain:
    """A ledger that grows by a line of test code."""

    def __init__(self, store: Store, parameters: Parameters | None = None, versions_kept: int = 100) -> None:
        self.store = store
        self.ids: dict[int, BlockId] = {}
        head, self.keys = make_genesis(parameters=parameters)
        state = begin_state((Change(b"a", None, b"0"),))
        head = replace(head, state_root=state.root)
        self.ledger = Ledger.create(store, PATH, GENESIS_HASH, head, state, versions_kept)

    @property
    def head(self) -> Head:
        return self.ledger.head

    def grow(self, transactions: list[bytes] | None = None, writes: Writes = (), **change: object) -> None:
        certified, executed, head = make_next(self.head, self.keys, transactions or [], writes, **change)  # type: ignore[arg-type]  # passed on as given
        self.append(certified, executed, head)

    def append(self, certified: CertifiedBlock, executed: FakeExecution, head: Head) -> None:
        """Writes a block that was made on the present head; its state root is computed here."""
        before = self.ledger.state
        changes = [Change(key, before.get(key), value) for key, value in sorted(executed.writes)]
        state = self.ledger.update_state(changes)
        head = replace(head, state_root=state.root)
        self.ledger.append(certified, executed.encoded_results, state, head)
        self.ids[head.height] = head.block_id

    def reopen(self) -> Ledger:
        ledger = Ledger.open(self.store, PATH, GENESIS_HASH)
        assert ledger is not None
        return ledger


def change_row(store: Store, key: bytes, change: Callable[[bytes], bytes | None]) -> None:
    """Puts another value in a row's place; None removes it."""
    batch = Batch()
    data = change(store.get(key) or b"")
    if data is None:
        batch.delete(key)
    else:
        batch.put(key, data)
    store.write(batch, sync=True)
