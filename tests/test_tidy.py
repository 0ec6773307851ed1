"""The source itself keeps the rules that the tools of `make check` do not know: a rule is a function over one file.

Each rule is run over the whole repository, and over an offender written for it, so that none passes by never looking.
"""

import importlib.util
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.tidy import cores, imports, shape, words
from tests.tidy.source import ROOT, Finding, Source, house, read_repository
from vm.language.compile import compile_contract
from vm.language.diagnostics import CompileError

Rule = Callable[[Source], Iterator[Finding]]


def contracts_compile(source: Source) -> Iterator[Finding]:
    """Every contract is one that a network can deploy."""
    if source.path.endswith(".contract"):
        try:
            compile_contract(source.text, Path(source.path).stem)
        except CompileError as error:
            line = error.diagnostics[0].span.line
            yield Finding(line, "", f"expected a contract that compiles, got {error}")


_LONG = "    x = 1\n"
_DOC = '"""What it is for."""\n'

OFFENDERS: tuple[tuple[Rule, str, str, int], ...] = (
    (imports.libraries, "node/other.py", "import plyvel\n", 1),
    (imports.libraries, "p2p/other.py", "import nacl.bindings\n", 1),
    (imports.libraries, "consensus/other.py", "def f() -> None:\n    from cbor2 import loads\n", 2),
    (imports.libraries, "rpc/server.py", "import trio\n", 1),
    (imports.libraries, "node/other.py", "import unheard_of.part\n", 1),
    (imports.starters, "node/mempool.py", "nursery.start_soon(work)\n", 1),
    (imports.starters, "rpc/hub.py", "import threading\nthreading.Thread(target=work)\n", 2),
    (imports.cores_outside, "chain/other.py", "from time import monotonic\n", 1),
    (imports.cores_outside, "vm/deep/other.py", "import os.path\n", 1),
    (imports.cores_outside, "sealed/other.py", "import random\n", 1),
    (imports.cores_outside, "consensus/other.py", "import structlog\n", 1),
    (imports.cores_outside, "consensus/other.py", "\nprint(1)\n", 2),
    (imports.sleeping, "p2p/other.py", "time.sleep(1)\n", 1),
    (imports.module_names, "node/queue.py", "", 1),
    (shape.file_length, "node/other.py", "x = 1\n" * 401, 400),
    (shape.file_length, "tests/test_other.py", "x = 1\n" * 601, 600),
    (shape.function_length, "node/other.py", "\nasync def f() -> None:\n" + _LONG * 60, 2),
    (shape.docstrings, "node/other.py", "x = 1\n", 1),
    (shape.docstrings, "tests/test_other.py", "x = 1\n", 1),
    (shape.docstrings, "node/other.py", _DOC + "def f() -> None: ...\n", 2),
    (shape.docstrings, "node/other.py", _DOC + "class A:\n    x: int\n", 2),
    (shape.docstrings, "node/other.py", _DOC + f"class A:\n    {_DOC}    def f(self) -> None: ...\n", 4),
    (shape.annotations, "tests/test_other.py", "def f():\n    pass\n", 1),
    (shape.annotations, "node/other.py", "def f() -> None:\n    async def g():\n        pass\n", 2),
    (shape.broad_except, "node/other.py", "try:\n    f()\nexcept:\n    pass\n", 3),
    (shape.broad_except, "node/other.py", "try:\n    f()\nexcept Exception as e:\n    pass\n", 3),
    (shape.broad_except, "node/other.py", "try:\n    f()\nexcept (A, BaseException):\n    pass\n", 3),
    (shape.broad_except, "node/other.py", "with contextlib.suppress(Exception):\n    f()\n", 1),
    (shape.limits, "p2p/other.py", "_ITEMS_MAX = 2 * 1_000\n", 1),
    (shape.limits, "node/other.py", "ITEMS_MAX_OF_ALL: int = 8\n", 1),
    (
        shape.skipped_tests,
        "tests/test_other.py",
        "@pytest.mark.skipif(True, reason='no')\ndef f() -> None: ...\n",
        1,
    ),
    (shape.skipped_tests, "tests/test_other.py", "@pytest.mark.xfail\ndef f() -> None: ...\n", 1),
    (shape.skipped_tests, "tests/test_other.py", "def f() -> None:\n    pytest.skip('no')\n", 2),
    (cores.floats, "chain/other.py", "x = 0.5\n", 1),
    (cores.floats, "vm/other.py", "x = 4 / 2\n", 1),
    (cores.floats, "vm/other.py", "x = 4\nx /= 2\n", 2),
    (cores.floats, "consensus/other.py", "x = float(3)\n", 1),
    (cores.chance, "chain/other.py", "x = hash('a')\n", 1),
    (cores.chance, "chain/other.py", "sort(key=id(x))\n", 1),
    (cores.set_order, "vm/other.py", "for x in {1, 2}:\n    f(x)\n", 1),
    (cores.set_order, "vm/other.py", "x = list(set(y))\n", 1),
    (cores.set_order, "vm/other.py", "x = [a for a in set(y) | z]\n", 1),
    (cores.set_order, "vm/other.py", "x = ', '.join({a for a in y})\n", 1),
    (cores.set_order, "vm/other.py", "x = frozenset(y)\nz = (*x,)\n", 2),
    (cores.set_order, "vm/other.py", "class A:\n    held: set[int]\n\n\nx = next(iter(a.held))\n", 5),
    (
        cores.set_order,
        "vm/other.py",
        "def f(x: frozenset[int] | None) -> int:\n    return {a: 1 for a in x}\n",
        2,
    ),
    (cores.set_order, "vm/other.py", "x: set[int] = f()\ny = x.pop()\n", 2),
    (words.undone, "node/other.py", "\nx = 1  # TODO later\n", 2),
    (words.undone, "contracts/other.contract", "# FIXME\n", 1),
    (words.silenced, "node/other.py", "x = 1  # type: ignore[misc]\n", 1),
    (words.silenced, "node/other.py", "x = 1  # type: ignore  # it is so\n", 1),
    (words.silenced, "node/other.py", "import x  # noqa: F401\n", 1),
    (words.machine_paths, "docs/other.md", "see /home/someone/notes\n", 1),
    (words.machine_paths, "Makefile", "\n\tcp x /tmp/y\n", 2),
    (words.registries, "Makefile", "pip install --index-url x\n", 1),
    (words.registries, "docs/other.md", "from https://pypi.example/simple\n", 1),
    (words.locked, "requirements.lock", "# all\nanyio==4.1\nanyio @ file:///x\n", 3),
    (words.locked, "requirements.lock", "anyio>=4\n", 1),
    (contracts_compile, "contracts/other.contract", "contract = \n", 1),
)
"""A rule, a file against it, and the line where it must say so."""

