"""What the index is made of, and the sums that tell whether it is all there. Pure.

SQLite has no checksums: a bit that turns in a page can hide rows, and a search that leaves something out looks like any
other. So nothing here is believed by itself. What is found is held against the ledger's own results; that nothing is left
out is shown by sums, each under the one before it:

    origin                  of which ledger, up to which height, which stretches there are, how many names
    names                   which field of which event has which number
    stretch                 consecutive blocks with some 50,000 rows: its heights, and the names that occur
    sums of a name in it    by bucket (a hash of the value): how many rows, and the sum of their checksums
    rows                    (stretch, name, bucket, value, height, place, number of the event)

A search reads a bucket, or all buckets of a name, whole: if the rows are not those of the sum, the file is damaged. The
first four are sealed with a checksum over their key and content, and each says that the next has to be there. A stretch
is let go in one piece, when the ledger has let go of its blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from chain.codec import Value, as_array, as_bytes, as_text, as_uint, decode, encode
from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.limits import (
    HEIGHT_MAX,
    INDEX_NAMES_MAX,
    INDEX_PART_BYTES_MAX,
    INDEX_VALUE_CHARACTERS_MAX,
    NAME_BYTES_MAX,
)
from chain.result import TransactionResult, render_value

FORMAT = 2
BUCKETS = 64
TABLES = """
CREATE TABLE IF NOT EXISTS parts (key BLOB PRIMARY KEY, content BLOB NOT NULL, seal INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows (
    stretch INTEGER NOT NULL, name INTEGER NOT NULL, bucket INTEGER NOT NULL, value BLOB NOT NULL,
    height INTEGER NOT NULL, place INTEGER NOT NULL, number INTEGER NOT NULL,
    PRIMARY KEY (stretch, name, bucket, value, height, place, number)
) WITHOUT ROWID;
"""
ORIGIN_KEY = b"origin"
NAMES_KEY = b"names"
LONG = b"\xff"
"""Begins what stands for a long text: its hash follows. No text in UTF-8 begins so."""

_PLACE = Struct(">IQII")
_SUM = Struct(">IQ")
_SUM_MASK = 2**64 - 1
_UINT32 = 2**32 - 1


class Name(NamedTuple):
    """A field of an event. A transaction itself is an event without contract, name and field, whatever came of it."""

    contract: str
    event: str
    field: str


TRANSACTION = Name("", "", "")


class Entry(NamedTuple):
    """A row's end: the value as it is stored, and which event of which transaction has it."""

    value: bytes
    height: int
    place: int
    number: int


@dataclass(slots=True)
class Sums:
    """Of one name in one stretch, by bucket."""

    counts: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    totals: list[int] = field(default_factory=lambda: [0] * BUCKETS)

    def add(self, bucket: int, entry: Entry) -> None:
        """Counts a row in."""
        self.counts[bucket] += 1
        self.totals[bucket] = (self.totals[bucket] + compute_check(entry)) & _SUM_MASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the index is of. `height` is the last block in it, `since` the first. Stretches are numbered without a gap."""

    genesis: Digest
    since: int
    height: int
    first_stretch: int
    end_stretch: int
    names: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Consecutive blocks: their heights, how many rows there are, and numbers of the names that occur, in order."""

    first: int
    last: int
    rows: int
    names: tuple[int, ...]


def entries_of(height: int, results: tuple[TransactionResult, ...]) -> Iterator[tuple[Name, Entry]]:
    """The rows of a block."""
    for place, result in enumerate(results):
        yield TRANSACTION, Entry(b"", height, place, 0)
        for number, event in enumerate(result.events):
            for key, value in event.fields:
                stored = store_text(render_value(value))
                yield Name(event.contract, event.name, key), Entry(stored, height, place, number)


def store_text(text: str) -> bytes:
    """A value as it is stored: the text, or its hash where it is long."""
    if len(text) <= INDEX_VALUE_CHARACTERS_MAX:
        return text.encode()
    return LONG + sha256(text.encode())


def bucket_of(value: bytes) -> int:
    """The bucket of a stored value."""
    return crc32(value) % BUCKETS


def compute_check(entry: Entry) -> int:
    """A row's checksum: one bit that differs gives another."""
    return crc32(entry.value, crc32(_PLACE.pack(len(entry.value), entry.height, entry.place, entry.number)))


def compute_seal(key: bytes, content: bytes) -> int:
    """The checksum of a part under its key."""
    return crc32(content, crc32(key))


def stretch_key(stretch: int) -> bytes:
    """Key of what a stretch says of itself."""
    return b"stretch %d" % stretch


def sums_key(stretch: int, name: int) -> bytes:
    """Key of the sums of a name in a stretch."""
    return b"sums %d %d" % (stretch, name)


def encode_origin(origin: Origin) -> bytes:
    """The part under `ORIGIN_KEY`."""
    return encode(
        (
            FORMAT, origin.genesis, origin.since, origin.height, origin.first_stretch, origin.end_stretch,
            origin.names,
        )
    )  # fmt: skip


def decode_origin(data: bytes) -> Origin | None:
    """Inverse of `encode_origin`; None of another format. Raises `Malformed`."""
    number, *rest = as_array(decode(data, bytes_max=INDEX_PART_BYTES_MAX), "origin")
    if as_uint(number, "format") != FORMAT:
        return None
    genesis, since, height, first, end, names = as_array(tuple(rest), "origin", 6)
    return Origin(
        genesis=Digest(as_bytes(genesis, "genesis", DIGEST_BYTES)),
        since=as_uint(since, "since", HEIGHT_MAX),
        height=as_uint(height, "height", HEIGHT_MAX),
        first_stretch=as_uint(first, "first stretch", _UINT32),
        end_stretch=as_uint(end, "end of stretches", _UINT32),
        names=as_uint(names, "names", INDEX_NAMES_MAX),
    )


def encode_names(names: tuple[Name, ...]) -> bytes:
    """The part under `NAMES_KEY`: a name's place is its number."""
    return encode(tuple(tuple(name) for name in names))


def decode_names(data: bytes) -> tuple[Name, ...]:
    """Inverse of `encode_names`; raises `Malformed`."""
    items = as_array(decode(data, bytes_max=INDEX_PART_BYTES_MAX), "names", length_max=INDEX_NAMES_MAX)
    return tuple(_name_from(item) for item in items)


def _name_from(value: Value) -> Name:
    contract, event, key = (
        as_text(item, "name", length_max=NAME_BYTES_MAX) for item in as_array(value, "name", 3)
    )
    return Name(contract, event, key)


def encode_stretch(stretch: Stretch) -> bytes:
    """The part under `stretch_key`."""
    return encode((stretch.first, stretch.last, stretch.rows, stretch.names))


def decode_stretch(data: bytes) -> Stretch:
    """Inverse of `encode_stretch`; raises `Malformed`."""
    first, last, rows, names = as_array(decode(data, bytes_max=INDEX_PART_BYTES_MAX), "stretch", 4)
    return Stretch(
        first=as_uint(first, "first", HEIGHT_MAX),
        last=as_uint(last, "last", HEIGHT_MAX),
        rows=as_uint(rows, "rows"),
        names=tuple(
            as_uint(item, "name", INDEX_NAMES_MAX)
            for item in as_array(names, "names", length_max=INDEX_NAMES_MAX)
        ),
    )


def encode_sums(sums: Sums) -> bytes:
    """The part under `sums_key`: 12 bytes a bucket."""
    return b"".join(_SUM.pack(*pair) for pair in zip(sums.counts, sums.totals, strict=True))


def decode_sums(data: bytes) -> Sums:
    """Inverse of `encode_sums`; raises `Malformed`."""
    as_bytes(data, "sums", BUCKETS * _SUM.size)
    counts, totals = zip(*_SUM.iter_unpack(data), strict=True)
    return Sums(list(counts), list(totals))
