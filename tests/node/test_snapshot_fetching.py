"""A node that has nothing fetches a snapshot over real links: from honest peers, from peers that lie, and after it was ended."""

import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import trio

from chain.hashing import Digest, sha256
from chain.keys import PublicKey, address_of
from chain.snapshot import Manifest, encode_manifest
from chain.vote import Height
from machine.files import DiskFiles
from node.snapshot import fetching
from node.snapshot.fetching import Guest, NoSnapshotThere, Place, fetch_snapshot
from node.snapshot.making import Making
from node.snapshot.restoring import Restoration
from node.snapshot.shelf import Shelf
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from p2p.handshake import Identity
from p2p.link import Link
from p2p.messages import Chunk, GetChunk, GetSnapshots, Message, Snapshots
from p2p.network import Network, PeerAddress, Standing
from tests.chain.making import make_key
from tests.node.grown import Grown

pytestmark = pytest.mark.trio
HOST, JOINER = "127.0.0.1", make_key(900)
BLOCKS = 8


class Giver:
    """A node that has a snapshot, or says so. The methods are for liars to do otherwise."""

    def __init__(self, number: int, source: "Source") -> None:
        self.key = make_key(910 + number)
        self.source = source
        self.given = 0
        self.asked = 0

    def standing_of(self, peer: PublicKey) -> Standing:
        return Standing.OBSERVER

    async def on_link_up(self, link: Link) -> None:
        pass

    def on_link_down(self, link: Link) -> None:
        pass

    async def on_message(self, link: Link, message: Message) -> None:
        if isinstance(message, GetSnapshots):
            link.send(Snapshots(request=message.request, manifests=self.manifests()))
        elif isinstance(message, GetChunk):
            self.asked += 1
            await self.give(link, message)

    def manifests(self) -> tuple[bytes, ...]:
        return (encode_manifest(self.source.manifest),)

    async def give(self, link: Link, ask: GetChunk) -> None:
        self.given += 1
        link.send(Chunk(request=ask.request, data=self.source.chunks.get(ask.hash)))


class OtherChunks(Giver):
    """Gives other content than it is asked for."""

    async def give(self, link: Link, ask: GetChunk) -> None:
        link.send(Chunk(request=ask.request, data=self.source.chunks[ask.hash] + b"x"))


class Silent(Giver):
    """Claims what it never gives."""

    async def give(self, link: Link, ask: GetChunk) -> None:
        pass


class Empty(Giver):
    """Claims what it has not got."""

    async def give(self, link: Link, ask: GetChunk) -> None:
        link.send(Chunk(request=ask.request, data=None))


class Garbage(Giver):
    """Offers what is no manifest."""

    def manifests(self) -> tuple[bytes, ...]:
        return (b"\x00" * 100,)


class Endless(Giver):
    """Sends chunks that nobody asked for."""

    async def give(self, link: Link, ask: GetChunk) -> None:
        for number in range(50):
            link.send(Chunk(request=ask.request, data=bytes([number]) * 1000))


class Forgetful(Giver):
    """Has let go of its snapshot when the first chunk is asked for, and has it when it is asked what it has again."""

    def __init__(self, number: int, source: "Source") -> None:
        super().__init__(number, source)
        self.told = 0

    def manifests(self) -> tuple[bytes, ...]:
        self.told += 1
        return super().manifests()

    async def give(self, link: Link, ask: GetChunk) -> None:
        if self.told > 1:
            await super().give(link, ask)
        else:
            link.send(Chunk(request=ask.request, data=None))


class Late(Giver):
    """Makes its first snapshot after it was asked for one."""

    def __init__(self, number: int, source: "Source") -> None:
        super().__init__(number, source)
        self.told = 0

    def manifests(self) -> tuple[bytes, ...]:
        self.told += 1
        return super().manifests() if self.told > 1 else ()


class Strict(Giver):
    """Ends each link at once until the members have admitted the newcomer, which takes them longer than anybody's patience."""

    def __init__(self, number: int, source: "Source") -> None:
        super().__init__(number, source)
        self.refused = 0

    def standing_of(self, peer: PublicKey) -> Standing:
        self.refused += 1
        return Standing.STRANGER if self.refused < 4 else Standing.OBSERVER


