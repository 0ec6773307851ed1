"""`terang doctor`: everything of a home directory that can keep a node from starting, or make it stop later.

Part after part, in the order in which a start needs them, each as a finding with the next step. Nothing is repaired and
nothing of ours is written: log and record are read through files that only look. Only LevelDB, which cannot be opened
without settling its own log, does what it does at every start; so while a node runs from the home, its ledger and log are
left to it, and the rest is examined.
"""

import errno
import shutil
import socket
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

from chain.errors import Invalid, Malformed
from chain.keys import format_address
from chain.limits import DISK_FREE_BYTES_MIN, STORE_CHECKED_BLOCKS
from chain.time import format_time
from genesis.document import Genesis
from genesis.file import read_genesis
from machine.clock import SystemClock, is_synchronised
from machine.faults import DiskFault, InUse
from machine.files import WatchedFiles
from machine.keyfile import KeyInfo, KeyKind, read_key_info
from node.assembly import peer_addresses
from node.commit_log import CommitLog
from node.config import Config, ConfigError, read_config
from node.divergence.keeping import check_diverged
from node.home import Home
from node.index.file import IndexDamaged
from node.journal import Journal
from node.opening import check_record, has_validator_key, read_ledger_governance
from node.search import SearchIndex
from node.signer_record import SignerRecord
from node.startcheck import check_start
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.selfcheck import check_ledger
from node.store.walk import walk_ledger
from p2p.network import PeerAddress

_FILES = WatchedFiles()
_CONNECT_S = 2.0
_GIB = 1024**3
Found = TypeVar("Found")


class Verdict(Enum):
    """What a finding means for the operator."""

    FINE = "ok"
    NOTICE = "look"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: which part, how it is, what was found, and the next step where there is one."""

    part: str
    verdict: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How thoroughly to look. `is_deep`: every block and every row; `tell` hears what is under way, and how far."""

    now_ms: int
    is_deep: bool
    tell: Callable[[str, int], None]


Findings = Generator[Finding, None, Found]


def examine(home: Home, look: Look) -> Iterator[Finding]:
    """Everything that was found, as it is found."""
    config = yield from _try(
        "configuration", lambda: read_config(home.config), lambda one: f"{one.moniker}: {home.config}"
    )
    genesis = yield from _try(
        "genesis",
        lambda: read_genesis(home.genesis),
        lambda one: f"{one.chain_id}, hash {one.hash.hex()}",
    )
    node_key = yield from _try("node key", lambda: _read_key(home.node_key, KeyKind.NODE), _describe_key)
    validator = yield from _examine_validator_key(home)
    record = yield from _examine_record(home, genesis, validator)
    if config is not None and genesis is not None:
        yield from _examine_ledger(home, config, genesis, record, look)
    yield _find_clock(look)
    yield from _examine_disk(home)
    if config is not None:
        yield from _examine_addresses(config)
    if config is not None and node_key is not None:
        for peer in peer_addresses(config, node_key.public):
            yield _find_peer(peer)


def _try(part: str, work: Callable[[], Found], describe: Callable[[Found], str]) -> Findings[Found | None]:
    """What the work gives; where it cannot, the finding says so and there is nothing."""
    try:
        found = work()
    except DiskFault as fault:
        yield _make_wrong(part, fault)
        return None
    except (ConfigError, Invalid) as error:
        yield Finding(part=part, verdict=Verdict.WRONG, found=str(error))
        return None
    yield Finding(part=part, verdict=Verdict.FINE, found=describe(found))
    return found


def _make_wrong(part: str, fault: DiskFault) -> Finding:
    return Finding(
        part=part, verdict=Verdict.WRONG, found=f"{fault.path}: {fault.problem}", advice=fault.advice
    )


def _read_key(path: Path, kind: KeyKind) -> KeyInfo:
    info = read_key_info(path)
    if info.kind is not kind:
        raise Malformed(f"{path}: expected a {kind} key, got a {info.kind} key")
    return info


def _describe_key(info: KeyInfo) -> str:
    shown = info.address.hex() if info.kind is KeyKind.NODE else format_address(info.address)
    return f"{shown}{', encrypted: not opened here' if info.is_encrypted else ''}"


