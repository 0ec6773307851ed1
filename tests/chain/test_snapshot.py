"""Snapshots: what is honest is read to its end, and whatever is changed, missing, doubled or out of order is refused in words."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import Header
from chain.bundle import BundleBlock
from chain.codec import Value, decode, encode
from chain.errors import Invalid, Malformed
from chain.hashing import sha256
from chain.keys import Signature
from chain.limits import (
    PROOF_VALUE_BYTES_MAX,
    SNAPSHOT_CHUNK_BYTES_MAX,
    SNAPSHOT_MANIFEST_BYTES_MAX,
)
from chain.record import Decided
from chain.snapshot import Manifest, decode_manifest, encode_manifest
from chain.snapshot_check import SnapshotReader, SnapshotRefused
from chain.snapshot_chunks import (
    Row,
    WindowEntry,
    unpack_hand_overs,
    unpack_state,
    unpack_window,
)
from chain.vote import BlockId, Height
from tests.chain.making import make_vote
from tests.chain.snapshots import (
    HEIGHT,
    LONG,
    ROWS,
    SETS,
    TRUST,
    checkpoint,
    headers,
    ids_of,
    make_hand_overs,
    make_snapshot,
    make_window,
    read,
    sign_again,
)

OTHER = sha256(b"other")
Parts = tuple[Manifest, list[bytes]]


def test_what_is_honest_is_read_to_its_end() -> None:
    manifest, chunks = make_snapshot()
    assert decode_manifest(encode_manifest(manifest)) == manifest
    assert read(manifest, chunks) == list(ROWS)
    assert manifest.height == HEIGHT and len(manifest.chunks) == len(chunks) == 3


@pytest.mark.parametrize(
    ("name", "height"), [("a", 1), ("a", 2), ("b", 3), ("b", 6), ("c", 7), ("c", 10), ("c", 11), ("x", 12)]
)
def test_a_checkpoint_on_the_way_agrees(name: str, height: int) -> None:
    """One beyond the block after the snapshot is for the node that follows to reach."""
    assert read(*make_snapshot(), checkpoint(name, height)) == list(ROWS)


@pytest.mark.parametrize(("name", "height"), [("b", 2), ("a", 3), ("c", 6), ("x", 7), ("b", 10), ("x", 11)])
def test_another_history_than_the_checkpoints_is_refused(name: str, height: int) -> None:
    """Keys of validators who have left may sign one: the long-range attack."""
    with pytest.raises(Invalid, match=f"validators of height {height + 1}, by the checkpoint"):
        read(*make_snapshot(), checkpoint(name, height))


@pytest.mark.parametrize("height", [7, 8, 9, 10, 11])
def test_another_block_than_the_checkpoints_is_refused(height: int) -> None:
    with pytest.raises(Invalid, match=f"block {height}, by the checkpoint: expected"):
        read(*make_snapshot(), checkpoint("c", height, BlockId(OTHER)))


def test_a_state_of_many_chunks_comes_back_in_its_order() -> None:
    rows = [(number.to_bytes(4, "big"), bytes(2_000)) for number in range(2_000)]
    manifest, chunks = make_snapshot(inside=rows)
    assert len(manifest.state) == 4 and max(map(len, chunks)) <= SNAPSHOT_CHUNK_BYTES_MAX
    assert min(map(len, chunks[2:-1])) > SNAPSHOT_CHUNK_BYTES_MAX - 8_000
    assert read(manifest, chunks) == rows


def test_the_largest_values_fit() -> None:
    rows = [(bytes([number]), bytes(PROOF_VALUE_BYTES_MAX)) for number in range(3)]
    assert read(*make_snapshot(inside=rows)) == rows


@given(st.dictionaries(st.binary(min_size=1, max_size=20), st.binary(max_size=300), min_size=1, max_size=50))
def test_any_state_comes_back(state: dict[bytes, bytes]) -> None:
    rows = sorted(state.items())
    assert read(*make_snapshot(inside=rows)) == rows


def test_a_chain_younger_than_the_window_goes_back_to_its_first_block() -> None:
    """Without a hand-over, and without a window that begins an hour ago."""
    first, second = headers()[:2]
    window = [WindowEntry(header=first.header, ids=ids_of(1), parameters=LONG)]
    manifest, chunks = make_snapshot(
        hand_overs=(), window=window, last=first, following=second,
        next_validators=SETS["a"][0], parameters=LONG,
    )  # fmt: skip
    assert not manifest.hand_overs and read(manifest, chunks) == list(ROWS)


# --- Whoever lies -------------------------------------------------------------------------------------------------


def signed_by(count: int) -> Decided:
    """The header after the snapshot with a certificate of so many; fewer than three are no quorum."""
    found = headers()[HEIGHT]
    signatures = [s if at < count else None for at, s in enumerate(found.certificate.signatures)]
    return replace(found, certificate=replace(found.certificate, signatures=tuple(signatures)))


def with_signatures(change: Callable[[tuple[Signature | None, ...]], tuple[Signature | None, ...]]) -> Parts:
    """A snapshot whose last certificate has other signatures."""
    found = headers()[HEIGHT]
    certificate = replace(found.certificate, signatures=change(found.certificate.signatures))
    return make_snapshot(following=replace(found, certificate=certificate))


def following(**changes: Any) -> Decided:
    """Another header after the snapshot, which those who decide it have signed."""
    validators, keys = SETS["c"]
    header: Header = replace(headers()[HEIGHT].header, **changes)
    return sign_again(header, keys, validators)


def entries(at: int, **changes: Any) -> list[WindowEntry]:
    """The window with one entry changed."""
    window = list(make_window())
    window[at] = replace(window[at], **changes)
    return window


def handing(at: int, **changes: Any) -> list[BundleBlock]:
    """The hand-overs with one changed."""
    found = list(make_hand_overs())
    found[at] = replace(found[at], **changes)
    return found


LIES: dict[str, tuple[Callable[[], Parts], str]] = {
    "another genesis": (lambda: make_snapshot(genesis_hash=OTHER), "expected a snapshot of genesis"),
    "no validators": (lambda: make_snapshot(following=signed_by(0)), "signatures: expected 27/40"),
    "too little power": (lambda: make_snapshot(following=signed_by(2)), "expected power 27 of 40, got 20"),
    "too little power before": (
        lambda: make_snapshot(last=replace(headers()[HEIGHT - 1], certificate=signed_by(2).certificate)),
        "header: expected",
    ),
    "a place too many": (lambda: with_signatures(lambda found: (*found, None)), "expected 4 places, got 5"),
    "a place too few": (lambda: with_signatures(lambda found: found[:3]), "expected 4 places, got 3"),
    "signers in other places": (lambda: with_signatures(lambda found: found[::-1]), "bad signature"),
    "one signer thrice": (lambda: with_signatures(lambda found: (found[0],) * 3 + (None,)), "bad signature"),
    "nil votes": (
        lambda: with_signatures(
            lambda _: tuple(make_vote(key, None, height=HEIGHT + 1).signature for key in SETS["c"][1])
        ),
        "bad signature",
    ),
    "votes for another block": (
        lambda: make_snapshot(
            following=replace(
                headers()[HEIGHT],
                certificate=replace(headers()[HEIGHT].certificate, block_id=BlockId(OTHER)),
            )
        ),
        "header: expected",
    ),
    "unknown signers": (
        lambda: make_snapshot(following=sign_again(headers()[HEIGHT].header, SETS["x"][1], SETS["x"][0])),
        "bad signature",
    ),
    "former signers": (
        lambda: make_snapshot(following=sign_again(headers()[HEIGHT].header, SETS["b"][1], SETS["b"][0])),
        "bad signature",
    ),
    "sets of others": (
        lambda: make_snapshot(following=replace(headers()[HEIGHT], validators=SETS["x"][0])),
        "validators of block 11: expected",
    ),
    "set before of others": (
        lambda: make_snapshot(last=replace(headers()[HEIGHT - 1], validators=SETS["b"][0])),
        "validators of block 10",
    ),
    "next set of others": (lambda: make_snapshot(next_validators=SETS["a"][0]), "next validators: expected"),
    "other parameters": (lambda: make_snapshot(parameters=LONG), "parameters: expected"),
    "another height": (lambda: make_snapshot(last=headers()[HEIGHT - 2]), "expected block 10 after block 9"),
    "the same height twice": (
        lambda: make_snapshot(following=headers()[HEIGHT - 1]),
        "expected block 11 after block 10",
    ),
    "a block that does not follow": (
        lambda: make_snapshot(following=following(previous_block_id=OTHER)),
        "block 10: expected",
    ),
    "a block before its time": (lambda: make_snapshot(following=following(time_ms=7)), "expected a time after"),
    "of another network": (
        lambda: make_snapshot(following=following(chain_id="another")),
        "header: expected terang-test 11",
    ),
    "height 0": (
        lambda: make_snapshot(
            hand_overs=(), last=replace(headers()[0], header=replace(headers()[0].header, height=Height(0)))
        ),
        "from height 1 on, got 0",
    ),
    "no hand-over": (lambda: make_snapshot(hand_overs=()), "validators of block 10: expected"),
    "a hand-over left out": (lambda: make_snapshot(hand_overs=make_hand_overs((7,))), "signatures: expected"),
    "the last left out": (lambda: make_snapshot(hand_overs=make_hand_overs((3,))), "validators of block 10"),
    "hand-overs in another order": (
        lambda: make_snapshot(hand_overs=make_hand_overs((7, 3))),
        "signatures: expected",
    ),
    "a hand-over twice": (
        lambda: make_snapshot(hand_overs=make_hand_overs((3, 3, 7))),
        "expected a block from height 4 on",
    ),
    "no hand-over at all there": (
        lambda: make_snapshot(hand_overs=make_hand_overs((2, 3, 7))),
        "expected a hand-over at block 2",
    ),
    "handed to others": (
        lambda: make_snapshot(hand_overs=handing(0, next_validators=SETS["x"][0])),
        "block 3: expected next validators",
    ),
    "handed to nobody": (
        lambda: make_snapshot(hand_overs=handing(1, next_validators=None)),
        "expected those who are handed over to",
    ),
    "no window": (lambda: make_snapshot(window=()), "step window: expected headers, got none"),
    "a window that begins late": (lambda: make_snapshot(window=entries(0)[1:]), "expected it to go back to"),
    "a window that ends early": (lambda: make_snapshot(window=entries(0)[:-1]), "expected it to end with block 10"),
    "a window with a gap": (
        lambda: make_snapshot(window=[make_window()[0], *make_window()[2:]]),
        "expected block 8 after block 7, got 9",
    ),
    "a window beyond the last": (
        lambda: make_snapshot(
            window=[*make_window(), WindowEntry(header=headers()[HEIGHT].header, ids=(), parameters=None)]
        ),
        "expected headers up to block 10",
    ),
    "a window before the hour": (
        lambda: make_snapshot(
            window=[
                WindowEntry(header=headers()[5].header, ids=None, parameters=LONG),
                replace(make_window()[0], parameters=None),
                *make_window()[1:],
            ]
        ),
        "expected to begin an hour before",
    ),
    "a changed header in the window": (
        lambda: make_snapshot(
            window=entries(1, header=replace(make_window()[1].header, proposer=SETS["x"][0].validators[0].address))
        ),
        "block 8: expected",
    ),
    "a changed first header": (
        lambda: make_snapshot(
            window=entries(0, header=replace(make_window()[0].header, results_root=OTHER))
        ),
        "block 7: expected",
    ),
    "a changed last header": (
        lambda: make_snapshot(window=entries(3, header=replace(make_window()[3].header, results_root=OTHER))),
        "expected it to end with block 10",
    ),
    "ids of another block": (lambda: make_snapshot(window=entries(3, ids=ids_of(9))), "transactions of block 10"),
    "an id left out": (lambda: make_snapshot(window=entries(3, ids=())), "transactions of block 10"),
    "no ids": (lambda: make_snapshot(window=entries(3, ids=None)), "expected ids of transactions with block 10"),
    "ids that have expired": (lambda: make_snapshot(window=entries(1, ids=ids_of(8))), "expected no ids"),
    "no parameters": (lambda: make_snapshot(window=entries(1, parameters=None)), "expected parameters with"),
    "parameters again": (lambda: make_snapshot(window=entries(2, parameters=LONG)), "expected no parameters"),
    "other parameters in the window": (
        lambda: make_snapshot(window=entries(1, parameters=LONG)),
        "parameters of block 8: expected",
    ),
    "a row too few": (lambda: make_snapshot(inside=ROWS[:-1], rows=39), "expected 39 entries in"),
    "a row too many": (lambda: make_snapshot(rows=38), "expected 38 entries, got 39 or more"),
    "rows out of order": (lambda: make_snapshot(inside=(*ROWS[1:], ROWS[0])), "step state: .*expected a key after"),
    "a row twice": (lambda: make_snapshot(inside=(ROWS[0], *ROWS)), "step state: .*expected a key after"),
    "bytes": (lambda: make_snapshot(bytes=7), "in 7 bytes"),
}  # fmt: skip
"""How somebody lies, and in which words it is refused."""


def test_no_more_hand_overs_are_held_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chunks of them a manifest names."""
    manifest, chunks = make_snapshot()
    monkeypatch.setattr("chain.snapshot_check.LINEAGE_CHANGES_MAX", 2)
    more = replace(manifest, hand_overs=manifest.hand_overs * 1_000)
    reader = SnapshotReader(more, TRUST)
    assert reader.take(chunks[0]).hand_overs
    with pytest.raises(SnapshotRefused, match="step validators: expected at most 2 hand-overs, got more"):
        reader.take(chunks[0])


