"""What is to be believed of a snapshot, and why: a reader that takes its chunks in order and refuses the first that is wrong.

    hand-overs   each is signed by more than two thirds of those who were handed over to before it, from the founders on
    manifest     headers H and H+1 are signed by those who reign then, follow each other, and name the sets and parameters
    window       each header names the one before it, up to header H; ids and parameters are those that it commits to; it
                 goes back an hour or to the first block
    state        keys rise from the first to the last; whether the entries are those of the root is for whoever builds the tree

A chunk is one that the manifest names before it is decoded. Everything up to the state is checked when the first entry of
the state is asked for: so a false manifest costs the few chunks before it, and not the whole of a state.
"""

from dataclasses import dataclass

from chain.block import Header, compute_block_id, compute_transactions_root
from chain.bundle import BundleBlock
from chain.checkpoint import Checkpoint
from chain.errors import Invalid
from chain.hand_over import Reign, follow
from chain.hashing import Digest, sha256
from chain.limits import LINEAGE_CHANGES_MAX, WINDOW_MS_MAX
from chain.parameters import Parameters, parameters_hash
from chain.record import Decided, verify_decided
from chain.snapshot import DecidedHeader, Manifest
from chain.snapshot_chunks import Row, WindowEntry, unpack_hand_overs, unpack_state, unpack_window
from chain.validators import ValidatorSet
from chain.vote import Height


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is believed before anything is read: the founders of a genesis document, and a checkpoint where there is one."""

    chain_id: str
    genesis_hash: Digest
    founders: ValidatorSet
    checkpoint: Checkpoint | None = None


def verify_manifest(manifest: Manifest, hand_overs: tuple[BundleBlock, ...], trust: Trust) -> None:
    """Checks everything that a manifest says but for its chunks; raises `Invalid`."""
    if manifest.genesis_hash != trust.genesis_hash:
        raise Invalid(
            f"expected a snapshot of genesis {trust.genesis_hash.hex()}, got {manifest.genesis_hash.hex()}"
        )
    last, following = manifest.last.header, manifest.following.header
    if len(hand_overs) > LINEAGE_CHANGES_MAX:
        raise Invalid(f"expected at most {LINEAGE_CHANGES_MAX} hand-overs, got {len(hand_overs)}")
    reigns = follow(Reign(validators=trust.founders, since=Height(1)), hand_overs, trust.chain_id)
    _check_decided(manifest.last, manifest.last_validators, reigns, trust.chain_id)
    _check_decided(manifest.following, manifest.validators, reigns, trust.chain_id)
    _check_next(last, following)
    _expect("next validators", following.next_validators_hash, manifest.next_validators.hash)
    _expect("parameters", following.parameters_hash, parameters_hash(manifest.parameters))
    if hand_overs and hand_overs[-1].header.height > last.height:
        raise Invalid(
            f"expected hand-overs up to block {last.height}, got one at {hand_overs[-1].header.height}"
        )
    if trust.checkpoint is not None:
        _check_checkpoint(manifest, reigns, trust.checkpoint)


def _check_checkpoint(manifest: Manifest, reigns: tuple[Reign, ...], checkpoint: Checkpoint) -> None:
    """That the snapshot is of the checkpoint's history; one that is further on is for the node that follows to reach."""
    height, following = checkpoint.height + 1, manifest.following.header.height
    if height > following + 1:
        return
    found = _find_reign(reigns, height).validators if height <= following else manifest.next_validators
    _expect(f"validators of height {height}, by the checkpoint", checkpoint.validators.hash, found.hash)
    check_checkpoint(checkpoint, manifest.following.header)


def check_checkpoint(checkpoint: Checkpoint | None, header: Header) -> None:
    """Checks that a header at the checkpoint's height is that of its block; raises `Invalid`."""
    if checkpoint is not None and header.height == checkpoint.height:
        _expect(f"block {header.height}, by the checkpoint", checkpoint.block_id, compute_block_id(header))


def _find_reign(reigns: tuple[Reign, ...], height: int) -> Reign:
    return next(reign for reign in reversed(reigns) if reign.since <= height)


def _check_decided(
    found: DecidedHeader, validators: ValidatorSet, reigns: tuple[Reign, ...], chain_id: str
) -> None:
    height = found.header.height
    if height < 1:
        raise Invalid(f"expected a block from height 1 on, got {height}")
    reigning = _find_reign(reigns, height).validators
    _expect(f"validators of block {height}", reigning.hash, validators.hash)
    verify_decided(Decided(header=found.header, certificate=found.certificate, validators=reigning), chain_id)


def _check_next(before: Header, after: Header) -> None:
    if after.height != before.height + 1:
        raise Invalid(f"expected block {before.height + 1} after block {before.height}, got {after.height}")
    _expect(f"block {before.height}", after.previous_block_id, compute_block_id(before))
    if after.time_ms <= before.time_ms:
        raise Invalid(
            f"block {after.height}: expected a time after {before.time_ms} ms, got {after.time_ms} ms"
        )


def _expect(what: str, expected: bytes, got: bytes) -> None:
    if expected != got:
        raise Invalid(f"{what}: expected {expected.hex()}, got {got.hex()}")


