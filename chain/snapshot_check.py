"""What is to be believed of a snapshot, and why: a reader that takes its chunks in order and refuses the first that is wrong.

    hand-overs   each is signed by more than two thirds of those who were handed over to before it, from the founders on
    manifest     headers H and H+1 are signed by those who reign then, follow each other, and name the sets and parameters
    window       each header names the one before it, up to header H; ids and parameters are those that it commits to; it
                 goes back an hour or to the first block
    state        keys rise from the first to the last; whether the entries are those of the root is for whoever builds the tree

A chunk is one that the manifest names before it is decoded. Everything up to the state is checked when the first entry of
the state is asked for: so a false manifest costs the few chunks before it, and not the whole of a state.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from chain.block import Header, compute_block_id, compute_transactions_root
from chain.bundle import BundleBlock
from chain.certificate import compute_signed_power
from chain.checkpoint import Checkpoint
from chain.errors import Invalid
from chain.hand_over import Reign, follow
from chain.hashing import Digest, sha256
from chain.limits import LINEAGE_CHANGES_MAX, WINDOW_MS_MAX
from chain.parameters import Parameters, parameters_hash
from chain.record import Decided, verify_decided
from chain.snapshot import Manifest
from chain.snapshot_chunks import Row, WindowEntry, unpack_hand_overs, unpack_state, unpack_window
from chain.validators import ValidatorSet
from chain.vote import Height


class Step(Enum):
    """What is checked, in this order. The root is for whoever builds the tree."""

    FORM = "form"
    GENESIS = "genesis"
    VALIDATORS = "validators"
    BLOCK = "block"
    NEXT = "next"
    CHECKPOINT = "checkpoint"
    WINDOW = "window"
    STATE = "state"
    ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One step that holds, and what it showed."""

    step: Step
    shown: str


class SnapshotRefused(Invalid):
    """A step fails; the message names it, what was expected and what came."""

    def __init__(self, step: Step, problem: str) -> None:
        super().__init__(f"snapshot, step {step.value}: {problem}")
        self.step = step