def _examine_validator_key(home: Home) -> Findings[KeyInfo | None]:
    try:
        if has_validator_key(home):
            return (
                yield from _try(
                    "validator key", lambda: _read_key(home.validator_key, KeyKind.VALIDATOR), _describe_key
                )
            )
    except DiskFault as fault:
        yield _make_wrong("validator key", fault)
    else:
        yield Finding(part="validator key", verdict=Verdict.FINE, found="none: this is a full node")
    return None


def _examine_record(
    home: Home, genesis: Genesis | None, validator: KeyInfo | None
) -> Findings[SignerRecord | None]:
    if genesis is None or validator is None:
        return None
    record = yield from _try(
        "signer's record",
        lambda: SignerRecord(home.signer_record, validator.address, genesis.chain_id, _FILES),
        _describe_record,
    )
    return record


def _describe_record(record: SignerRecord) -> str:
    if record.last is None:
        return f"nothing signed yet; signs above height {record.floor}"
    return f"last signed at height {record.last.height}, round {record.last.round}"


def _examine_ledger(
    home: Home, config: Config, genesis: Genesis, record: SignerRecord | None, look: Look
) -> Findings[None]:
    path = home.store(config.store.directory)
    if not path.exists():
        yield Finding(
            part="ledger", verdict=Verdict.NOTICE, found="none yet", advice="The first start begins it"
        )
        return
    try:
        with closing(LevelStore(path, cache_bytes=config.store.cache_bytes)) as store:
            yield from _examine_store(store, path, genesis, record, look, home)
    except InUse:
        yield Finding(
            part="ledger",
            verdict=Verdict.NOTICE,
            found="a node runs from this home; its ledger and log are its own now",
            advice="Ask it with: terang status. Stop it first to have them examined",
        )
    except DiskFault as fault:
        yield _make_wrong("ledger", fault)


def _examine_store(
    store: LevelStore, path: Path, genesis: Genesis, record: SignerRecord | None, look: Look, home: Home
) -> Findings[None]:
    """Raises `DiskFault` for what is wrong with the ledger."""
    ledger = Ledger.open(store, path, genesis.hash)
    if ledger is None:
        yield Finding(
            part="ledger", verdict=Verdict.NOTICE, found="it is empty", advice="The first start begins it"
        )
        return
    head = ledger.head
    depth = STORE_CHECKED_BLOCKS
    check_ledger(store, ledger, path, depth, lambda height: look.tell("blocks", height))
    kept = head.next_height - ledger.blocks_since
    checked = f"height {head.height}, the newest {min(depth, kept)} of {kept} blocks are whole"
    if look.is_deep:
        checked = f"height {head.height}, all {kept} blocks and {_walk(ledger, look)} rows are whole"
    yield Finding(part="ledger", verdict=Verdict.FINE, found=checked)
    try:
        check_diverged(home.diverged, ledger, _FILES)
    except DiskFault as fault:
        yield _make_wrong("divergence", fault)
    if look.is_deep and home.search_index.exists():
        yield _examine_index(ledger, genesis, home, look)
    yield from _examine_place(ledger, record)
    if record is not None:
        yield from _try(
            "log", lambda: _find_losses(ledger, record, home, genesis), lambda losses: losses or "it fits"
        )
    if head.time_ms > look.now_ms:
        yield Finding(
            part="clock",
            verdict=Verdict.WRONG,
            found=f"it says {format_time(look.now_ms)}, but the newest block is of {format_time(head.time_ms)}",
            advice="Set this machine's clock, best by NTP",
        )


def _examine_index(ledger: Ledger, genesis: Genesis, home: Home, look: Look) -> Finding:
    index = SearchIndex(home.search_index, genesis.hash, ledger, SystemClock())
    try:
        height = index.check(lambda height: look.tell("index", height))
    except IndexDamaged as damage:
        return Finding(
            part="index",
            verdict=Verdict.NOTICE,
            found=f"it is not as the ledger says: {damage}",
            advice=f"The node makes it anew when it notices; at once: terang index rebuild --home {home.path}",
        )
    return Finding(
        part="index", verdict=Verdict.FINE, found=f"it has what the ledger has, up to block {height}"
    )


