"""What an operator sets for one node: one TOML file, and where everything of a node lies under its home.

The dataclasses below are the whole table: name, type, default, rule, and the comment that `terang init` writes above the
key. What members govern together (block sizes, time-outs) is not here but on the ledger, and walls that nobody needs
to move stand in `chain.limits`. An unknown key is refused with the nearest known name: a misspelt one that is silently
ignored is worse than a node that does not start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chain.checkpoint import NODE_ADDRESS
from chain.limits import NAME_BYTES_MAX, SNAPSHOTS_KEPT_MAX, STATE_VERSIONS_KEPT
from machine.setting_rules import Choice, ListOf, Switch, Text, Whole
from machine.settings import (
    ConfigError,
    format_settings,
    key,
    parse_settings,
    read_settings,
    write_settings,
)

__all__ = [
    "Config",
    "ConfigError",
    "DocumentsConfig",
    "IndexConfig",
    "LinkConfig",
    "LogConfig",
    "RetentionConfig",
    "RpcConfig",
    "ScrubConfig",
    "SnapshotsConfig",
    "format_config",
    "parse_config",
    "read_config",
    "write_config",
]

_HEAD = (
    "Configuration of one Terang node. Keys that are left out have the values shown here by `terang init`."
)
_MB = 1024 * 1024
_PORT = Whole(0, 65_535)
_HOST = Text(r"[0-9A-Za-z.:\-]{1,255}", "a host name or an IP address")
_PLACE = Text(r"|[0-9A-Za-z.:\-\[\]]{1,255}:\d{1,5}", '"host:port", or "" for none')
_PEER = Text(NODE_ADDRESS, '"id@host:port" with an id of 40 lower-case digits')


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfig:
    """[p2p]: links to other nodes."""

    address: str = key("0.0.0.0", _HOST, "Where this node listens for others.")
    port: int = key(26656, _PORT, "0 lets the system choose a free one.")
    external: str = key("", _PLACE, "Under which others reach it, if that is another place.")
    persistent_peers: tuple[str, ...] = key(
        (),
        ListOf(_PEER),
        'Nodes that are dialled for ever: "id@host:port"; an id is shown by: terang keys show. Everybody may have the same list.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcConfig:
    """[rpc]: JSON-RPC over HTTP and WebSocket, and /metrics."""

    address: str = key(
        "127.0.0.1", _HOST, "Where clients connect. Beyond this machine put a TLS proxy in front."
    )
    port: int = key(26657, _PORT, "0 lets the system choose a free one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusConfig:
    """[consensus]: what this node may choose for itself; time-outs are governed on the ledger."""

    block_pause_ms: int = key(
        0,
        Whole(0, 60_000),
        "How long a proposer collects transactions first; at most half of what others wait.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolConfig:
    """[mempool]: transactions that wait for a block here."""

    transactions_max: int = key(50_000, Whole(1, 1_000_000), "How many may wait.")
    bytes_max: int = key(64 * _MB, Whole(_MB, 4096 * _MB), "Their size in all.")
    sender_transactions_max: int = key(10_000, Whole(1, 1_000_000), "How many of one sender may wait.")
    check_threads: int = key(2, Whole(1, 64), "Threads that verify signatures.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """[store]: the ledger on disk."""

    directory: str = key(
        "data/store", Text(r".{1,4096}", "a path"), "Relative to the node's home, or absolute."
    )
    cache_bytes: int = key(32 * _MB, Whole(_MB, 65_536 * _MB), "Memory for what was read lately.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionConfig:
    """[retention]: how much of the past this node keeps. Headers, certificates, validators and parameters are kept for ever."""

    role: str = key(
        "archive",
        Choice(("archive", "full")),
        'An "archive" keeps every block; a "full" node as far back as the next two keys say.',
    )
    blocks_days: int = key(
        30, Whole(1, 36_500), "A full node keeps blocks, results and index of so many days of block time."
    )
    blocks_bytes_max: int = key(
        0,
        Whole(0, 2**50),
        "And of those no more bytes than this, as near as the last hour and the store's tables allow; 0: as many as come.",
    )
    state_versions: int = key(
        STATE_VERSIONS_KEPT,
        Whole(1, 1_000),
        "How many heights back the state can be read and proved, in either role.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsConfig:
    """[documents]: encrypted documents that this node keeps for others."""

    directory: str = key(
        "data/documents", Text(r".{1,4096}", "a path"), "Relative to the node's home, or absolute."
    )
    bytes_max: int = key(10_240 * _MB, Whole(0, 1_048_576 * _MB), "Their size in all; 0 keeps none.")
    owner_day_bytes_max: int = key(
        512 * _MB, Whole(0, 1_048_576 * _MB), "What one owner may put here within a day (UTC)."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """[index]: which transactions announced what, for whoever searches."""

    enabled: bool = key(
        True, Switch(), "Whether this node keeps one; without it tx_search and block_search are refused."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotsConfig:
    """[snapshots]: from which new nodes begin without the blocks before them."""

    interval: int = key(
        10_000, Whole(0, 10_000_000), "After every so many blocks this node makes one; 0 makes none."
    )
    kept: int = key(2, Whole(1, SNAPSHOTS_KEPT_MAX), "How many it keeps and gives to others; older ones go.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubConfig:
    """[scrub]: reading everything again while idle, so that a disk that decays is noticed."""

    bytes_per_second: int = key(
        1 * _MB, Whole(0, 1024 * _MB), "How fast: 1 MB is 86 GB a day; 0 does without."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """[log]: what the node writes to its standard error."""

    level: str = key("info", Choice(("debug", "info", "warning", "error")), "The least that is written.")
    format: str = key("text", Choice(("text", "json")), "Lines for people, or one JSON object a line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One node's configuration. A key that is left out has its default."""

    moniker: str = key(
        "terang",
        Text(rf"[^\x00-\x1f\"\\]{{1,{NAME_BYTES_MAX}}}", "1 to 64 printable characters"),
        "Name shown to others.",
    )
    p2p: LinkConfig = field(default_factory=LinkConfig)
    rpc: RpcConfig = field(default_factory=RpcConfig)
    consensus: ConsensusConfig = field(default_factory=ConsensusConfig)
    mempool: MempoolConfig = field(default_factory=MempoolConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    documents: DocumentsConfig = field(default_factory=DocumentsConfig)
    index: IndexConfig = field(default_factory=IndexConfig)
    snapshots: SnapshotsConfig = field(default_factory=SnapshotsConfig)
    scrub: ScrubConfig = field(default_factory=ScrubConfig)
    log: LogConfig = field(default_factory=LogConfig)


def read_config(path: Path) -> Config:
    """The configuration in the file; raises as `read_settings`."""
    return read_settings(Config, path, "make one with: terang init")


def parse_config(table: Mapping[str, object], source: str) -> Config:
    """The configuration of a parsed document; `source` is named in errors."""
    return parse_settings(Config, table, source)


def format_config(config: Config) -> str:
    """The file's text, every key with its comment."""
    return format_settings(config, _HEAD)


def write_config(path: Path, config: Config) -> None:
    """Writes the file, in the place of one that may be there."""
    write_settings(path, config, _HEAD)