@contextmanager
def taking(step: Step) -> Iterator[None]:
    """What is wrong inside is told under the name of this step, if it has none yet."""
    try:
        yield
    except SnapshotRefused:
        raise
    except Invalid as error:
        raise SnapshotRefused(step, str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is believed before anything is read: the founders of a genesis document, and a checkpoint where there is one."""

    chain_id: str
    genesis_hash: Digest
    founders: ValidatorSet
    checkpoint: Checkpoint | None = None


def check_following(manifest: Manifest, chain_id: str) -> None:
    """Checks that H+1 is decided by the validators that the manifest names for it; who they are is not asked here. So a
    certificate that does not hold spoils no manifest that is the same but for it. Raises `Invalid`.
    """
    verify_decided(manifest.following, chain_id)


def verify_manifest(
    manifest: Manifest, hand_overs: tuple[BundleBlock, ...], trust: Trust
) -> tuple[Passed, ...]:
    """Checks everything that a manifest says but for its chunks; raises `SnapshotRefused`."""
    last, following = manifest.last.header, manifest.following.header
    with taking(Step.GENESIS):
        if manifest.genesis_hash != trust.genesis_hash:
            raise Invalid(
                f"expected a snapshot of genesis {trust.genesis_hash.hex()}, got {manifest.genesis_hash.hex()}"
            )
    with taking(Step.VALIDATORS):
        reigns = _follow(hand_overs, manifest, trust)
    with taking(Step.BLOCK):
        block = _check_decided(manifest.last, reigns, trust.chain_id)
    with taking(Step.NEXT):
        next_block = _check_decided(manifest.following, reigns, trust.chain_id)
        _check_next(last, following)
        _expect("next validators", following.next_validators_hash, manifest.next_validators.hash)
        _expect("parameters", following.parameters_hash, parameters_hash(manifest.parameters))
    passed = [
        Passed(step=Step.GENESIS, shown=f"{trust.chain_id}, {trust.genesis_hash.hex()}"),
        Passed(step=Step.VALIDATORS, shown=_tell_hand_overs(hand_overs)),
        Passed(step=Step.BLOCK, shown=block),
        Passed(step=Step.NEXT, shown=next_block),
    ]
    if trust.checkpoint is not None:
        with taking(Step.CHECKPOINT):
            shown = _check_checkpoint(manifest, reigns, trust.checkpoint)
        passed.append(Passed(step=Step.CHECKPOINT, shown=shown))
    return tuple(passed)


def _follow(hand_overs: tuple[BundleBlock, ...], manifest: Manifest, trust: Trust) -> tuple[Reign, ...]:
    if hand_overs and hand_overs[-1].header.height > manifest.height:
        raise Invalid(
            f"expected hand-overs up to block {manifest.height}, got one at {hand_overs[-1].header.height}"
        )
    return follow(Reign(validators=trust.founders, since=Height(1)), hand_overs, trust.chain_id)


def _tell_hand_overs(hand_overs: tuple[BundleBlock, ...]) -> str:
    if not hand_overs:
        return "the founders decide"
    places = ", ".join(str(block.header.height) for block in hand_overs[-8:])
    return f"{len(hand_overs)} hand-overs from the founders on, the last at {places}"


def _check_checkpoint(manifest: Manifest, reigns: tuple[Reign, ...], checkpoint: Checkpoint) -> str:
    """That the snapshot is of the checkpoint's history; one that is further on is for the node that follows to reach."""
    height, following = checkpoint.height + 1, manifest.following.header.height
    if height > following + 1:
        return f"block {checkpoint.height} is still ahead"
    found = _find_reign(reigns, height).validators if height <= following else manifest.next_validators
    _expect(f"validators of height {height}, by the checkpoint", checkpoint.validators.hash, found.hash)
    check_checkpoint(checkpoint, manifest.following.header)
    return f"block {checkpoint.height}, and who decides the next"


def check_checkpoint(checkpoint: Checkpoint | None, header: Header) -> None:
    """Checks that a header at the checkpoint's height is that of its block; raises `Invalid`."""
    if checkpoint is not None and header.height == checkpoint.height:
        _expect(f"block {header.height}, by the checkpoint", checkpoint.block_id, compute_block_id(header))


def _find_reign(reigns: tuple[Reign, ...], height: int) -> Reign:
    return next(reign for reign in reversed(reigns) if reign.since <= height)


def _check_decided(found: Decided, reigns: tuple[Reign, ...], chain_id: str) -> str:
    height = found.header.height
    if height < 1:
        raise Invalid(f"expected a block from height 1 on, got {height}")
    reigning = _find_reign(reigns, height).validators
    _expect(f"validators of block {height}", reigning.hash, found.validators.hash)
    verify_decided(found, chain_id)
    power = compute_signed_power(found.certificate, reigning)
    return f"block {height}, signed by {power} of {reigning.total_power}"


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
    """The window of a snapshot, header after header."""

    def __init__(self, last: Header) -> None:
        self._last = last
        self._before: Header | None = None
        self._parameters: Parameters | None = None
        self._headers = 0
        self._ids = 0

    def take(self, entry: WindowEntry) -> None:
        """Checks the next entry; raises `Invalid`."""
        header = entry.header
        if self._before is None:
            self._check_first(header)
        else:
            _check_next(self._before, header)
            if header.time_ms <= self._oldest_ms:
                raise Invalid(
                    f"expected to begin an hour before block {self._last.height}, got block {header.height}"
                )
        if header.chain_id != self._last.chain_id or header.height > self._last.height:
            raise Invalid(
                f"expected headers up to block {self._last.height} of {self._last.chain_id}, "
                f"got block {header.height} of {header.chain_id}"
            )
        self._check_ids(entry, self._check_parameters(entry))
        self._before = header
        self._headers += 1
        self._ids += len(entry.ids or ())

    def finish(self) -> str:
        """Checks that it went up to the last block, and tells what it was; raises `Invalid`."""
        if self._before != self._last:
            reached = "nothing" if self._before is None else f"block {self._before.height}"
            raise Invalid(f"expected it to end with block {self._last.height}, got {reached}")
        return f"{self._headers:,} headers with {self._ids:,} transactions that may not come again"

    @property
    def _oldest_ms(self) -> int:
        return self._last.time_ms - WINDOW_MS_MAX

    def _check_first(self, header: Header) -> None:
        if header.height != 1 and header.time_ms > self._oldest_ms:
            raise Invalid(
                f"expected it to go back to {self._oldest_ms} ms or to block 1, "
                f"got block {header.height} at {header.time_ms} ms"
            )

    def _check_parameters(self, entry: WindowEntry) -> Parameters:
        before = self._before
        is_new = before is None or before.parameters_hash != entry.header.parameters_hash
        if is_new is not (entry.parameters is not None):
            wanted = "parameters" if is_new else "no parameters"
            raise Invalid(f"expected {wanted} with block {entry.header.height}")
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
            raise Invalid(f"expected {wanted} of transactions with block {header.height}")
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
    """Takes the chunks of a snapshot in their order; raises `SnapshotRefused` for the first that is wrong, also when it is made.

    Nothing is kept but hand-overs: who calls writes the rest where it belongs, and throws it away where a later chunk is
    refused. `taken` chunks, `rows` of the state and `bytes` were read so far, and `passed` are the steps that hold.
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
        self.passed: list[Passed] = []
        if not manifest.hand_overs:
            self._end_hand_overs()

    @property
    def next_chunk(self) -> Digest | None:
        """The hash of the chunk that is to be taken next, None where all were taken."""
        return self._chunks[self.taken] if self.taken < len(self._chunks) else None

    def take(self, data: bytes) -> Taken:
        """The next chunk, checked; raises `SnapshotRefused`."""
        of_window = len(self.manifest.hand_overs)
        of_state = of_window + len(self.manifest.window)
        if self.taken < of_window:
            with taking(Step.VALIDATORS):
                return self._take_hand_overs(data, is_last=self.taken + 1 == of_window)
        if self.taken < of_state:
            with taking(Step.WINDOW):
                return self._take_window(data, is_last=self.taken + 1 == of_state)
        with taking(Step.STATE):
            return self._take_rows(data)

    def finish(self) -> None:
        """Checks that nothing is missing; raises `SnapshotRefused`."""
        with taking(Step.STATE):
            if self.taken != len(self._chunks):
                raise Invalid(f"expected {len(self._chunks)} chunks, got {self.taken}")
            if (self.rows, self.bytes) != (self.manifest.rows, self.manifest.bytes):
                raise Invalid(
                    f"expected {self.manifest.rows} entries in {self.manifest.bytes} bytes, "
                    f"got {self.rows} in {self.bytes}"
                )
        self._show(Step.STATE, f"{self.rows:,} entries in {self.taken} chunks of {self.bytes:,} bytes")

    def _accept(self, data: bytes) -> None:
        """The bytes are those that the manifest names next."""
        expected = self.next_chunk
        if expected is None:
            raise Invalid(f"expected {len(self._chunks)} chunks, got another one")
        _expect(f"chunk {self.taken}", expected, sha256(data))
        self.taken += 1
        self.bytes += len(data)

    def _take_hand_overs(self, data: bytes, *, is_last: bool) -> Taken:
        self._accept(data)
        blocks = unpack_hand_overs(data)
        self._hand_overs.extend(blocks)
        if len(self._hand_overs) > LINEAGE_CHANGES_MAX:
            raise Invalid(f"expected at most {LINEAGE_CHANGES_MAX} hand-overs, got more")
        if is_last:
            self._end_hand_overs()
        return Taken(hand_overs=blocks)

    def _end_hand_overs(self) -> None:
        self.passed.extend(verify_manifest(self.manifest, tuple(self._hand_overs), self._trust))
        if not self.manifest.window:
            raise SnapshotRefused(Step.WINDOW, "expected headers, got none")

    def _take_window(self, data: bytes, *, is_last: bool) -> Taken:
        self._accept(data)
        entries = unpack_window(data)
        for entry in entries:
            check_checkpoint(self._trust.checkpoint, entry.header)
            self._window.take(entry)
        if is_last:
            self._show(Step.WINDOW, self._window.finish())
        return Taken(window=entries)

    def _take_rows(self, data: bytes) -> Taken:
        self._accept(data)
        rows = unpack_state(data)
        if self._last_key is not None and rows[0][0] <= self._last_key:
            raise Invalid(f"expected a key after {self._last_key.hex()}, got {rows[0][0].hex()}")
        self._last_key = rows[-1][0]
        self.rows += len(rows)
        if self.rows > self.manifest.rows:
            raise Invalid(f"expected {self.manifest.rows} entries, got {self.rows} or more")
        return Taken(rows=rows)

    def _show(self, step: Step, shown: str) -> None:
        self.passed.append(Passed(step=step, shown=shown))
