"""Names of what a contract takes, for the page that shows what is to be signed: labels, and how a number is meant. Pure.

Types say what a value is, names say how it is read: `closes_at` is a time, `price` an amount, `quality_min_bps` a share.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portals.languages import Language
from rpc.contracts import Contract
from rpc.values import FieldInfo

_STATIC = Path(__file__).parent / "static"
_AMOUNTS = ("amount", "price", "ceiling", "gross", "net", "tax", "deductions", "penalty")
_TIMES = ("at", "until", "publish_from", "publish_by")
_SAID = re.compile(r'\bsay\(\s*"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWords:
    """A field: its own name, its label, its type, and how a number is read: amount, time, share, day or plain."""

    name: str
    label: str
    type: str
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodWords:
    """A method with all that its arguments are made of."""

    title: str
    parameters: list[FieldWords]
    records: dict[str, list[FieldWords]]
    enums: dict[str, list[str]]


def describe_method(contract: Contract, method: str, language: Language) -> MethodWords:
    """Labels of a method's parameters. Raises `Malformed` where there is no such method."""
    found = contract.method(method)
    records = {one.name: _words(one.fields, language) for one in contract.description.records}
    return MethodWords(
        title=language.name(f"{contract.description.id}.{method}"),
        parameters=_words(found.parameters, language),
        records=records,
        enums={
            one.name: [language.name(f"{one.name}.{member}") for member in one.members]
            for one in contract.description.enums
        },
    )


def _words(fields: tuple[FieldInfo, ...], language: Language) -> list[FieldWords]:
    return [
        FieldWords(
            name=field.name,
            label=_label(field, language),
            type=field.type,
            reading=reading_of(field),
        )
        for field in fields
    ]


def _label(field: FieldInfo, language: Language) -> str:
    """A price that is bytes is sealed: such a field has a label of its own."""
    special = f"field.{field.name}.{field.type}"
    return language.name(special if language.knows(special) else f"field.{field.name}")


def reading_of(field: FieldInfo) -> str:
    """How a number of this name is read."""
    if field.type not in ("uint", "int"):
        return "plain"
    if field.name.endswith(("_at", "_ms")) or field.name in _TIMES:
        return "time"
    if field.name.endswith("_bps"):
        return "share"
    if field.name == "day" or field.name.endswith("_day"):
        return "day"
    return "amount" if field.name in _AMOUNTS else "plain"


def script_texts(language: Language) -> dict[str, str]:
    """What the scripts say, by their English."""
    return {text: language.say(text) for text in list_script_texts()}


@cache
def list_script_texts() -> tuple[str, ...]:
    """Every text in a `say("…")` of our scripts."""
    found: set[str] = set()
    for path in sorted(_STATIC.glob("*.js")):
        found |= set(_SAID.findall(path.read_text()))
    return tuple(sorted(found))
