"""Documents are tried here: command lines parse, contracts' methods, targets, links, files and functions exist.

Whole lines in ```sh blocks are parsed as the command would; in running text only the command and its options are looked up.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import app
from genesis.ceremony import CONTRACTS, compile_shipped
from tests.pages import ROOT, list_documents
from vm.module import Module, Role
from vm.module_codec import decode_module

DOCUMENTS = {str(path.relative_to(ROOT)): path.read_text() for path in list_documents()}
ROOMS = sorted({path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"})
_SHELL_ENDS = {"|", ">", "<", "&&", ";", "&"}
_CARRIED_OUT_BY = re.compile(r"^sudo (-u \w+ )?")
_EXTERNAL = ("http://", "https://", "#")


def list_blocks(text: str, language: str) -> list[str]:
    """The contents of fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def list_spans(text: str) -> list[str]:
    """Code in running text, joined where a line ends in it."""
    return [
        " ".join(span.split())
        for span in re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    ]


def list_lines(text: str) -> list[str]:
    """Lines that a reader types: those of shell blocks, joined where one goes on."""
    return [
        line.strip()
        for block in list_blocks(text, "sh")
        for line in block.replace("\\\n", " ").splitlines()
        if line
    ]


def split_command(line: str) -> list[str]:
    """The words of a line up to a pipe, a redirection or a comment, whoever carries it out."""
    words = shlex.split(_CARRIED_OUT_BY.sub("", line), comments=True)
    end = next((place for place, word in enumerate(words) if word in _SHELL_ENDS), len(words))
    return words[:end]


def find_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `terang WORDS` names, and what is left for it."""
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def check_parses(words: list[str]) -> None:
    """Asserts that a whole `terang` line is one that the command would carry out."""
    command, rest = find_command(words)
    assert not hasattr(command, "commands"), f"{words}: names a group, not a command"
    with command.make_context("terang", rest) as context:
        given = context.params
    if command.name in ("call", "query"):
        check_call(command.name, given, words)


def check_call(command: str, given: dict[str, Any], words: list[str]) -> None:
    """Asserts that a contract has the method, with so many parameters."""
    name = given["method"] if command == "call" else given["view"]
    function = get_module(given["contract"]).function(name)
    assert function is not None, f"{words}: {given['contract']} has no {name}"
    assert function.role is (Role.CALL if command == "call" else Role.VIEW), (
        f"{words}: another kind of method"
    )
    assert len(given["arguments"] or ()) == len(function.parameters), f"{words}: {function.parameters}"


@cache
def get_module(contract: str) -> Module:
    """The module of a contract that comes with this release."""
    assert contract in CONTRACTS
    return decode_module(compile_shipped(contract))


def walk_commands(command: Any) -> Iterator[Any]:
    """A command and all below it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from walk_commands(below)


def list_targets() -> set[str]:
    """What `make` can make."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def make_slug(heading: str) -> str:
    """The anchor of a heading, as it is made on the web."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_lines_parse(name: str) -> None:
    for line in list_lines(DOCUMENTS[name]):
        words = split_command(line)
        if words[:1] == ["terang"]:
            check_parses(words[1:])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_in_text_exist(name: str) -> None:
    for span in list_spans(DOCUMENTS[name]):
        if not span.startswith("terang "):
            continue
        command, rest = find_command(shlex.split(span)[1:])
        known = {option for parameter in command.params for option in parameter.opts}
        options = [word.partition("=")[0] for word in rest if word.startswith("--")]
        assert [option for option in options if option not in known | {"--help"}] == [], span
        if hasattr(command, "commands"):
            assert not rest or "|" in rest[0], f"{span}: no such command"


def test_examples_in_help_parse() -> None:
    examples = [command.epilog for command in walk_commands(typer.main.get_command(app)) if command.epilog]
    assert len(examples) > 15
    for example in examples:
        words = split_command(example.removeprefix("\b\nExample: "))
        assert words[0] == "terang"
        check_parses(words[1:])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_targets_exist(name: str) -> None:
    found = [*list_lines(DOCUMENTS[name]), *list_spans(DOCUMENTS[name])]
    for words in [shlex.split(line) for line in found if line.startswith("make ")]:
        targets = [word for word in words[1:] if "=" not in word]
        assert set(targets) <= list_targets(), words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_resolve(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name]):
        if target.startswith(_EXTERNAL[:2]):
            continue
        place, _, anchor = target.partition("#")
        path = ROOT / name if not place else (ROOT / name).parent / place
        assert path.exists(), f"{name}: {target}"
        headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in map(make_slug, headings), f"{name}: {target}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_and_functions_exist(name: str) -> None:
    text = " ".join(DOCUMENTS[name].split())
    for path in re.findall(r"`((?:[\w.]+/)+[\w.]+\.(?:py|contract|txt|md|jsonl))`", text):
        assert (ROOT / path).exists() or path.startswith(("config/", "data/")), f"{name}: {path}"
    for symbol, path in re.findall(r"`([\w.]+)` \(`([\w/]+\.py)`\)", text):
        check_symbol(symbol, path)


def check_symbol(symbol: str, path: str) -> None:
    """Asserts that a file defines a function, class, method or constant."""
    source = (ROOT / path).read_text()
    holder, _, member = symbol.rpartition(".")
    assert re.search(rf"(?:def|class) {member}\b|^{member}\b.*=", source, re.MULTILINE), (
        f"{symbol} is not in {path}"
    )
    assert not holder or re.search(rf"class {holder}\b", source), f"{holder} is not in {path}"


def list_messages(document: str, head: str) -> list[str]:
    """What stands as code in the first column of the table that begins with a head."""
    table = document[document.index(f"| {head} |") :].split("\n\n")[0]
    return [span for row in table.splitlines()[2:] for span in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


@pytest.mark.parametrize("head", ["it says", "in the log"])
def test_messages_are_those_of_the_source(head: str) -> None:
    source = "\n".join(path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    messages = list_messages(DOCUMENTS["docs/operate.md"], head)
    assert len(messages) > 5
    for message in messages:
        for part in message.split("…"):
            is_said = part.strip(" .,:;?") in source
            assert is_said, f"docs/operate.md explains {message!r}, which nothing says any more"


def test_every_dependency_has_earned_its_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    records = " ".join(
        text.lower() for name, text in DOCUMENTS.items() if name.startswith("docs/decisions/0")
    )
    names = [re.split(r"[><=~!]", line)[0] for line in asked]
    assert [name for name in names if name not in records] == []


def test_the_first_page_says_what_each_room_is() -> None:
    assert [room for room in ROOMS if f"[{room}/]({room})" not in DOCUMENTS["README.md"]] == []


def test_every_document_can_be_reached_from_the_first() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md":
            continue
        reached.add(document)
        links = re.findall(r"\]\(([^)#\s]+)", document.read_text())
        waiting += [(document.parent / link).resolve() for link in links if not link.startswith(_EXTERNAL)]
    assert set(list_documents()) <= reached