@pytest.mark.parametrize("name", LIES)
def test_whoever_lies_is_refused_in_words(name: str) -> None:
    make, words = LIES[name]
    with pytest.raises(Invalid, match=words):
        read(*make())


# --- Chunks that are not what the manifest names ------------------------------------------------------------------

LARGE: tuple[Row, ...] = tuple((number.to_bytes(2, "big"), bytes(400_000)) for number in range(6))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda chunks: chunks[:-1], "expected 5 chunks, got 4"),
        (lambda chunks: [*chunks, chunks[-1]], "expected 5 chunks, got another one"),
        (lambda chunks: [chunks[0], chunks[1], chunks[3], chunks[2], chunks[4]], "chunk 2: expected"),
        (lambda chunks: [chunks[0], chunks[1], *chunks[3:]], "chunk 2: expected"),
        (lambda chunks: [chunks[1], chunks[0], *chunks[2:]], "chunk 0: expected"),
        (lambda chunks: [b"", *chunks[1:]], "chunk 0: expected"),
        (lambda chunks: [], "expected 5 chunks, got 0"),
    ],
    ids=["missing", "one more", "reordered", "left out", "parts reordered", "empty", "none"],
)
def test_other_chunks_are_refused(change: Callable[[list[bytes]], list[bytes]], words: str) -> None:
    manifest, chunks = make_snapshot(inside=LARGE)
    with pytest.raises(Invalid, match=words):
        read(manifest, change(chunks))


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 0, 1), (0, 2, 1)])
def test_chunks_of_the_state_that_do_not_rise_are_refused_though_the_manifest_names_them(
    order: tuple[int, ...],
) -> None:
    manifest, chunks = make_snapshot(inside=LARGE)
    state = [chunks[2:][place] for place in order]
    lying = replace(manifest, state=tuple(sha256(chunk) for chunk in state))
    with pytest.raises(Invalid, match=r"step state: .*expected a key after"):
        read(lying, [*chunks[:2], *state])


