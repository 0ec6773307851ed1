"""What an operator sets for one node: one TOML file, and where everything of a node lies under its home.

The dataclasses below are the whole table: name, type, default, rule, and the comment that `terang init` writes above the
key. What members govern together (block sizes, time-outs) is not here but on the ledger, and walls that nobody needs
to move stand in `chain.limits`. An unknown key is refused with the nearest known name: a misspelt one that is silently
ignored is worse than a node that does not start.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from chain.limits import CONFIG_FILE_BYTES_MAX, NAME_BYTES_MAX
from node.config_rules import Choice, ListOf, Rule, Text, Whole
from node.files import DiskFiles, replace_file

_MB = 1024 * 1024
_PORT = Whole(0, 65_535)
_HOST = Text(r"[0-9A-Za-z.:\-]{1,255}", "a host name or an IP address")
_PLACE = Text(r"|[0-9A-Za-z.:\-\[\]]{1,255}:\d{1,5}", '"host:port", or "" for none')
_PEER = Text(
    r"[0-9a-f]{40}@[0-9A-Za-z.:\-\[\]]{1,255}:\d{1,5}", '"id@host:port" with an id of 40 lower-case digits'
)


class ConfigError(Exception):
    """The configuration cannot be used; the message names file and key, what was expected and what came."""


class _Section(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=_Section)


def _key(default: Any, rule: Rule, comment: str) -> Any:
    """A key of the file: its default, rule and comment."""
    assert rule.find_expected(default) is None, f"the default {default!r} breaks its own rule"
    return field(default=default, metadata={"rule": rule, "comment": comment})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkConfig:
    """[p2p]: links to other nodes."""

    address: str = _key("0.0.0.0", _HOST, "Where this node listens for others.")
    port: int = _key(26656, _PORT, "0 lets the system choose a free one.")
    external: str = _key("", _PLACE, "Under which others reach it, if that is another place.")
    persistent_peers: tuple[str, ...] = _key(
        (),
        ListOf(_PEER),
        'Nodes that are dialled for ever: "id@host:port"; an id is shown by: terang keys show',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcConfig:
    """[rpc]: JSON-RPC over HTTP and WebSocket, and /metrics."""

    address: str = _key(
        "127.0.0.1", _HOST, "Where clients connect. Beyond this machine put a TLS proxy in front."
    )
    port: int = _key(26657, _PORT, "0 lets the system choose a free one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusConfig:
    """[consensus]: what this node may choose for itself; time-outs are governed on the ledger."""

    block_pause_ms: int = _key(
        0,
        Whole(0, 60_000),
        "How long a proposer collects transactions first; at most half of what others wait.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolConfig:
    """[mempool]: transactions that wait for a block here."""

    transactions_max: int = _key(50_000, Whole(1, 1_000_000), "How many may wait.")
    bytes_max: int = _key(64 * _MB, Whole(_MB, 4096 * _MB), "Their size in all.")
    sender_transactions_max: int = _key(10_000, Whole(1, 1_000_000), "How many of one sender may wait.")
    check_threads: int = _key(2, Whole(1, 64), "Threads that verify signatures.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """[store]: the ledger on disk."""

    directory: str = _key(
        "data/store", Text(r".{1,4096}", "a path"), "Relative to the node's home, or absolute."
    )
    cache_bytes: int = _key(32 * _MB, Whole(_MB, 65_536 * _MB), "Memory for what was read lately.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """[log]: what the node writes to its standard error."""

    level: str = _key("info", Choice(("debug", "info", "warning", "error")), "The least that is written.")
    format: str = _key("text", Choice(("text", "json")), "Lines for people, or one JSON object a line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One node's configuration. A key that is left out has its default."""

    moniker: str = _key(
        "terang",
        Text(rf"[^\x00-\x1f\"\\]{{1,{NAME_BYTES_MAX}}}", "1 to 64 printable characters"),
        "Name shown to others.",
    )
    p2p: LinkConfig = field(default_factory=LinkConfig)
    rpc: RpcConfig = field(default_factory=RpcConfig)
    consensus: ConsensusConfig = field(default_factory=ConsensusConfig)
    mempool: MempoolConfig = field(default_factory=MempoolConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    log: LogConfig = field(default_factory=LogConfig)


_SECTIONS: dict[str, type[_Section]] = {
    "p2p": LinkConfig,
    "rpc": RpcConfig,
    "consensus": ConsensusConfig,
    "mempool": MempoolConfig,
    "store": StoreConfig,
    "log": LogConfig,
}


def read_config(path: Path) -> Config:
    """The configuration in the file.

    Raises:
        ConfigError: not there, not TOML, an unknown key, or a value that its rule refuses.
        DiskFault: the operating system refuses to read it.
    """
    data = DiskFiles().read(path)
    if data is None:
        raise ConfigError(f"{path}: there is no configuration; make one with: terang init")
    if len(data) > CONFIG_FILE_BYTES_MAX:
        raise ConfigError(f"{path}: expected at most {CONFIG_FILE_BYTES_MAX} bytes, got {len(data)}")
    try:
        table = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML: {error}") from error
    return parse_config(table, str(path))


def parse_config(table: Mapping[str, object], source: str) -> Config:
    """The configuration of a parsed document; `source` is named in errors."""
    own = {name: value for name, value in table.items() if name not in _SECTIONS}
    top = _parse_section(Config, own, "", source)
    parsed = {name: _parse_named(name, table.get(name, {}), source) for name in _SECTIONS}
    return Config(moniker=top.moniker, **parsed)


def format_config(config: Config) -> str:
    """The file's text, every key with its comment."""
    lines = [
        "# Configuration of one Terang node. Keys that are left out have the values shown here by `terang init`."
    ]
    for name, value in [("", config), *((name, getattr(config, name)) for name in _SECTIONS)]:
        lines += ["", f"[{name}]"] if name else [""]
        for one in _keys(type(value)).values():
            lines += [
                f"# {one.metadata['comment']}",
                f"{one.name} = {_format_value(getattr(value, one.name))}",
            ]
    return "\n".join([*lines, ""])


def write_config(path: Path, config: Config) -> None:
    """Writes the file, in the place of one that may be there."""
    files = DiskFiles()
    files.make_directory(path.parent)
    replace_file(files, path, format_config(config).encode())


def _keys(section: type[_Section]) -> dict[str, Field[Any]]:
    return {one.name: one for one in fields(section) if "rule" in one.metadata}


def _parse_named(name: str, table: object, source: str) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"{source}: expected [{name}] to be a section, got {table!r}")
    return _parse_section(_SECTIONS[name], table, f"{name}.", source)


def _parse_section(section: type[T], table: Mapping[str, object], prefix: str, source: str) -> T:
    known = _keys(section)
    values: dict[str, object] = {}
    for name, value in table.items():
        if name not in known:
            raise ConfigError(f"{source}: unknown key {prefix}{name}{_suggest(name, known, prefix)}")
        expected = known[name].metadata["rule"].find_expected(value)
        if expected is not None:
            raise ConfigError(f"{source}: {prefix}{name}: expected {expected}, got {value!r}")
        values[name] = tuple(value) if isinstance(value, list) else value
    return section(**values)


def _suggest(name: str, known: Mapping[str, object], prefix: str) -> str:
    """The nearest name, in this section first and then among all."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean {prefix}{near[0]}?"
    everywhere = {one: f"{section}.{one}" for section, kind in _SECTIONS.items() for one in _keys(kind)}
    everywhere |= {section: f"[{section}]" for section in _SECTIONS}
    near = get_close_matches(name, everywhere, n=1)
    return f"; did you mean {everywhere[near[0]]}?" if near else f"; known here are {', '.join(known)}"


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_format_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