class Altered(Giver):
    """Offers the snapshot with one thing changed, and gives what it names."""

    def __init__(self, number: int, source: "Source", change: "Callable[[Source], Source]") -> None:
        super().__init__(number, change(source))


class Source:
    """A snapshot in memory."""

    def __init__(self, manifest: Manifest, chunks: dict[Digest, bytes]) -> None:
        self.manifest = manifest
        self.chunks = chunks


def with_signers(source: Source, *numbers: int) -> Source:
    """Decided by the signatures of these validators, as the giver saw them first."""
    following = source.manifest.following
    signed = following.certificate.signatures
    kept = tuple(one if number in numbers else None for number, one in enumerate(signed))
    certificate = replace(following.certificate, signatures=kept)
    return Source(
        replace(source.manifest, following=replace(following, certificate=certificate)), source.chunks
    )


def with_too_few(source: Source) -> Source:
    """Its certificate is no quorum; all else is as it should be."""
    return with_signers(source, 0, 1)


def with_row(source: Source) -> Source:
    """The last chunk of the state has another value in it."""
    last = source.manifest.state[-1]
    data = source.chunks[last]
    forged = data[:-1] + bytes([data[-1] ^ 1])
    manifest = replace(source.manifest, state=(*source.manifest.state[:-1], sha256(forged)))
    return Source(manifest, {**source.chunks, sha256(forged): forged})


def without_window(source: Source) -> Source:
    return Source(replace(source.manifest, window=()), source.chunks)


def with_endless_window(source: Source) -> Source:
    """Rubbish where the window should be, and much of it."""
    chunks = {sha256(rubbish): rubbish for rubbish in (bytes([number]) * 200_000 for number in range(100))}
    manifest = replace(source.manifest, window=tuple(chunks), bytes=100 * 200_000)
    return Source(manifest, chunks)


def with_height(source: Source) -> Source:
    """A header that nobody signed claims to be far ahead."""
    following = source.manifest.following
    header = replace(following.header, height=Height(1_000_000))
    return Source(replace(source.manifest, following=replace(following, header=header)), source.chunks)


def with_rows(source: Source) -> Source:
    return Source(replace(source.manifest, rows=source.manifest.rows + 1), source.chunks)


def with_bytes(source: Source) -> Source:
    return Source(replace(source.manifest, bytes=1), source.chunks)


def with_disk(source: Source) -> Source:
    return Source(replace(source.manifest, bytes=60 * 2**30), source.chunks)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    """A network with a few blocks."""
    found = Grown.found(tmp_path_factory.mktemp("grown") / "network")
    while found.ledger.head.height < BLOCKS:
        found.grow([found.make_registration() for _ in range(5)])
    return found