def test_a_chunk_of_another_part_is_refused() -> None:
    manifest, chunks = make_snapshot()
    swapped = replace(manifest, hand_overs=manifest.window, window=manifest.hand_overs)
    with pytest.raises(Invalid, match="step validators: chunk: expected one of hand-overs, got 'window'"):
        read(swapped, [chunks[1], chunks[0], chunks[2]])


def test_every_flipped_bit_of_a_chunk_is_refused() -> None:
    manifest, chunks = make_snapshot()
    draw = random.Random(3)
    for place, chunk in enumerate(chunks):
        for _ in range(60):
            changed = flip(chunk, draw)
            with pytest.raises(Invalid, match=f"chunk {place}: expected"):
                read(manifest, [*chunks[:place], changed, *chunks[place + 1 :]])


def flip(data: bytes, draw: random.Random) -> bytes:
    """Another bit."""
    place = draw.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << draw.randrange(8),)) + data[place + 1 :]


def test_every_flipped_bit_of_a_manifest_is_refused() -> None:
    manifest, chunks = make_snapshot()
    honest, draw = encode_manifest(manifest), random.Random(5)
    for _ in range(300):
        changed = flip(honest, draw)
        with pytest.raises(Invalid):
            read(decode_manifest(changed), chunks)


def alter(value: Value, draw: random.Random) -> Value:
    """Something else in one place of a value."""
    match value:
        case tuple() if value and draw.random() < 0.9:
            place = draw.randrange(len(value))
            return (*value[:place], alter(value[place], draw), *value[place + 1 :])
        case tuple():
            return draw.choice((value[1:], (*value, 0), None))
        case bytes():
            return draw.choice((value[:-1], value + b"\x00", b"", value * 2, flip(value or b"\x00", draw)))
        case bool() | None:
            return b""
        case int():
            return draw.choice((value + 1, max(0, value - 1), 2**63, -1))
        case str():
            return draw.choice((value + "x", ""))


