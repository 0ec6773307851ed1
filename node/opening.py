"""Everything a node has on disk, opened in an order in which each check has what it needs.

Configuration, genesis document, keys, ledger, log, signer's record: each is whole by itself or refuses with a message of
its own, and at the end they are held against each other (`node.startcheck`). Nothing here repairs by guessing, and
nothing is written before everything was read, but for the first state of an empty ledger.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from chain.certificate import find_vote
from chain.checkpoint import Checkpoint
from chain.keys import SigningKey
from chain.limits import STORE_CHECKED_BLOCKS
from chain.vote import Vote
from consensus.inputs import VoteArrived
from genesis.ceremony import check_genesis
from genesis.document import Genesis
from genesis.file import GenesisRefused, read_genesis, render_genesis
from genesis.state import GenesisState
from machine.clock import SystemClock
from machine.faults import Damaged, Unusable
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.commit_log import CommitLog, find_contradiction, settle_commits
from node.config import Config
from node.divergence.keeping import check_diverged
from node.documents import DocumentLimits, DocumentStore
from node.head import genesis_head
from node.home import Home
from node.journal import Journal, Replay
from node.places import check_places
from node.search import SearchIndex
from node.signer import find_unrecorded
from node.signer_record import RECOVERY, SignerRecord
from node.snapshot.restoring import clear_building_places
from node.snapshot.shelf import Shelf
from node.startcheck import StartFinding, check_start
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.selfcheck import check_ledger
from node.store.store import MEND_ADVICE, Store
from node.trusted import check_contains, read_checkpoint
from vm.deployment import ModuleCache
from vm.executor import Governance, read_governance
from vm.host import BlockEnvironment

log = structlog.get_logger("node")
_FILES = DiskFiles()

AskPassphrase = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """What only a validator's home has."""

    key: SigningKey
    record: SignerRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A node's home, open and checked. `replay` is what the log remembers of the height under way; `start` says what the
    disk has lost, and from which height a validator may vote.
    """

    home: Home
    config: Config
    genesis: Genesis
    checkpoint: Checkpoint | None
    genesis_document: bytes
    node_key: SigningKey
    ledger: Ledger
    commits: CommitLog
    journal: Journal
    replay: Replay
    start: StartFinding
    governance: Governance
    documents: DocumentStore
    snapshots: Shelf
    search: SearchIndex
    validator: Validator | None


@contextmanager
def open_home(home: Home, config: Config, ask: AskPassphrase | None) -> Iterator[Opened]:
    """Opens everything, and closes it when the context ends.

    Raises:
        GenesisRefused: the genesis document.
        JoinRefused: the invitation that the node joined by.
        DiskFault: keys, ledger, log or record, each with its own kind; a ledger that diverged.
    """
    check_places(home, config, _FILES)
    genesis = read_genesis(home.genesis)
    checkpoint = read_checkpoint(home, genesis)
    node_key = read_key(home.node_key, KeyKind.NODE, ask)
    with ExitStack() as stack:
        ledger = _open_ledger(home, config, genesis)
        stack.callback(ledger.close)
        _clear_joining(home, home.store(config.store.directory))
        check_diverged(home.diverged, ledger, _FILES)
        check_contains(ledger, checkpoint, home.store(config.store.directory))
        journal = Journal(home.journal, genesis.chain_id, _FILES)
        stack.callback(journal.close)
        newest = journal.newest_height
        replay = journal.start_height(ledger.head.next_height)
        commits = _open_commits(home, genesis, ledger, home.store(config.store.directory))
        stack.callback(commits.close)
        validator = None
        if has_validator_key(home):
            key = read_key(home.validator_key, KeyKind.VALIDATOR, ask)
            record = SignerRecord(home.signer_record, key.address, genesis.chain_id, _FILES)
            stack.callback(record.close)
            check_record(record, ledger, replay)
            validator = Validator(key=key, record=record)
        start = _check_start(ledger, commits, newest, journal.mark, validator)
        journal.write_from(start.vote_from)
        governance = read_ledger_governance(ledger)
        if validator is None and any(
            entry.is_validator for entry in governance.nodes if entry.public == node_key.public
        ):
            log.warning("the members count on this node as a validator, but it has no validator's key")
        yield Opened(
            home=home,
            config=config,
            genesis=genesis,
            checkpoint=checkpoint,
            genesis_document=render_genesis(genesis).encode(),
            node_key=node_key,
            ledger=ledger,
            commits=commits,
            journal=journal,
            replay=replay,
            start=start,
            governance=governance,
            documents=_open_documents(home, config),
            snapshots=_open_snapshots(home),
            search=SearchIndex(
                home.search_index, genesis.hash, ledger, SystemClock(), is_kept=config.index.enabled
            ),
            validator=validator,
        )


def _open_commits(home: Home, genesis: Genesis, ledger: Ledger, store: Path) -> CommitLog:
    """Raises `Damaged` where it has other blocks than the ledger: what its chain of checks holds was once committed."""
    commits = CommitLog(home.commit_log, genesis.hash, _FILES)
    reason = find_contradiction(ledger, commits.commits[-STORE_CHECKED_BLOCKS:])
    if reason is not None:
        raise Damaged(store, reason, MEND_ADVICE)
    told = settle_commits(commits, ledger)
    if told is not None:
        log.error("the log of commits was damaged", what=told)
    return commits


def _check_start(
    ledger: Ledger,
    commits: CommitLog,
    journal_newest: int | None,
    journal_mark: int,
    validator: Validator | None,
) -> StartFinding:
    last_signed = None if validator is None else validator.record.last
    committed = 0 if commits.last is None else commits.last.height
    start = check_start(ledger.head.height, journal_newest, journal_mark, last_signed, committed)
    for loss in start.losses:
        log.error("something of this node's disk is lost", what=loss, votes_from=start.vote_from)
    return start


def has_validator_key(home: Home) -> bool:
    """Whether the home is a validator's. Raises `Unusable` where only the record of its signatures is left."""
    if home.validator_key.exists():
        return True
    if home.signer_record.exists():
        raise Unusable(
            home.validator_key,
            "this validator's key is not there, but its record of signatures is",
            "Put the key back from the backup. If this node shall decide no blocks any more, move away "
            f"{home.signer_record.parent} too",
        )
    return False