@pytest.fixture(scope="module")
def source(grown: Grown) -> Source:
    """Its snapshot, in chunks that are small, so that there are some."""
    with grown.ledger.snapshot() as reader, pytest.MonkeyPatch.context() as patch:
        patch.setattr("chain.snapshot_chunks.SNAPSHOT_CHUNK_BYTES_MAX", 5_000)
        making = Making(reader, grown.genesis.hash)
        chunks = {sha256(chunk): chunk for chunk in making.chunks()}
        return Source(making.manifest, chunks)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here is slow but for those who give nothing at all."""
    monkeypatch.setattr("p2p.snapshots.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(fetching, "_NO_OFFER_SECONDS", 1.0)
    monkeypatch.setattr("p2p.snapshots.AGAIN_SECONDS", 0.2)
    monkeypatch.setattr(fetching, "_LOST_SECONDS", 0.5)


async def join(grown: Grown, givers: list[Giver], path: Path) -> Height:
    """Joins by these nodes; the height after which the ledger begins."""
    async with AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(trio.open_nursery())
        peers = []
        for giver in givers:
            port: int = await nursery.start(make_network(grown, giver).run)
            peers.append(PeerAddress(node_id=giver.key.address.hex(), host=HOST, port=port))
        place = Place(chunks=path / "joining", store=path / "store")
        ids = frozenset(address_of(giver.key.public).hex() for giver in givers)
        checkpoint = grown.invite(made_ms=1, until_ms=2).bundle.checkpoint
        guest = Guest(place, grown.genesis, checkpoint, ids, lambda done: None)
        try:
            with trio.fail_after(30):
                return await fetch_snapshot(guest, grown.genesis, JOINER, tuple(peers))
        finally:
            nursery.cancel_scope.cancel()
    raise AssertionError("it has returned or raised")


def make_network(grown: Grown, giver: Giver) -> Network:
    identity = Identity(key=giver.key, chain_id=grown.genesis.chain_id, genesis_hash=grown.genesis.hash)
    return Network(
        identity,
        giver,
        listen_host=HOST,
        listen_port=0,
        peers=(),
        chance=Random(1),
        get_ephemeral_seed=lambda size: Random(giver.key.public).randbytes(size),
    )


def assert_joined(grown: Grown, path: Path) -> None:
    """The ledger is whole, and goes on with the next block of the network."""
    store = LevelStore(path / "store", cache_bytes=2**20)
    ledger = Ledger.open(store, path / "store", grown.genesis.hash)
    assert ledger is not None and ledger.head.height == BLOCKS - 1
    assert ledger.block_id(BLOCKS - 1) == grown.ledger.block_id(BLOCKS - 1)
    header = grown.ledger.header(BLOCKS)
    assert header is not None and ledger.head.state_root == header.state_root
    ledger.close()
    assert not (path / "joining").exists(), "chunks are gone when they are not needed any more"


async def test_a_node_joins_and_each_chunk_comes_once(grown: Grown, source: Source, tmp_path: Path) -> None:
    assert len(source.chunks) > 3
    givers = [Giver(1, source), Giver(2, source)]
    assert await join(grown, givers, tmp_path) == BLOCKS - 1
    assert_joined(grown, tmp_path)
    assert sum(giver.given for giver in givers) == len(source.chunks)


async def test_each_node_has_its_own_certificate_and_all_offer_the_same(
    grown: Grown, source: Source, tmp_path: Path
) -> None:
    givers = [Giver(1, with_signers(source, 0, 1, 2)), Giver(2, with_signers(source, 1, 2, 3))]
    assert encode_manifest(givers[0].source.manifest) != encode_manifest(givers[1].source.manifest)
    await join(grown, givers, tmp_path)
    assert_joined(grown, tmp_path)
    assert all(giver.given for giver in givers)
    assert sum(giver.given for giver in givers) == len(source.chunks)


@pytest.mark.parametrize("make", [Forgetful, Late])
async def test_the_only_peer_is_asked_again(
    make: Callable[[int, Source], Giver], grown: Grown, source: Source, tmp_path: Path
) -> None:
    await join(grown, [make(1, source)], tmp_path)
    assert_joined(grown, tmp_path)


async def test_who_is_ended_while_restoring_stops_and_goes_on_later(
    grown: Grown, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(restoration: Restoration, chunk: bytes) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        take(restoration, chunk)
        trio.from_thread.run(trio.sleep, 0.1)  # the signal is seen meanwhile

    take = Restoration.take
    with monkeypatch.context() as patch:
        patch.setattr(Restoration, "take", end)
        with pytest.raises(BaseExceptionGroup) as told:
            await join(grown, [Giver(1, source)], tmp_path)
    assert isinstance(told.value.exceptions[0], KeyboardInterrupt)
    assert os.listdir(tmp_path) == ["joining"]
    giver = Giver(1, source)
    await join(grown, [giver], tmp_path)
    assert_joined(grown, tmp_path)
    assert giver.given == 0, "all chunks were here"


async def test_rubbish_is_refused_with_its_first_chunk(grown: Grown, source: Source, tmp_path: Path) -> None:
    liar = Altered(1, source, with_endless_window)
    with pytest.raises(ExceptionGroup) as told:
        await join(grown, [liar], tmp_path)
    assert "step window" in str(told.value.exceptions[0]) and liar.given == 1


async def test_who_is_not_admitted_yet_waits_for_it(
    grown: Grown, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_NO_OFFER_SECONDS", 0.05)
    giver = Strict(1, source)
    await join(grown, [giver], tmp_path)
    assert_joined(grown, tmp_path)
    assert giver.refused >= 4


async def test_nobody_is_blamed_for_a_disk_without_room(
    grown: Grown, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blamed: list[str] = []
    monkeypatch.setattr(Link, "accuse", lambda link, reason: blamed.append(reason))
    with pytest.raises(ExceptionGroup) as told:
        await join(grown, [Altered(1, source, with_disk)], tmp_path)
    assert "does not fit" in str(told.value.exceptions[0]) and not blamed


def measure(path: Path) -> int:
    """Bytes of all files."""
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


LIARS: dict[str, Callable[[int, Source], Giver]] = {
    "other chunks": OtherChunks,
    "nothing at all": Silent,
    "no chunks": Empty,
    "no manifest": Garbage,
    "chunks without end": Endless,
    "another entry": lambda number, source: Altered(number, source, with_row),
    "too few signers": lambda number, source: Altered(number, source, with_too_few),
    "no window": lambda number, source: Altered(number, source, without_window),
    "a window without end": lambda number, source: Altered(number, source, with_endless_window),
    "a height far ahead": lambda number, source: Altered(number, source, with_height),
    "another count": lambda number, source: Altered(number, source, with_rows),
    "fewer bytes": lambda number, source: Altered(number, source, with_bytes),
    "more than the disk has": lambda number, source: Altered(number, source, with_disk),
}


@pytest.mark.parametrize("make", LIARS.values(), ids=LIARS.keys())
async def test_two_liars_of_three_hold_nobody_up(
    make: Callable[[int, Source], Giver], grown: Grown, source: Source, tmp_path: Path
) -> None:
    givers = [make(1, source), make(2, source), Giver(3, source)]
    assert await join(grown, givers, tmp_path) == BLOCKS - 1
    assert_joined(grown, tmp_path)


@pytest.mark.parametrize("make", LIARS.values(), ids=LIARS.keys())
async def test_where_all_lie_there_is_no_ledger_and_the_words_say_why(
    make: Callable[[int, Source], Giver], grown: Grown, source: Source, tmp_path: Path
) -> None:
    why = ""
    try:
        await join(grown, [make(1, source)], tmp_path)
    except* NoSnapshotThere as group:  # the nursery of the peers puts it into a group
        why = str(group.exceptions[0])
    assert why
    assert not (tmp_path / "store").exists()
    assert measure(tmp_path) <= sum(map(len, source.chunks.values())), "nothing grows"


async def test_who_was_ended_goes_on_with_the_chunks_it_has(
    grown: Grown, source: Source, tmp_path: Path
) -> None:
    """One of them is torn, as by a power cut: it comes again."""
    shelf = Shelf(tmp_path / "joining", DiskFiles())
    held = list(source.chunks.values())[1:-1]
    for chunk in held:
        shelf.put_chunk(source.manifest.height, chunk)
    shelf.put_chunk(3, b"of a snapshot that nobody offers any more")
    torn = shelf.place(source.manifest.height) / sha256(held[0]).hex()
    torn.write_bytes(held[0][:-1])
    giver = Giver(1, source)
    await join(grown, [giver], tmp_path)
    assert_joined(grown, tmp_path)
    assert giver.given == len(source.chunks) - len(held) + 1


async def test_a_snapshot_of_another_network_is_refused(grown: Grown, source: Source, tmp_path: Path) -> None:
    class Foreign(Giver):
        def manifests(self) -> tuple[bytes, ...]:
            return (encode_manifest(replace(source.manifest, genesis_hash=sha256(b"other"))),)

    await join(grown, [Foreign(1, source), Giver(2, source)], tmp_path)
    assert_joined(grown, tmp_path)
