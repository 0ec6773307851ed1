"""A ledger from a snapshot goes on as one that carried out every block, and a false or broken one becomes no ledger."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import CertifiedBlock
from chain.errors import Invalid
from chain.hashing import sha256
from chain.pruned import Pruned
from chain.snapshot import snapshot_id
from chain.snapshot_chunks import pack_state
from chain.transaction import TxId, compute_transaction_id
from machine.faults import DiskFault, Unusable
from machine.files import AppendFile, DiskFiles
from node.head import Head
from node.snapshot.making import Making, NoSnapshot, restore_before, write_snapshot
from node.snapshot.restoring import Restoration, find_building_places
from node.snapshot.shelf import Shelf
from node.store.keys import HAND_OVERS, height_key
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.memory import MemoryStore
from node.store.selfcheck import check_ledger
from node.store.state_rows import Aside
from node.store.walk import walk_ledger
from tests.chain.making import make_transaction
from tests.node.disk import PowerCut
from tests.node.making import GENESIS_HASH, FakeExecution
from tests.node.snapshot.making import (
    HEIGHT,
    LONG,
    TRUST,
    grow,
    make_chain,
    make_snapshot,
    open_store,
    restore,
)
from tests.node.store.chains import Chain, change_row


@contextmanager
def restored(path: Path, chain: Chain) -> Iterator[tuple[LevelStore, Chain]]:
    """A ledger from the snapshot of a chain's last height but one, to grow on."""
    head = restore(path, *make_snapshot(chain.ledger))
    store, ledger = open_store(path)
    try:
        assert ledger.head == head
        young = Chain(MemoryStore())
        young.store, young.ledger = store, ledger
        yield store, young
    finally:
        store.close()


def id_of(height: int) -> TxId:
    """The only transaction of a block."""
    return compute_transaction_id(make_transaction(height))


def test_it_stands_where_the_other_stood(tmp_path: Path) -> None:
    chain, at = make_chain(), make_chain(HEIGHT)
    with restored(tmp_path / "store", chain) as (store, young):
        assert young.head == at.head
        everything = [each.ledger.state.iterate(b"", b"", 1_000) for each in (young, at)]
        assert everything[0] == everything[1] and len(everything[0]) == HEIGHT + 3
        assert young.ledger.history.since == HEIGHT
        assert (young.ledger.blocks_since, young.ledger.headers_since) == (HEIGHT + 1, 6)
        assert young.ledger.evidence_since == HEIGHT
        check_ledger(store, young.ledger, tmp_path, 16)
        assert list(walk_ledger(young.ledger.snapshot, lambda _what, _count: None))


def test_nothing_is_carried_out_twice_from_its_first_block_on(tmp_path: Path) -> None:
    """As in the other one after a start: an hour for those of blocks 7 to 9, a quarter of an hour afterwards."""
    at = make_chain(HEIGHT).reopen()
    with restored(tmp_path / "store", make_chain()) as (_, young):
        for height in range(1, HEIGHT + 1):
            is_known = height in (7, 8, 9, 11, 12)
            assert (
                young.ledger.has_transaction(id_of(height)) is is_known is at.has_transaction(id_of(height))
            )


def test_it_grows_to_the_same_heads_and_roots(tmp_path: Path) -> None:
    chain = make_chain()
    with restored(tmp_path / "store", chain) as (store, young):
        assert young.keys == chain.keys
        for height in range(HEIGHT + 1, HEIGHT + 8):
            if height > HEIGHT + 1:
                grow(chain, height)
            grow(young, height)
            assert young.head == chain.head
        check_ledger(store, young.ledger, tmp_path, 16)
        key = b"at " + (3).to_bytes(2, "big")
        proof = young.ledger.history.prove(key, HEIGHT + 7, chain.head.state_root)
        assert proof is not None and proof == chain.ledger.history.prove(
            key, HEIGHT + 7, chain.head.state_root
        )
        assert young.ledger.history.value(b"a", HEIGHT) == HEIGHT.to_bytes(2, "big")
        assert young.reopen().head == chain.head