def check_record(record: SignerRecord, ledger: Ledger, replay: Replay) -> None:
    """Refuses a record that is older than what its own key has signed on this very disk: raises `Damaged`."""
    unrecorded = find_unrecorded(record, (*_own_precommits(record, ledger), *_own_logged(record, replay)))
    if unrecorded is not None:
        last = 0 if record.last is None else record.last.height
        raise Damaged(
            record.path,
            f"the signer's record ends at height {last}, but this validator's vote for height {unrecorded.height} "
            "is on this disk: the record is an old copy, or its end was cut off",
            RECOVERY,
        )


def _own_precommits(record: SignerRecord, ledger: Ledger) -> Iterator[Vote]:
    """From the certificates of the newest blocks."""
    newest = ledger.head.height
    kept = min(
        ledger.blocks_since, newest
    )  # after a snapshot there is the certificate of its height and no block yet
    for height in range(max(1, kept, newest - STORE_CHECKED_BLOCKS + 1), newest + 1):
        certificate, validators = ledger.certificate(height), ledger.validators(height)
        assert certificate is not None and validators is not None, "the ledger was checked a moment ago"
        signed = find_vote(certificate, validators, record.address)
        if signed is not None:
            yield signed.vote


def _own_logged(record: SignerRecord, replay: Replay) -> Iterator[Vote]:
    for remembered in replay.inputs:
        if isinstance(remembered, VoteArrived) and remembered.vote.vote.validator == record.address:
            yield remembered.vote.vote


def _open_ledger(home: Home, config: Config, genesis: Genesis) -> Ledger:
    path = home.store(config.store.directory)
    store = LevelStore(path, cache_bytes=config.store.cache_bytes)
    with ExitStack() as unless_opened:
        unless_opened.callback(store.close)
        ledger = Ledger.open(store, path, genesis.hash, config.retention.state_versions)
        if ledger is None:
            ledger = begin_ledger(store, path, genesis, config.retention.state_versions)
        else:
            check_ledger(store, ledger, path, STORE_CHECKED_BLOCKS)
            log.info("ledger opened", height=ledger.head.height, state_root=ledger.head.state_root.hex()[:16])
        unless_opened.pop_all()
    return ledger


def _clear_joining(home: Home, store: Path) -> None:
    """What an attempt to begin with a snapshot left: there is a ledger now, whatever it began with."""
    fetched = Shelf(home.joining, _FILES)
    for height in fetched.directories:
        fetched.remove(height)
    if not _FILES.list_names(home.joining):
        _FILES.remove_directory(home.joining)
    clear_building_places(store, _FILES)


def _open_documents(home: Home, config: Config) -> DocumentStore:
    limits = DocumentLimits(
        bytes_max=config.documents.bytes_max, owner_day_bytes_max=config.documents.owner_day_bytes_max
    )
    store = DocumentStore(home.documents(config.documents.directory), limits, _FILES)
    store.open(SystemClock().now_ms())
    return store


def _open_snapshots(home: Home) -> Shelf:
    shelf = Shelf(home.snapshots, _FILES)
    shelf.clear_half_made()
    return shelf


def begin_ledger(store: Store, path: Path, genesis: Genesis, versions_kept: int) -> Ledger:
    """The ledger at height 0, in an empty store; raises `GenesisRefused`."""
    if genesis.succession is not None:
        raise GenesisRefused(
            f"{genesis.chain_id} goes on from {genesis.succession.chain_id}, whose state is not in the document. "
            "Begin with it: terang succession begin; or join by snapshot: terang join --by snapshot"
        )
    return create_ledger(store, path, genesis, check_genesis(genesis).state, versions_kept)


def create_ledger(
    store: Store, path: Path, genesis: Genesis, state: GenesisState, versions_kept: int
) -> Ledger:
    """The ledger at height 0 with this state, in an empty store."""
    head = genesis_head(
        chain_id=genesis.chain_id,
        time_ms=genesis.time_ms,
        state_root=state.update.root,
        validators=state.governance.validators,
        parameters=state.governance.parameters,
    )
    log.info("ledger begun", chain_id=genesis.chain_id, genesis_hash=genesis.hash.hex())
    return Ledger.create(store, path, genesis.hash, head, state.update, versions_kept)


def read_ledger_governance(ledger: Ledger) -> Governance:
    """What the governance contract says at the head."""
    head = ledger.head
    environment = BlockEnvironment(chain_id=head.chain_id, height=head.height, time_ms=head.time_ms)
    return read_governance(ledger.state, environment, ModuleCache())
