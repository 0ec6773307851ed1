"""The guides say the same in both languages, name pages and buttons as they are, and what they ship can be used.

What stands in “typographic quotes” in a guide is a text of a portal, in the guide's language.
"""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest

from chain.hashing import sha256
from chain.merkle import compute_inclusion_proof, compute_merkle_root
from cli.portal import PORTS
from portals.languages import NAMES, get_language
from tests.pages import ROOT
from tests.test_documents import check_parses, list_blocks

GUIDES = ROOT / "docs" / "guides"
FILES = GUIDES / "files"
SUBJECTS = sorted(path.name for path in (GUIDES / "en").glob("*.md"))
UNITS = sorted(FILES.glob("*.service"))
PICTURES_BYTES_MAX = 600_000
_ABOUT_QUOTES = {"quotation marks", "tanda kutip"}


def read(code: str, subject: str) -> str:
    """A guide."""
    return (GUIDES / code / subject).read_text()


def list_quoted(text: str) -> set[str]:
    """What a guide says that a page says."""
    return {" ".join(quoted.split()) for quoted in re.findall(r"“([^”]+)”", text)} - _ABOUT_QUOTES


def list_said(code: str) -> set[str]:
    """Everything that the portals say in a language, as a page begins it and as its catalog has it."""
    texts = get_language(code).texts
    said = {*texts.values(), *get_language("id").texts} if code == "en" else set(texts.values())
    return said | {text[:1].upper() + text[1:] for text in said}


def test_each_guide_is_in_each_language() -> None:
    assert SUBJECTS
    for code in NAMES:
        assert sorted(path.name for path in (GUIDES / code).glob("*.md")) == SUBJECTS


@pytest.mark.parametrize("subject", SUBJECTS)
def test_both_languages_have_the_same_parts(subject: str) -> None:
    indonesian, english = (read(code, subject) for code in ("id", "en"))
    for pattern in (r"^#+ ", r"^\d\. ", r"^\|", r"^!\["):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (indonesian, english)]
        assert counts[0] == counts[1], pattern
    for language in ("sh", "toml", "python"):
        assert list_blocks(indonesian, language) == list_blocks(english, language)


@pytest.mark.parametrize("code", list(NAMES))
@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_quoted_is_on_a_page(code: str, subject: str) -> None:
    assert sorted(list_quoted(read(code, subject)) - list_said(code)) == []


def test_what_is_not_on_a_page_would_be_found() -> None:
    assert list_quoted("“My key” and “My\nkeys”") - list_said("en") == {"My keys"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_what_can_be_started(path: Path) -> None:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of units have capitals
    unit.read(path)
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/.venv/bin/terang")
    for name in PORTS if "%i" in words else [""]:
        options = re.findall(rf'portal-{name}\.env\s+OPTIONS="(.*)"', path.read_text()) if name else []
        given = {"%i": [name], "$OPTIONS": shlex.split(" ".join(options))}
        check_parses([part for word in words for part in given.get(word, [word])])
    assert unit["Service"]["User"] == "terang" and unit["Service"]["Restart"] == "on-failure"


def test_the_proxy_stands_in_front_of_every_portal_and_passes_its_name_on() -> None:
    text = (FILES / "nginx.conf").read_text()
    passed = re.findall(r"proxy_pass http://127\.0\.0\.1:(\d+);", text)
    assert [int(port) for port in passed] == [*PORTS.values(), 26_657]
    assert text.count("proxy_set_header Host $http_host;") == len(passed)


@pytest.mark.parametrize("total", [1, 2, 3, 5, 8, 13])
def test_a_proof_is_climbed_by_hand_to_the_same_root(total: int) -> None:
    (program,) = list_blocks(read("en", "auditor.md"), "python")
    made: dict[str, Any] = {"__name__": "climb"}
    exec(program, made)
    leaves: list[bytes] = [sha256(bytes([number])) for number in range(total)]
    for index in range(total):
        proof = compute_inclusion_proof(leaves, index)
        leaf = sha256(b"\x00" + leaves[index])
        assert made["climb"](leaf, index, total, list(proof.aunts)) == compute_merkle_root(leaves)


def test_pictures_are_light_and_all_are_shown() -> None:
    pictures = sorted((GUIDES / "pictures").iterdir())
    assert sum(path.stat().st_size for path in pictures) < PICTURES_BYTES_MAX
    shown = {
        name
        for code in NAMES
        for subject in SUBJECTS
        for name in re.findall(r"\]\(\.\./pictures/([^)]+)\)", read(code, subject))
    }
    assert shown == {path.name for path in pictures}