def test_what_it_has_not_got_is_told_apart_from_what_never_was(tmp_path: Path) -> None:
    with restored(tmp_path / "store", make_chain()) as (_, young):
        ledger = young.ledger
        for read in (ledger.block, ledger.results, ledger.certified_block):
            with pytest.raises(Pruned, match=f"lowest height is {HEIGHT + 1}"):
                read(HEIGHT)
        with pytest.raises(Pruned, match="lowest height is 6"):
            ledger.header(5)
        assert ledger.block(HEIGHT + 1) is None and ledger.header(HEIGHT + 1) is None
        header = ledger.header(7)
        assert header is not None and ledger.validators(7) is not None and ledger.parameters(7) is not None
        assert ledger.certificate(HEIGHT) == ledger.head.certificate


def test_it_makes_the_same_snapshots_as_the_other(tmp_path: Path) -> None:
    """Hand-overs from the founders on came with it."""
    chain = make_chain()
    with restored(tmp_path / "store", chain) as (_, young):
        assert young.ledger.hand_overs == chain.ledger.hand_overs == (3, 7)
        with pytest.raises(NoSnapshot, match=f"begins with height {HEIGHT}: wait for the next block"):
            Making(young.ledger, GENESIS_HASH)
        for height in (HEIGHT + 1, HEIGHT + 2):
            if height > HEIGHT + 1:
                grow(chain, height)
            grow(young, height)
            assert make_snapshot(young.ledger) == make_snapshot(chain.ledger)
        second = restore(tmp_path / "second", *make_snapshot(young.ledger))
        assert second.height == HEIGHT + 1


def test_nodes_that_saw_other_signatures_make_the_same_snapshot(tmp_path: Path) -> None:
    """Hand-overs at 3 and 7 are with the certificate that the next block holds, at a node that restored them as well."""
    chain, twin = make_twins()
    for height in (3, 7, HEIGHT, HEIGHT + 1):
        assert twin.ledger.certificate(height) != chain.ledger.certificate(height)
    (ours, chunks), (theirs, their_chunks) = make_snapshot(chain.ledger), make_snapshot(twin.ledger)
    assert their_chunks == chunks and ours != theirs
    assert replace(theirs, following=ours.following) == ours and snapshot_id(theirs) == snapshot_id(ours)
    assert restore(tmp_path / "store", theirs, their_chunks).height == HEIGHT


def make_twins() -> tuple[Chain, Chain]:
    """The same blocks; the second has never seen the last validator's votes but in the next block."""
    twin = Chain(MemoryStore(), parameters=LONG)

    class Told(Chain):
        def append(self, certified: CertifiedBlock, executed: FakeExecution, head: Head) -> None:
            super().append(certified, executed, head)
            seen = (*certified.certificate.signatures[:-1], None)
            own = replace(certified.certificate, signatures=seen)
            twin.append(replace(certified, certificate=own), executed, replace(head, certificate=own))

    chain = Told(MemoryStore(), parameters=LONG)
    for height in range(1, HEIGHT + 2):
        grow(chain, height)
    return chain, twin


def test_a_ledger_of_one_block_has_no_snapshot() -> None:
    with pytest.raises(NoSnapshot, match="needs two blocks, this ledger has 1"):
        make_snapshot(make_chain(1).ledger)
    manifest, _ = make_snapshot(make_chain(2).ledger)
    assert manifest.height == 1


def test_what_could_not_be_proven_is_not_put_on_the_shelf(tmp_path: Path) -> None:
    """The row of a hand-over is lost."""
    chain, shelf = make_chain(), Shelf(tmp_path, DiskFiles())
    change_row(chain.store, height_key(HAND_OVERS, 3), lambda _: None)
    with pytest.raises(NoSnapshot, match="it would not be believed, for this ledger lacks what proves it"):
        list(write_snapshot(Making(chain.ledger, GENESIS_HASH), shelf, TRUST))
    assert shelf.heights == [] and not shelf.place(HEIGHT).exists()


