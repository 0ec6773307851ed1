"""Where a node that has lost rows asks for them, and what it can ask.

Whoever asks says at once how an answer is checked: what does not pass is no answer, and the next node is asked.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from chain.block import CertifiedBlock
from chain.vote import Height
from node.repair.serving import read_rows
from node.store.reading import LedgerReader
from p2p.messages import GetRows, RequestId, RowKind

T = TypeVar("T")


class Source(Protocol):
    """Other nodes. Each method blocks until one answer was accepted, or nobody is left to ask: then it gives None.

    `accept` gives what it makes of an answer, or None for one that does not prove itself.
    """

    @property
    def has_peers(self) -> bool:
        """Whether anybody could be asked so far."""
        ...

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        """A block with its certificate."""
        ...

    def rows(
        self, kind: RowKind, height: Height, key: bytes, accept: Callable[[Sequence[bytes]], T | None]
    ) -> T | None:
        """Rows of a kind: see `RowKind` for what an answer has."""
        ...


class LedgerSource:
    """A ledger that is open in this process, asked as a peer is."""

    has_peers = True

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        """See `Source`."""
        found = self._reader.certified_block(height)
        return None if found is None else accept(found)

    def rows(
        self, kind: RowKind, height: Height, key: bytes, accept: Callable[[Sequence[bytes]], T | None]
    ) -> T | None:
        """See `Source`."""
        found = read_rows(self._reader, GetRows(request=RequestId(0), kind=kind, height=height, key=key))
        return accept(found) if found else None


class Lost(Exception):
    """Something that the ledger needs can be read neither here nor at any node that was asked."""