def test_five_hundred_altered_manifests_are_refused() -> None:
    manifest, chunks = make_snapshot()
    honest, draw = encode_manifest(manifest), random.Random(7)
    value, refused = decode(honest, bytes_max=SNAPSHOT_MANIFEST_BYTES_MAX), 0
    while refused < 500:
        changed = encode(alter(value, draw))
        if changed == honest:
            continue
        with pytest.raises(Invalid):
            read(decode_manifest(changed), chunks)
        refused += 1


@pytest.mark.parametrize("unpack", [unpack_hand_overs, unpack_window, unpack_state])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_malformed(unpack: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(Malformed):
        unpack(data)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["state", []], "expected something in it, got nothing"),
        (["window", [[b"k", b"v"]]], "expected one of state, got 'window'"),
        (["state", [[b"k"]]], "row: expected 2 items"),
        (["state", [[b"k", None]]], "state value: expected bytes"),
        (["state", [[bytes(400), b""]]], "state key: expected at most"),
        (["state", [[b"k", bytes(PROOF_VALUE_BYTES_MAX + 1)]]], "state value: expected at most"),
        (["state", [[b"k", b""], [b"k", b""]]], "expected a key after 6b, got 6b"),
        (["state", [[b"b", b""], [b"a", b""]]], "expected a key after 62, got 61"),
        (["state"], "chunk: expected 2 items"),
    ],
)
def test_what_is_no_chunk_of_a_state_is_told(value: list[Value], words: str) -> None:
    with pytest.raises(Malformed, match=words):
        unpack_state(encode(value))


def test_what_is_too_large_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Malformed, match="expected at most 1048576 bytes"):
        unpack_state(bytes(SNAPSHOT_CHUNK_BYTES_MAX + 1))
    with pytest.raises(Malformed, match="expected at most"):
        decode_manifest(bytes(SNAPSHOT_MANIFEST_BYTES_MAX + 1))


def test_a_snapshot_of_another_app_version_is_refused_by_name() -> None:
    honest = decode(encode_manifest(make_snapshot()[0]), bytes_max=SNAPSHOT_MANIFEST_BYTES_MAX)
    assert isinstance(honest, tuple)
    with pytest.raises(Malformed, match="this release goes on from app version 1, this is 2"):
        decode_manifest(encode([*honest[:3], 2, *honest[4:]]))
    with pytest.raises(Malformed, match="another kind or version"):
        decode_manifest(encode([honest[0], 2, *honest[2:]]))
    with pytest.raises(Malformed, match="expected 1 to 65536 chunks, got 0"):
        decode_manifest(encode([*honest[:10], b"", b"", b""]))