def test_a_snapshot_of_the_database_stays_where_it_was() -> None:
    chain = make_chain()
    expected = make_snapshot(chain.ledger)
    with chain.ledger.snapshot() as reader:
        grow(chain, HEIGHT + 2)
        assert make_snapshot(reader) == expected


_keys = st.binary(min_size=1, max_size=2)
_states = st.dictionaries(_keys, st.binary(max_size=3), max_size=12)


@given(_states, st.dictionaries(_keys, st.none() | st.binary(max_size=3), max_size=8))
def test_what_a_block_put_aside_gives_the_state_before_it(
    before: dict[bytes, bytes], changes: dict[bytes, bytes | None]
) -> None:
    after = {key: value for key, value in (before | changes).items() if value is not None}
    asides = tuple(Aside(key=key, value=before.get(key)) for key in sorted(changes))
    assert list(restore_before(iter(sorted(after.items())), asides)) == sorted(before.items())


# --- What becomes no ledger ---------------------------------------------------------------------------------------


def rows_of(chain: Chain) -> list[tuple[bytes, bytes]]:
    """The state at the snapshot's height."""
    return list(
        restore_before(
            iter(chain.ledger.state.iterate(b"", b"", 1_000)), chain.ledger.history.before(HEIGHT + 1)
        )
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: [*rows, (b"\xff", b"1")],
        lambda rows: [(rows[0][0], rows[0][1] + b"1"), *rows[1:]],
        lambda rows: [(rows[0][0] + b"\x00", rows[0][1]), *rows[1:]],
        lambda rows: [(rows[0][0], rows[1][1]), (rows[1][0], rows[0][1]), *rows[2:]],
    ],
    ids=["an entry too few", "one too many", "a changed value", "a changed key", "values exchanged"],
)
def test_entries_that_are_not_those_of_the_root_are_refused(
    tmp_path: Path, change: Callable[[list[tuple[bytes, bytes]]], list[tuple[bytes, bytes]]]
) -> None:
    """The manifest names them, and so nothing but the root tells."""
    chain = make_chain()
    manifest, chunks = make_snapshot(chain.ledger)
    rows = change(rows_of(chain))
    others = [*chunks[:2], *pack_state(rows)]
    lying = replace(
        manifest,
        state=tuple(sha256(chunk) for chunk in others[2:]),
        rows=len(rows),
        bytes=sum(map(len, others)),
    )
    with pytest.raises(
        Invalid, match=rf"step root: header {HEIGHT + 1} says .*, the root of the {len(rows)} entries is"
    ):
        restore(tmp_path / "store", lying, others)
    assert list(tmp_path.iterdir()) == []


def test_what_ends_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    manifest, chunks = make_snapshot(make_chain().ledger)
    with pytest.raises(Invalid, match="expected 3 chunks, got 2"):
        restore(tmp_path / "store", manifest, chunks[:-1])
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_made_anew_is_none_until_it_is_whole(tmp_path: Path) -> None:
    shelf, ledger = Shelf(tmp_path / "snapshots", DiskFiles()), make_chain().ledger
    for _ in write_snapshot(Making(ledger, GENESIS_HASH), shelf, TRUST):
        pass
    assert shelf.heights == [HEIGHT]
    steps = write_snapshot(Making(ledger, GENESIS_HASH), shelf, TRUST)
    next(steps)
    assert shelf.heights == [], "a crash here leaves no manifest over chunks that are not there"
    assert list(steps) and shelf.heights == [HEIGHT]


def test_a_place_that_has_a_ledger_is_left_alone(tmp_path: Path) -> None:
    chain = make_chain()
    restore(tmp_path / "store", *make_snapshot(chain.ledger))
    before = {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}
    with pytest.raises(Unusable, match=r"there is a ledger here\. Move the ledger away"):
        restore(tmp_path / "store", *make_snapshot(chain.ledger))
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()}