RULES = tuple(dict.fromkeys(rule for rule, *_ in OFFENDERS))

EXCUSED: dict[tuple[Rule, str], str] = {
    (
        imports.module_names,
        "chain/time.py:time",
    ): "the ledger's word for what it does; imported as chain.time",
    (imports.module_names, "vm/types.py:types"): "the machine's word for what it has; imported as vm.types",
    (imports.module_names, "tests/sim/trace.py:trace"): "what a simulation leaves",
    (
        shape.file_length,
        "chain/limits.py:",
    ): "a table: every bound of the system, in the one file that has them",
    (shape.file_length, "rpc/answers.py:"): "a table: the shape of every answer, most of them CometBFT's",
    (
        shape.broad_except,
        "node/run.py:BaseExceptionGroup",
    ): "the one at the top: it tells faults from mistakes",
    (
        shape.broad_except,
        "payments/gateway.py:BaseExceptionGroup",
    ): "the one at the top of the gateway: it tells faults from mistakes",
    (
        shape.limits,
        "vm/types.py:INT_MAX",
    ): "a type's range, which the language fixes; it bounds no one's work",
    (shape.limits, "chain/time.py:TIME_MS_MAX"): "the calendar's end, beyond which RFC 3339 writes no date",
    (cores.floats, "chain/limits.py:float"): "seconds that links wait, which no core reads",
    (
        cores.floats,
        "vm/language/names.py:float",
    ): "how near a misspelt name is, in a hint; no module depends on it",
    (shape.docstrings, "vm/engine_a/*:on_*"): "one operation each, told in vm.opcodes' table",
    (
        shape.docstrings,
        "vm/verify_types.py:Typing.*",
    ): "one operation's operands each, told in vm.opcodes' table",
}
"""Where a reader is served better by breaking a rule, and why: path and subject, `*` for any."""


