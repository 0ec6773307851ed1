"""Reading the state and its tree at every height that is kept: values, roots, pages, proofs.

Over the open store or a snapshot of it, from any thread. A proof is verified before it is given: a store whose rows do
not fit together answers with the damage that it has, and with no false word.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from chain.errors import Invalid, Malformed
from chain.hashing import Digest, sha256
from chain.ics23 import CommitmentProof, ExistenceProof, verify_absence, verify_existence
from chain.limits import HEIGHT_MAX, STATE_VERSIONS_PRUNED
from chain.vote import Height
from machine.faults import Damaged
from node.store.keys import (
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_PAGES,
    STATE_REPLACED,
    STATE_SINCE_KEY,
    decode_height,
    height_key,
    page_key,
    state_key,
    state_name_key,
)
from node.store.state_rows import Aside, decode_before, decode_replaced, find_changed
from node.store.store import MEND_ADVICE, StoreReader
from vm.tree.hashing import EMPTY_STATE_ROOT
from vm.tree.nodes import Branch, Page, PageKey, decode_page, hash_page
from vm.tree.proving import prove

T = TypeVar("T")
_HEIGHT_BYTES = 8
_ROWS_AT_ONCE = 16  # 5 MB of the largest blocks' key hashes


class StateHistory:
    """The states of the heights from `since` up to the head; of no others may be asked."""

    def __init__(self, reader: StoreReader, path: Path) -> None:
        self._reader = reader
        self._path = path

    @property
    def since(self) -> Height:
        """The oldest height whose state is kept."""
        data = self._reader.get(STATE_SINCE_KEY)
        return Height(0 if data is None else decode_height(data))

    def root_page(self, height: int) -> PageKey | None:
        """The page at the root of a height's tree, that of the last height that wrote any; None where none ever did."""
        start, end = height_key(STATE_PAGES, 0), height_key(STATE_PAGES, height + 1)
        rows = self._reader.iterate(start, end, reverse=True, limit=1)
        return (
            PageKey(b"", decode_height(rows[0][0][len(STATE_PAGES.prefix) :][:_HEIGHT_BYTES]))
            if rows
            else None
        )

    def root(self, height: int) -> Digest:
        """The root of a height's tree, as its page has it."""
        key = self.root_page(height)
        return EMPTY_STATE_ROOT if key is None else Digest(hash_page(self.page(key), 0)[0])

    def page(self, key: PageKey) -> Page:
        """A page that the tree names."""
        what = f"page {key.path.hex() or 'at the root'} of height {key.version} of the state tree"
        data = self._reader.get(page_key(key))
        if data is None:
            raise self._damaged(f"{what} is named but not there")
        return self._decode(data, decode_page, what)

    def value(self, key: bytes, height: int) -> bytes | None:
        """What stood under a state key after a height."""
        aside = self._find_aside(sha256(key), height)
        return self._reader.get(state_key(key)) if aside is None else aside.value

    def before(self, height: int) -> tuple[Aside, ...]:
        """What a height changed, with what stood there before; a height since `since`, without it."""
        data = self._reader.get(height_key(STATE_BEFORE, height))
        if data is None and self._reader.get(height_key(STATE_CHANGED, height)) is not None:
            raise self._damaged(f"what height {height} put aside is not there")
        return () if data is None else self._decode(data, decode_before, f"what height {height} put aside")

    def prove(self, key: bytes, height: int, root: Digest) -> CommitmentProof | None:
        """The proof of what `value` says, under the root of that height; None of an empty state, which has no proof.

        Raises:
            Damaged: what the store has does not lead to the root.
        """
        top = self.root_page(height)
        if top is None:
            return None
        proof = prove(self.page, top, key, lambda key_hash: self.entry(key_hash, height))
        try:
            if isinstance(proof, ExistenceProof):
                verify_existence(proof, root, key, proof.value)
            elif proof is not None:
                verify_absence(proof, root, key)
        except Invalid as error:
            raise self._damaged(f"the state of height {height} is not that of its root: {error}") from error
        return proof

    def page_at(self, height: int, path: bytes) -> Page | None:
        """The page of a height's tree at this way from the root; None where no page begins there."""
        key = self.root_page(height)
        for place in range(len(path)):
            page = None if key is None else self.page(key)
            version = page.version(path[place]) if isinstance(page, Branch) else None
            key = None if version is None else PageKey(path[: place + 1], version)
        return None if key is None else self.page(key)

    def oldest(self, before: int) -> list[tuple[int, tuple[bytes, ...]]]:
        """The oldest heights that put anything aside, of those up to `before`, a few of them, and which pages each replaced."""
        # Rows up to `since` are gone: LevelDB would pass over what is left of each of them in every block.
        start, end = height_key(STATE_REPLACED, self.since), height_key(STATE_REPLACED, max(0, before + 1))
        rows = self._reader.iterate(start, end, limit=STATE_VERSIONS_PRUNED)
        return [
            (decode_height(key[1:]), self._decode(data, decode_replaced, "what a height replaced"))
            for key, data in rows
        ]

    def find_entry(self, key_hash: bytes, height: int) -> tuple[bytes, bytes] | None:
        """Key and value of a height under a key's hash, or None where it had none."""
        aside = self._find_aside(key_hash, height)
        key = self._reader.get(state_name_key(key_hash)) if aside is None else aside.key
        value = None if key is None else self._reader.get(state_key(key)) if aside is None else aside.value
        return None if key is None or value is None else (key, value)

    def entry(self, key_hash: bytes, height: int) -> tuple[bytes, bytes]:
        """Key and value of a leaf of a height's tree."""
        found = self.find_entry(key_hash, height)
        if found is None:
            raise self._damaged(f"the entry of leaf {key_hash.hex()} of height {height} is not there")
        return found

    def _find_aside(self, key_hash: bytes, height: int) -> Aside | None:
        """What was put aside of a key first after a height."""
        start, end = height_key(STATE_CHANGED, height + 1), height_key(STATE_CHANGED, HEIGHT_MAX)
        while rows := self._reader.iterate(start, end, limit=_ROWS_AT_ONCE):
            for row, joined in rows:
                place = find_changed(joined, key_hash)
                if place is not None:
                    return self._read_aside(decode_height(row[1:]), place)
            start = rows[-1][0] + b"\x00"
        return None

    def _read_aside(self, height: int, place: int) -> Aside:
        asides = self.before(height)
        if place >= len(asides):
            raise self._damaged(f"what height {height} put aside is not there")
        return asides[place]

    def _decode(self, data: bytes, decoder: Callable[[bytes], T], what: str) -> T:
        try:
            return decoder(data)
        except Malformed as error:
            raise self._damaged(f"{what} cannot be read: {error}") from error

    def _damaged(self, problem: str) -> Damaged:
        return Damaged(self._path, problem, MEND_ADVICE)
