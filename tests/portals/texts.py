"""Every text that the portals say, found where it is said: in templates, in Python and in scripts."""

import ast
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import nodes

from portals.page import get_templates
from portals.refusals import NOT_DONE, NOT_TAKEN
from portals.words import list_script_texts

PORTALS = Path(__file__).parents[2] / "portals"
TEMPLATES = PORTALS / "templates"
_SPOKEN_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")


def template_paths() -> list[str]:
    """Names of all templates."""
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))


def list_template_texts(name: str) -> Iterator[str]:
    """Texts in `_("…")` of a template; a text that is computed stands as a constant elsewhere."""
    tree = get_templates().parse((TEMPLATES / name).read_text())
    for call in tree.find_all(nodes.Call):
        if (
            isinstance(call.node, nodes.Name)
            and call.node.name == "_"
            and isinstance(call.args[0], nodes.Const)
        ):
            yield call.args[0].value


def list_python_texts() -> Iterator[str]:
    """Texts in `say("…")` of our Python."""
    for path in sorted(PORTALS.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            first = call.args[0]
            if name == "say" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def list_texts() -> set[str]:
    """All texts, by their English."""
    found = {text for name in template_paths() for text in list_template_texts(name)}
    found |= set(list_python_texts()) | set(list_script_texts())
    return found | set(NOT_TAKEN.values()) | set(NOT_DONE.values())


class _Bare(HTMLParser):
    """Collects what a template says without asking the catalogs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre")
        self.found += [value for key, value in attrs if key in _SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.found.append(data)


def list_bare_texts(source: str) -> list[str]:
    """Words between tags, or in attributes that are read out, that stand in a template itself."""
    pieces = [value if kind == "data" else "" for _, kind, value in get_templates().lex(source)]
    parser = _Bare()
    parser.feed("".join(pieces))
    return [text.strip() for text in parser.found if any(sign.isalpha() for sign in text)]