def name_of(value: object) -> str | None:
    """How pytest names a case."""
    return getattr(value, "__name__", None)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_the_repository_keeps(rule: Rule) -> None:
    """One line for each place against the rule."""
    against = [
        f"{source.path}:{finding.line}: {finding.message}"
        for source in read_repository()
        for finding in rule(source)
        if not any(fnmatchcase(f"{source.path}:{finding.subject}", place) for place in places_excused(rule))
    ]
    assert not against, f"{rule.__doc__}\n" + "\n".join(against)


@pytest.mark.parametrize(("rule", "path", "text", "line"), OFFENDERS, ids=name_of)
def test_the_rule_finds(rule: Rule, path: str, text: str, line: int) -> None:
    """A rule that finds nothing where something is would hold nothing."""
    found = [finding.line for finding in rule(Source(path, text))]
    assert found == [line]


@pytest.mark.parametrize(("rule", "place"), EXCUSED, ids=name_of)
def test_the_excuse_is_needed(rule: Rule, place: str) -> None:
    """An excuse goes when what it excused has gone."""
    found = [
        f"{source.path}:{finding.subject}"
        for source in read_repository()
        if fnmatchcase(source.path, place.partition(":")[0])
        for finding in rule(source)
    ]
    assert any(fnmatchcase(one, place) for one in found), (
        f"expected something to excuse at {place}, got {found}"
    )


def places_excused(rule: Rule) -> list[str]:
    """What the rule lets pass."""
    return [place for excused, place in EXCUSED if excused is rule]


HARMLESS = (
    (cores.set_order, "x = sorted({1, 2})\ny = len(set(x)) != len(x)\nz = {a for a in {1, 2}}\n"),
    (cores.set_order, "x = set(y)\nz = any(a > 1 for a in x)\nw = 3 in x\nv = list(y)\n"),
    (cores.floats, "x = 7 // 2\ny = isinstance(x, float)\n"),
    (cores.chance, "class A:\n    def hash(self) -> int:\n        return 1\n\n\nx = a.hash()\n"),
)


@pytest.mark.parametrize(("rule", "text"), HARMLESS)
def test_the_rule_lets_pass(rule: Rule, text: str) -> None:
    """What only resembles an offence is none."""
    assert list(rule(Source("vm/other.py", text))) == []


@pytest.mark.parametrize("name", sorted(house()))
def test_a_flat_name_is_ours(name: str) -> None:
    """`import chain` takes this checkout's, whatever else is installed."""
    spec = importlib.util.find_spec(name)
    assert imports.is_inside(spec, ROOT), f"expected {name} inside {ROOT.name}, got {spec}"


def test_an_installed_name_is_not_ours() -> None:
    """The rule above can fail."""
    assert not imports.is_inside(importlib.util.find_spec("pytest"), ROOT)
    assert not imports.is_inside(importlib.util.find_spec("no_such_room"), ROOT)


def test_the_rules_see_the_whole_house() -> None:
    """Files are found: the rules would pass on an empty list too."""
    assert house() >= {
        "chain",
        "cli",
        "consensus",
        "genesis",
        "node",
        "p2p",
        "pilot",
        "rpc",
        "sealed",
        "tests",
        "vm",
    }
    assert {"Makefile", "requirements.lock", "contracts/tender.contract"} <= {
        file.path for file in read_repository()
    }