def test_the_tree_in_parts_is_the_tree_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.snapshot.restoring._LEAVES_AT_ONCE", 3)
    chain = make_chain()
    told: list[int] = []
    manifest, chunks = make_snapshot(chain.ledger)
    with Restoration(tmp_path / "store", manifest, TRUST, DiskFiles()) as restoration:
        for chunk in chunks:
            restoration.take(chunk)
        restoration.finish(told.append)
    assert told == [3, 6, 9, 12, 15]
    store, ledger = open_store(tmp_path / "store")
    check_ledger(store, ledger, tmp_path, 16)
    for key, _ in ledger.state.iterate(b"", b"", 100):
        assert ledger.history.prove(key, HEIGHT, ledger.head.state_root) is not None
    store.close()


class CutFiles(DiskFiles):
    """The operating system's files until the power is cut, before or after an operation that changes something."""

    def __init__(self, cut_at: int | None = None, *, is_after: bool = False) -> None:
        self.cut_at = cut_at
        self.is_after = is_after
        self.operations = 0

    def _step(self, do: Callable[[], None]) -> None:
        number, self.operations = self.operations, self.operations + 1
        if number != self.cut_at:
            do()
            return
        if self.is_after:
            do()
        self.cut_at = self.operations  # and nothing is done from now on
        raise PowerCut

    def rename(self, source: Path, target: Path) -> None:
        self._step(lambda: super(CutFiles, self).rename(source, target))

    def remove(self, path: Path) -> None:
        self._step(lambda: super(CutFiles, self).remove(path))

    def remove_directory(self, path: Path) -> None:
        self._step(lambda: super(CutFiles, self).remove_directory(path))

    def sync_directory(self, path: Path) -> None:
        self._step(lambda: super(CutFiles, self).sync_directory(path))

    def open_append(self, path: Path) -> AppendFile:
        self._step(lambda: None)
        return super().open_append(path)


def test_a_crash_leaves_the_old_place_or_the_whole_ledger(tmp_path: Path) -> None:
    """At every operation on names, before it and after it; LevelDB's own are between them."""
    manifest, chunks = make_snapshot(make_chain().ledger)
    counting = CutFiles()
    restore(tmp_path / "counted", manifest, chunks, counting)
    found = set()
    for at in range(counting.operations):
        for is_after in (False, True):
            place = tmp_path / f"{at}-{is_after}"
            with pytest.raises(PowerCut):
                restore(place, manifest, chunks, CutFiles(at, is_after=is_after))
            is_whole = place.exists()
            found.add(is_whole)
            if not is_whole:
                restore(place, manifest, chunks)
            store, ledger = open_store(place)
            check_ledger(store, ledger, place, 16)
            store.close()
            assert not any(path.exists() for path in find_building_places(place)) or is_whole
    assert found == {False, True}


def test_a_fault_of_the_disk_leaves_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, chunks = make_snapshot(make_chain().ledger)

    def fail(*_: object, **__: object) -> None:
        raise Unusable(tmp_path, "input/output error", "Look at the device")

    with monkeypatch.context() as patched:
        patched.setattr(LevelStore, "write", fail)
        with pytest.raises(DiskFault, match="input/output error"):
            restore(tmp_path / "store", manifest, chunks)
    assert list(tmp_path.iterdir()) == []
    restore(tmp_path / "store", manifest, chunks)


def test_a_half_built_ledger_is_no_ledger_at_a_start(tmp_path: Path) -> None:
    """Whoever renames it by hand is told that it is not whole."""
    manifest, chunks = make_snapshot(make_chain().ledger)
    restoration = Restoration(tmp_path / "store", manifest, TRUST, DiskFiles())
    restoration.__enter__()
    for chunk in chunks:
        restoration.take(chunk)
    restoration._opened.close()
    building, _ = find_building_places(tmp_path / "store")
    store = LevelStore(building, cache_bytes=1024 * 1024)
    with pytest.raises(DiskFault, match="the store has rows but no head record"):
        Ledger.open(store, building, GENESIS_HASH)
    store.close()
