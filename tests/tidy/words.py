"""What no text of the repository says: work left undone, silence without a reason, and where it was made."""

import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

_CODE = (".py", ".pyi", ".contract", ".toml", "Makefile", ".ci/run")
_STATED_IN = ("tests/tidy/words.py", "tests/test_tidy.py")  # the rules, and what shows that they can fail

_UNDONE = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_SILENCED = re.compile(r"#\s*(type:\s*ignore|noqa|pragma: no cover)")
_SILENCED_WELL = re.compile(r"# (type: ignore\[[\w, -]+\]|noqa: [A-Z]+\d+)  # \w")
_MACHINE = re.compile(r"""(?<![\w.~-])(/(home|root|work|tmp|Users|mnt|var/folders)/\w|[A-Z]:\\Users)""")
_REGISTRY = re.compile(
    r"\b(pypi|pythonhosted|npmjs|artifactory|devpi)[\w-]*\.[a-z]{2,}\b"
    r"|\b(index|registry|mirror|proxy)\.[\w-]+\.[a-z]{2,}\b"
    r"|--(extra-)?index-url|--find-links|--trusted-host"
)


def undone(source: Source) -> Iterator[Finding]:
    """Nothing is left for later."""
    yield from _found(source, _UNDONE, "expected finished work", _CODE)


def silenced(source: Source) -> Iterator[Finding]:
    """A check is silenced by its code, and says why behind it."""
    for line, text in (
        enumerate(source.lines, 1) if source.is_python and source.path not in _STATED_IN else ()
    ):
        if _SILENCED.search(text) and not _SILENCED_WELL.search(text):
            yield Finding(line, "", f"expected the check's code and a reason behind it, got {text.strip()}")


def machine_paths(source: Source) -> Iterator[Finding]:
    """No path of the machine that it was made on."""
    yield from _found(source, _MACHINE, "expected a path that every machine has")


def registries(source: Source) -> Iterator[Finding]:
    """No host that packages are fetched from: who installs decides."""
    yield from _found(source, _REGISTRY, "expected a package by its name alone")


def locked(source: Source) -> Iterator[Finding]:
    """The lock is of names with their one version."""
    for line, text in enumerate(source.lines, 1) if source.path == "requirements.lock" else ():
        if not re.fullmatch(r"#.*|[a-z0-9-]+==[\w.]+", text):
            yield Finding(line, text, f"expected name==version, got {text}")


def _found(
    source: Source, words: re.Pattern[str], said: str, ends: tuple[str, ...] = ("",)
) -> Iterator[Finding]:
    if source.path in _STATED_IN or not source.path.endswith(ends):
        return
    for line, text in enumerate(source.lines, 1):
        for match in words.finditer(text):
            yield Finding(line, match[0], f"{said}, got {match[0]}")
