"""What a header says of the state: the interface of the authenticated tree, and the plain root that stands in for it.

The plain root chains each block's ordered writes to the root before: two nodes with one root have had the same writes from
genesis on. It proves no single record; the tree will, behind the same interface.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from chain.codec import encode
from chain.hashing import Digest, tagged_hash

Writes = Sequence[tuple[bytes, bytes | None]]


class StateTree(Protocol):
    """Computes roots; may keep nodes of its own."""

    def compute_root(self, previous: Digest, writes: Writes) -> Digest:
        """The root after `writes`, which are sorted by key, on the state of root `previous`."""
        ...


class PlainTree:
    """The chained hash over ordered writes. A block that writes nothing keeps the root."""

    def compute_root(self, previous: Digest, writes: Writes) -> Digest:
        """See `StateTree`."""
        if not writes:
            return previous
        assert all(one[0] < other[0] for one, other in pairwise(writes)), "sorted, once each"
        return tagged_hash("state", encode((previous, tuple(writes))))


EMPTY_STATE_ROOT = tagged_hash("state", b"")
"""The root before genesis wrote anything."""