class WindowCheck:
    """The window of a snapshot, header after header; `parameters` are those in force at the last that was taken."""

    def __init__(self, last: Header) -> None:
        self._last = last
        self._before: Header | None = None
        self._parameters: Parameters | None = None

    def take(self, entry: WindowEntry) -> None:
        """Checks the next entry; raises `Invalid`."""
        header = entry.header
        if self._before is None:
            self._check_first(header)
        else:
            _check_next(self._before, header)
            if header.time_ms <= self._oldest_ms:
                raise Invalid(
                    f"window: expected to begin an hour before block {self._last.height}, got block {header.height}"
                )
        if header.chain_id != self._last.chain_id or header.height > self._last.height:
            raise Invalid(
                f"window: expected headers up to block {self._last.height} of {self._last.chain_id}, "
                f"got block {header.height} of {header.chain_id}"
            )
        self._check_ids(entry, self._check_parameters(entry))
        self._before = header

    def finish(self) -> None:
        """Checks that it went up to the last block; raises `Invalid`."""
        if self._before != self._last:
            reached = "nothing" if self._before is None else f"block {self._before.height}"
            raise Invalid(f"window: expected it to end with block {self._last.height}, got {reached}")

    @property
    def _oldest_ms(self) -> int:
        return self._last.time_ms - WINDOW_MS_MAX

    def _check_first(self, header: Header) -> None:
        if header.height != 1 and header.time_ms > self._oldest_ms:
            raise Invalid(
                f"window: expected it to go back to {self._oldest_ms} ms or to block 1, "
                f"got block {header.height} at {header.time_ms} ms"
            )

    def _check_parameters(self, entry: WindowEntry) -> Parameters:
        before = self._before
        is_new = before is None or before.parameters_hash != entry.header.parameters_hash
        if is_new is not (entry.parameters is not None):
            wanted = "parameters" if is_new else "no parameters"
            raise Invalid(f"window: expected {wanted} with block {entry.header.height}")
        parameters = entry.parameters or self._parameters
        assert parameters is not None, "the first entry has some"
        _expect(
            f"parameters of block {entry.header.height}",
            entry.header.parameters_hash,
            parameters_hash(parameters),
        )
        self._parameters = parameters
        return parameters

    def _check_ids(self, entry: WindowEntry, parameters: Parameters) -> None:
        header, ids = entry.header, entry.ids
        if (header.time_ms + parameters.window_ms > self._last.time_ms) is not (ids is not None):
            wanted = "ids" if ids is None else "no ids"
            raise Invalid(f"window: expected {wanted} of transactions with block {header.height}")
        if ids is not None:
            _expect(
                f"transactions of block {header.height}",
                header.transactions_root,
                compute_transactions_root(ids),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one chunk holds, of one kind alone."""

    hand_overs: tuple[BundleBlock, ...] = ()
    window: tuple[WindowEntry, ...] = ()
    rows: list[Row] | None = None


class SnapshotReader:
    """Takes the chunks of a snapshot in their order; raises `Invalid` for the first that is wrong, also when it is made.

    Nothing is kept but hand-overs: who calls writes the rest where it belongs, and throws it away where a later chunk is
    refused. `taken` chunks, `rows` of the state and `bytes` were read so far.
    """

    def __init__(self, manifest: Manifest, trust: Trust) -> None:
        self.manifest = manifest
        self._trust = trust
        self._chunks = manifest.chunks
        self._hand_overs: list[BundleBlock] = []
        self._window = WindowCheck(manifest.last.header)
        self._last_key: bytes | None = None
        self.taken = 0
        self.rows = 0
        self.bytes = 0
        if not manifest.hand_overs:
            self._end_hand_overs()

    @property
    def next_chunk(self) -> Digest | None:
        """The hash of the chunk that is to be taken next, None where all were taken."""
        return self._chunks[self.taken] if self.taken < len(self._chunks) else None

    def take(self, data: bytes) -> Taken:
        """The next chunk, checked; raises `Invalid`."""
        self._check_chunk(data)
        of_window = len(self.manifest.hand_overs)
        of_state = of_window + len(self.manifest.window)
        place, self.taken = self.taken, self.taken + 1
        self.bytes += len(data)
        if place < of_window:
            self._hand_overs.extend(blocks := unpack_hand_overs(data))
            if self.taken == of_window:
                self._end_hand_overs()
            return Taken(hand_overs=blocks)
        if place < of_state:
            entries = unpack_window(data)
            for entry in entries:
                check_checkpoint(self._trust.checkpoint, entry.header)
                self._window.take(entry)
            if self.taken == of_state:
                self._window.finish()
            return Taken(window=entries)
        return Taken(rows=self._take_rows(data))

    def finish(self) -> None:
        """Checks that nothing is missing; raises `Invalid`."""
        if self.taken != len(self._chunks):
            raise Invalid(f"expected {len(self._chunks)} chunks, got {self.taken}")
        self._window.finish()
        if (self.rows, self.bytes) != (self.manifest.rows, self.manifest.bytes):
            raise Invalid(
                f"expected {self.manifest.rows} entries in {self.manifest.bytes} bytes, "
                f"got {self.rows} in {self.bytes}"
            )

    def _check_chunk(self, data: bytes) -> None:
        expected = self.next_chunk
        if expected is None:
            raise Invalid(f"expected {len(self._chunks)} chunks, got another one")
        _expect(f"chunk {self.taken}", expected, sha256(data))

    def _end_hand_overs(self) -> None:
        if not self.manifest.window:
            raise Invalid("window: expected headers, got none")
        verify_manifest(self.manifest, tuple(self._hand_overs), self._trust)

    def _take_rows(self, data: bytes) -> list[Row]:
        rows = unpack_state(data)
        if self._last_key is not None and rows[0][0] <= self._last_key:
            raise Invalid(f"state: expected a key after {self._last_key.hex()}, got {rows[0][0].hex()}")
        self._last_key = rows[-1][0]
        self.rows += len(rows)
        if self.rows > self.manifest.rows:
            raise Invalid(f"state: expected {self.manifest.rows} entries, got {self.rows} or more")
        return rows