def _walk(ledger: Ledger, look: Look) -> int:
    """Everything held against everything; how many rows there are. Raises `Damaged`."""
    found: Counter[str] = Counter()

    def tell(what: str, count: int) -> None:
        found[what] = count
        look.tell(what, count)

    deque(walk_ledger(ledger.snapshot, tell), maxlen=0)
    return found["rows"]


def _examine_place(ledger: Ledger, record: SignerRecord | None) -> Findings[None]:
    """Whether the network still counts this validator among those who decide."""
    if record is None:
        return
    if any(one.address == record.address for one in read_ledger_governance(ledger).validators.validators):
        yield Finding(part="validators", verdict=Verdict.FINE, found="this key is among those who decide")
    else:
        yield Finding(
            part="validators",
            verdict=Verdict.NOTICE,
            found=f"at height {ledger.head.height} this key is not among those who decide",
            advice="It reads along until the members vote it in: terang query governance member_list",
        )


def _find_losses(ledger: Ledger, record: SignerRecord, home: Home, genesis: Genesis) -> str:
    """What ledger, log and record say of each other. Raises `DiskFault`."""
    journal = Journal(home.journal, genesis.chain_id, _FILES)
    newest = journal.newest_height
    replay = journal.start_height(ledger.head.next_height)
    check_record(record, ledger, replay)
    commits = CommitLog(home.commit_log, genesis.hash, _FILES)
    committed = 0 if commits.last is None else commits.last.height
    start = check_start(ledger.head.height, newest, journal.mark, record.last, committed)
    if not start.losses:
        return ""
    return f"{'; '.join(start.losses)}: it votes from height {start.vote_from} on"


def _find_clock(look: Look) -> Finding:
    synchronised = is_synchronised()
    if synchronised:
        return Finding(
            part="clock", verdict=Verdict.FINE, found=f"{format_time(look.now_ms)}, kept by the system"
        )
    told = "nothing keeps it right" if synchronised is False else "the system does not tell who keeps it"
    return Finding(
        part="clock",
        verdict=Verdict.NOTICE,
        found=f"{format_time(look.now_ms)}; {told}",
        advice="Run an NTP client: a validator half a second off has its proposals refused",
    )


def _examine_disk(home: Home) -> Findings[None]:
    if not home.path.is_dir():
        yield Finding(
            part="disk",
            verdict=Verdict.WRONG,
            found=f"{home.path} is no directory",
            advice="Give the node's directory with --home, or make one with: terang init",
        )
        return
    free = shutil.disk_usage(home.path).free
    yield Finding(
        part="disk",
        verdict=Verdict.FINE if free >= DISK_FREE_BYTES_MIN else Verdict.WRONG,
        found=f"{free / _GIB:.1f} GiB are free",
        advice="" if free >= DISK_FREE_BYTES_MIN else "Free some space: a full disk stops the node",
    )


def _examine_addresses(config: Config) -> Findings[None]:
    for section, address, port in (
        ("p2p", config.p2p.address, config.p2p.port),
        ("rpc", config.rpc.address, config.rpc.port),
    ):
        yield _find_address(section, address, port)


def _find_address(section: str, address: str, port: int) -> Finding:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((address, port))
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            return Finding(
                part=section,
                verdict=Verdict.NOTICE if in_use else Verdict.WRONG,
                found=f"{address}:{port}: {error.strerror}",
                advice="By this node, if it runs; else stop what listens there"
                if in_use
                else f"Set {section}.address to an address that this machine has",
            )
    return Finding(part=section, verdict=Verdict.FINE, found=f"{address}:{port} is free")


def _find_peer(peer: PeerAddress) -> Finding:
    place = f"{peer.host}:{peer.port}"
    try:
        socket.create_connection((peer.host, peer.port), _CONNECT_S).close()
    except OSError as error:
        return Finding(
            part="peer",
            verdict=Verdict.NOTICE,
            found=f"{place} does not answer: {error.strerror or error}",
            advice="Ask its operator, or look at what stands between: its port must be reachable",
        )
    return Finding(part="peer", verdict=Verdict.FINE, found=f"{place} answers")
