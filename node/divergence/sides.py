"""The two ledgers that are compared: a node that answers, or the home of one that has stopped.

Of both the same few things are asked: where it stands, the root that it has after a height, and its tree page by page. A
node that diverged has only one root that others do not have, that of its own head; so its home, or its own word on where it
stands, is the only place where that root can be found.
"""

from dataclasses import dataclass
from typing import Protocol

from chain.block import Header
from chain.errors import Malformed
from chain.hashing import Digest, sha256
from chain.vote import BlockId, Height
from machine.faults import Damaged
from node.state_entry import find_leaf
from node.store.reading import LedgerReader
from node.store.store import MEND_ADVICE
from rpc import requests
from rpc.client import SyncClient
from rpc.exact import header_of, whole
from rpc.requests import CallRefused
from rpc.state_requests import state_leaf, state_page
from vm.tree.nodes import Page, decode_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The heights of which a side can tell its root, and the oldest whose tree it can show, where it says that."""

    first: Height
    last: Height
    tree_since: Height | None


class Side(Protocol):
    """One of two ledgers."""

    @property
    def name(self) -> str:
        """As its operator gave it."""
        ...

    @property
    def extent(self) -> Extent:
        """What can be asked of it; does not move while it is looked at."""
        ...

    def root(self, height: Height) -> Digest:
        """The state root that it has after a height."""
        ...

    def block_id(self, height: Height) -> BlockId:
        """The block that it has at a height."""
        ...

    def page(self, height: Height, path: bytes) -> Page | None:
        """A page of its tree after a height."""
        ...

    def leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes]:
        """Key and value of a leaf of that tree."""
        ...

    def value(self, key: bytes, height: Height) -> bytes | None:
        """What stood under a state key after a height."""
        ...


class HomeSide:
    """The ledger of a home whose node does not run."""

    def __init__(self, name: str, ledger: LedgerReader) -> None:
        self.name = name
        self.ledger = ledger
        self.extent = Extent(
            first=Height(ledger.headers_since - 1),
            last=ledger.head.height,
            tree_since=ledger.history.since,
        )

    def root(self, height: Height) -> Digest:
        """See `Side`."""
        if height == self.ledger.head.height:
            return self.ledger.head.state_root
        return self._header_after(height).state_root

    def block_id(self, height: Height) -> BlockId:
        """See `Side`."""
        if height == self.ledger.head.height:
            return self.ledger.head.block_id
        return self._header_after(height).previous_block_id

    def _header_after(self, height: Height) -> Header:
        found = self.ledger.header(height + 1)
        if found is None:
            raise Damaged(self.ledger.path, f"the header of block {height + 1} is not there", MEND_ADVICE)
        return found

    def page(self, height: Height, path: bytes) -> Page | None:
        """See `Side`."""
        return self.ledger.history.page_at(height, path)

    def leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes]:
        """See `Side`."""
        found = find_leaf(self.ledger.history, height, key_hash)
        assert found is not None, "a leaf that the tree shows"
        return found

    def value(self, key: bytes, height: Height) -> bytes | None:
        """See `Side`."""
        return self.ledger.history.value(key, height)


class RpcSide:
    """A node that answers. What it says of its tree is held to its root by whoever walks it."""

    def __init__(self, name: str, client: SyncClient) -> None:
        self.name = name
        self._client = client
        found = client.call(requests.status())
        self._root = Digest(_digest(found.state_root, "state root"))
        self._block_id = BlockId(Digest(_digest(found.sync_info.latest_block_hash, "block hash")))
        self.extent = Extent(
            first=Height(max(0, self._find_headers_since(found.sync_info.earliest_block_height) - 1)),
            last=Height(whole(found.sync_info.latest_block_height, "height")),
            tree_since=None,
        )

    def _find_headers_since(self, earliest_block: str) -> int:
        """A node that has let go of old blocks has their headers still, and mostly says so."""
        try:
            return whole(self._client.call(requests.storage()).headers_since, "oldest header")
        except CallRefused:
            return whole(earliest_block, "earliest height")

    def root(self, height: Height) -> Digest:
        """See `Side`."""
        return self._root if height == self.extent.last else self._header_after(height).state_root

    def block_id(self, height: Height) -> BlockId:
        """See `Side`."""
        if height == self.extent.last:
            return self._block_id
        return self._header_after(height).previous_block_id

    def _header_after(self, height: Height) -> Header:
        shown = self._client.call(requests.header(height + 1)).header
        if shown is None:
            raise Malformed(f"{self.name}: expected the header of block {height + 1}, got none")
        return header_of(shown)

    def page(self, height: Height, path: bytes) -> Page | None:
        """See `Side`. Raises `CallRefused` where the node keeps that tree no more."""
        found = self._client.call(state_page(height, path))
        return None if found is None else decode_page(found)

    def leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes]:
        """See `Side`. Raises `Malformed` for another key."""
        key, value = self._client.call(state_leaf(height, key_hash))
        if sha256(key) != key_hash:
            raise Malformed(f"{self.name}: expected the key of leaf {key_hash.hex()}, got {key.hex()}")
        return key, value

    def value(self, key: bytes, height: Height) -> bytes | None:
        """See `Side`."""
        return self._client.call(requests.state_entry(key, height)).value


def _digest(text: str, what: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != 32:
        raise Malformed(f"{what}: expected 64 hexadecimal digits, got {text[:80]!r}")
    return data
