"""A ledger that grows by a line of test code, and a way to break one row of it."""

from collections.abc import Callable
from pathlib import Path

from chain.parameters import Parameters
from chain.vote import BlockId
from node.head import Head
from node.store.ledger import Ledger
from node.store.store import Batch, Store
from tests.node.making import GENESIS_HASH, Writes, make_genesis, make_next

PATH = Path("store")


class Chain:
    """A ledger that grows by a line of test code."""

    def __init__(self, store: Store, parameters: Parameters | None = None) -> None:
        self.store = store
        self.ids: dict[int, BlockId] = {}
        head, self.keys = make_genesis(parameters=parameters)
        self.ledger = Ledger.create(store, PATH, GENESIS_HASH, head, ((b"a", b"0"),))

    @property
    def head(self) -> Head:
        return self.ledger.head

    def grow(self, transactions: list[bytes] | None = None, writes: Writes = (), **change: object) -> None:
        certified, executed, head = make_next(self.head, self.keys, transactions or [], writes, **change)  # type: ignore[arg-type]  # passed on as given
        self.ledger.append(certified, executed, head)
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
