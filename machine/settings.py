"""What an operator sets for one process: a TOML file whose table is a frozen dataclass.

A dataclass states the whole table: name, type, default, rule, and the comment that is written above the key; a field
that is such a dataclass itself is a section. An unknown key is refused with the nearest known name: a misspelt one that
is silently ignored is worse than a process that does not start.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import Field, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from chain.limits import CONFIG_FILE_BYTES_MAX
from machine.files import DiskFiles, replace_file
from machine.setting_rules import Rule


class ConfigError(Exception):
    """The configuration cannot be used; the message names file and key, what was expected and what came."""


class Section(Protocol):
    """A dataclass of keys made with `key`."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=Section)


def key(default: Any, rule: Rule, comment: str) -> Any:
    """A key of the file: its default, rule and comment."""
    assert rule.find_expected(default) is None, f"the default {default!r} breaks its own rule"
    return field(default=default, metadata={"rule": rule, "comment": comment})


def read_settings(kind: type[T], path: Path, advice: str) -> T:
    """The settings in the file; `advice` says how to make one.

    Raises:
        ConfigError: not there, not TOML, an unknown key, or a value that its rule refuses.
        DiskFault: the operating system refuses to read it.
    """
    data = DiskFiles().read(path)
    if data is None:
        raise ConfigError(f"{path}: there is no configuration; {advice}")
    if len(data) > CONFIG_FILE_BYTES_MAX:
        raise ConfigError(f"{path}: expected at most {CONFIG_FILE_BYTES_MAX} bytes, got {len(data)}")
    try:
        table = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML: {error}") from error
    return parse_settings(kind, table, str(path))


def parse_settings(kind: type[T], table: Mapping[str, object], source: str) -> T:
    """The settings of a parsed document; `source` is named in errors."""
    sections = _sections(kind)
    own = {name: value for name, value in table.items() if name not in sections}
    values = _parse_section(kind, own, "", source, sections)
    for name, section in sections.items():
        given = table.get(name, {})
        if not isinstance(given, dict):
            raise ConfigError(f"{source}: expected [{name}] to be a section, got {given!r}")
        values[name] = section(**_parse_section(section, given, f"{name}.", source, sections))
    return kind(**values)


def format_settings(settings: Section, head: str) -> str:
    """The file's text, every key with its comment; `head` is the comment at its top."""
    lines = [f"# {head}"]
    for name, value in [
        ("", settings),
        *((name, getattr(settings, name)) for name in _sections(type(settings))),
    ]:
        lines += ["", f"[{name}]"] if name else [""]
        for one in _keys(type(value)).values():
            lines += [
                f"# {one.metadata['comment']}",
                f"{one.name} = {_format_value(getattr(value, one.name))}",
            ]
    return "\n".join([*lines, ""])


def write_settings(path: Path, settings: Section, head: str) -> None:
    """Writes the file, in the place of one that may be there."""
    files = DiskFiles()
    files.make_directory(path.parent)
    replace_file(files, path, format_settings(settings, head).encode())


def _keys(section: type[Section]) -> dict[str, Field[Any]]:
    return {one.name: one for one in fields(section) if "rule" in one.metadata}


def _sections(kind: type[Section]) -> dict[str, Any]:
    return {one.name: one.default_factory for one in fields(kind) if "rule" not in one.metadata}


def _parse_section(
    section: type[Section],
    table: Mapping[str, object],
    prefix: str,
    source: str,
    sections: Mapping[str, type[Section]],
) -> dict[str, Any]:
    known = _keys(section)
    values: dict[str, object] = {}
    for name, value in table.items():
        if name not in known:
            raise ConfigError(
                f"{source}: unknown key {prefix}{name}{_suggest(name, known, prefix, sections)}"
            )
        expected = known[name].metadata["rule"].find_expected(value)
        if expected is not None:
            raise ConfigError(f"{source}: {prefix}{name}: expected {expected}, got {value!r}")
        values[name] = tuple(value) if isinstance(value, list) else value
    return values


def _suggest(
    name: str, known: Mapping[str, object], prefix: str, sections: Mapping[str, type[Section]]
) -> str:
    """The nearest name, in this section first and then among all."""
    near = get_close_matches(name, known, n=1)
    if near:
        return f"; did you mean {prefix}{near[0]}?"
    everywhere = {one: f"{section}.{one}" for section, kind in sections.items() for one in _keys(kind)}
    everywhere |= {section: f"[{section}]" for section in sections}
    near = get_close_matches(name, everywhere, n=1)
    return f"; did you mean {everywhere[near[0]]}?" if near else f"; known here are {', '.join(known)}"


def _format_value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_format_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
