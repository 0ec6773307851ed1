"""The signer's record on disk: what was signed, entry after entry, in one append-only file.

Entries are 256 bytes, so that none straddles a disk sector, and each is checked together with the one before it. A torn
last entry is cut short or ends in zeros; no signature left before its entry was whole, so it is dropped. Any other
damage is refused: who cannot know what was signed must not sign.

The first entry names chain, key and floor: the height at and below which nothing is ever signed, which the operator
states when a record is made for a key that may have signed before. The file is begun anew with its newest entries when it
has grown long; the directory is synced whenever a name in it changes.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

from chain.hashing import Digest, tagged_hash
from chain.keys import ADDRESS_BYTES, Address, Signature, format_address
from chain.limits import CHAIN_ID_BYTES_MAX, SIGNER_ENTRIES_KEPT, SIGNER_ENTRIES_MAX
from machine.faults import Damaged, Unusable, WrongLedger
from machine.files import AppendFile, Files, replace_file

ENTRY_BYTES = 256
_CHECK_BYTES = 32
_CONTENT_BYTES = ENTRY_BYTES - _CHECK_BYTES
_MAGIC = b"terang signer 1\n"
RECOVERY = (
    "Do not sign with this key before the network has passed the height at which it last signed. Then make a new "
    "record above that height: terang keys import --home DIR --floor HEIGHT"
)


class Step(IntEnum):
    """What is signed in a round, in the order in which it is."""

    PROPOSAL = 0
    PREVOTE = 1
    PRECOMMIT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One signature: its place, the hash of the signed bytes, and how many syncs of that height's log were on disk."""

    height: int
    round: int
    step: Step
    hash: Digest
    signature: Signature
    journal_mark: int

    @property
    def place(self) -> tuple[int, int, Step]:
        """Signatures follow each other in this order."""
        return (self.height, self.round, self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """First entry of the file. `is_cut` says that entries before the first one were left out."""

    address: Address
    chain_id: str
    floor: int
    is_cut: bool


class SignerRecord:
    """An open record. After an error it must not be used again: the node stops and starts anew."""

    def __init__(self, path: Path, address: Address, chain_id: str, files: Files) -> None:
        """Opens the record at `path` and drops a torn last entry.

        Raises:
            Unusable: there is none.
            WrongLedger: it belongs to another key or chain.
            Damaged: it cannot be trusted.
        """
        self.path = path
        self.address = address
        self.chain_id = chain_id
        self._files = files
        self._file: AppendFile | None = None
        data = files.read(path)
        if data is None:
            raise Unusable(path, "the signer's record is not there", RECOVERY)
        self._head, self._entries, self._check = _read_record(path, data, address, chain_id)
        self._by_place = {entry.place: entry for entry in self._entries}
        # What a killed process left may be in the system's memory alone: make it as durable as it will be believed.
        files.truncate(path, ENTRY_BYTES * (1 + len(self._entries)))
        files.sync_directory(path.parent)

    @classmethod
    def create(cls, path: Path, address: Address, chain_id: str, floor: int, files: Files) -> None:
        """Makes the record of a key that signs nothing at or below height `floor`; 0 for a new key.

        Raises:
            Unusable: there is one already.
        """
        if files.read(path) is not None:
            raise Unusable(path, "the signer's record exists already", "A record is made once, with its key")
        files.make_directory(path.parent)
        head = _Head(address=address, chain_id=chain_id, floor=floor, is_cut=False)
        replace_file(files, path, _seal(_encode_head(head), b""))

    @property
    def floor(self) -> int:
        """Nothing is signed at or below this height."""
        return self._head.floor

    @property
    def last(self) -> Entry | None:
        """The newest entry."""
        return self._entries[-1] if self._entries else None

    def is_after_last(self, height: int, round_: int, step: Step) -> bool:
        """Whether a place comes after everything that was signed."""
        return not self._entries or (height, round_, step) > self._entries[-1].place

    def find(self, height: int, round_: int, step: Step) -> Entry | None:
        """The entry of a place, among those that are kept."""
        return self._by_place.get((height, round_, step))

    def is_covered(self, height: int, round_: int, step: Step) -> bool:
        """Whether a signature at that place, had there been one by this record, would still be in it."""
        oldest = self._entries[0].place if self._head.is_cut else (0, 0, Step.PROPOSAL)
        return height > self.floor and (height, round_, step) >= oldest

    def lacks(self, height: int, round_: int, step: Step, hash_: Digest) -> bool:
        """Whether this record would know of a signature over `hash_` at that place, and does not: it is an old copy,
        or its end was cut off.
        """
        known = self.find(height, round_, step)
        if known is not None:
            return known.hash != hash_
        return self.is_covered(height, round_, step)  # what is older says nothing

    def append(self, entry: Entry) -> None:
        """Adds an entry; on disk when it returns. Blocks for a disk sync."""
        assert self.is_after_last(*entry.place) and entry.height > self.floor, entry
        if len(self._entries) >= SIGNER_ENTRIES_MAX:
            self._begin_anew()
        if self._file is None:
            self._file = self._files.open_append(self.path)
        sealed = _seal(_encode_entry(entry), self._check)
        self._file.append(sealed)
        self._file.sync()
        self._entries.append(entry)
        self._by_place[entry.place] = entry
        self._check = sealed[_CONTENT_BYTES:]

    def close(self) -> None:
        """Releases the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _begin_anew(self) -> None:
        self.close()
        self._head = replace(
            self._head, is_cut=True
        )  # first: another thread may ask for what is left out below
        self._entries = self._entries[-SIGNER_ENTRIES_KEPT:]
        self._by_place = {entry.place: entry for entry in self._entries}
        sealed = [_seal(_encode_head(self._head), b"")]
        for entry in self._entries:
            sealed.append(_seal(_encode_entry(entry), sealed[-1][_CONTENT_BYTES:]))
        replace_file(self._files, self.path, b"".join(sealed))
        self._check = sealed[-1][_CONTENT_BYTES:]


def _seal(content: bytes, previous_check: bytes) -> bytes:
    padded = content.ljust(_CONTENT_BYTES, b"\x00")
    return padded + tagged_hash("signer record", previous_check + padded)


def _encode_head(head: _Head) -> bytes:
    name = head.chain_id.encode()
    assert len(name) <= CHAIN_ID_BYTES_MAX, head.chain_id
    return _MAGIC + head.address + head.floor.to_bytes(8, "big") + bytes([head.is_cut, len(name)]) + name


def _decode_head(sealed: bytes) -> _Head:
    fields = sealed[len(_MAGIC) :]
    floor_end = ADDRESS_BYTES + 8
    return _Head(
        address=Address(fields[:ADDRESS_BYTES]),
        chain_id=fields[floor_end + 2 :][: fields[floor_end + 1]].decode(),
        floor=int.from_bytes(fields[ADDRESS_BYTES:floor_end], "big"),
        is_cut=bool(fields[floor_end]),
    )


def _encode_entry(entry: Entry) -> bytes:
    place = entry.height.to_bytes(8, "big") + entry.round.to_bytes(4, "big") + bytes([entry.step])
    return place + entry.hash + entry.signature + entry.journal_mark.to_bytes(8, "big")


def _decode_entry(content: bytes) -> Entry:
    return Entry(
        height=int.from_bytes(content[:8], "big"),
        round=int.from_bytes(content[8:12], "big"),
        step=Step(content[12]),
        hash=Digest(content[13:45]),
        signature=Signature(content[45:109]),
        journal_mark=int.from_bytes(content[109:117], "big"),
    )


def _read_record(
    path: Path, data: bytes, address: Address, chain_id: str
) -> tuple[_Head, list[Entry], bytes]:
    """Head, entries and the check of the last; raises where the record cannot be trusted."""
    sealed = data[:ENTRY_BYTES]
    if sealed != _seal(sealed[:_CONTENT_BYTES], b"") or not sealed.startswith(_MAGIC):
        raise Damaged(path, "the head of the signer's record does not check", RECOVERY)
    head = _decode_head(sealed)
    _check_owner(path, head, address, chain_id)
    entries: list[Entry] = []
    check = sealed[_CONTENT_BYTES:]
    for offset in range(ENTRY_BYTES, len(data), ENTRY_BYTES):
        sealed = data[offset : offset + ENTRY_BYTES]
        if sealed != _seal(sealed[:_CONTENT_BYTES], check):
            _check_torn(path, sealed, len(entries) + 1, is_last=offset + ENTRY_BYTES >= len(data))
            break
        entries.append(_decode_entry(sealed))
        check = sealed[_CONTENT_BYTES:]
    return head, entries, check


def _check_owner(path: Path, head: _Head, address: Address, chain_id: str) -> None:
    if (head.address, head.chain_id) != (address, chain_id):
        wanted, got = format_address(address), format_address(head.address)
        raise WrongLedger(
            path,
            f"expected the record of {wanted} on {chain_id}, got that of {got} on {head.chain_id}",
            "Put back the record that was made with this key",
        )


def _check_torn(path: Path, sealed: bytes, number: int, *, is_last: bool) -> None:
    is_torn = len(sealed) < ENTRY_BYTES or not sealed[_CONTENT_BYTES:].strip(b"\x00")
    if not (is_last and is_torn):
        raise Damaged(path, f"entry {number} of the signer's record does not check", RECOVERY)
