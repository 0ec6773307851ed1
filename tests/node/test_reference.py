"""The reference of the configuration is made from the configuration's own table, and from what `terang init` writes."""

from dataclasses import fields
from typing import Any

import pytest

from node.config import Config, format_config
from tests.pages import REFERENCE, check_table, table

CONFIGURATION = REFERENCE / "configuration.md"
SECTIONS = [one.name for one in fields(Config) if "rule" not in one.metadata]


def read_defaults() -> dict[tuple[str, str], str]:
    """Each key's default as the file has it, by section and name."""
    section, found = "", {}
    for line in format_config(Config()).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif " = " in line and not line.startswith("#"):
            name, _, value = line.partition(" = ")
            found[section, name] = value
    return found


def key_table(section: str) -> str:
    """Keys of one section: default, what it may be, comment."""
    kind: Any = type(getattr(Config(), section)) if section else Config
    defaults = read_defaults()
    return table(
        ("key", "default", "may be", "is"),
        [
            (
                f"`{one.name}`",
                f"`{defaults[section, one.name]}`",
                one.metadata["rule"].find_expected([None]),
                one.metadata["comment"],
            )
            for one in fields(kind)
            if "rule" in one.metadata
        ],
    )


@pytest.mark.parametrize("section", ["", *SECTIONS])
def test_table_equals_code(section: str, rewrite: bool) -> None:
    check_table(CONFIGURATION, section or "top", key_table(section), rewrite)
