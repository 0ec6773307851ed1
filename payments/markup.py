"""XML as payment messages need it: elements, attributes and text, and nothing that can be made to explode.

Read by expat (`xml.parsers.expat`) into plain elements, with bounds on size, depth and number. A document type
declaration is refused where it begins, before an entity can be declared, so there is nothing to expand and nothing to
fetch. Written from plain tuples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from chain.errors import Malformed
from chain.limits import (
    PAYMENT_MESSAGE_BYTES_MAX,
    PAYMENT_MESSAGE_DEPTH_MAX,
    PAYMENT_MESSAGE_ELEMENTS_MAX,
)

Tree: TypeAlias = "tuple[str, str | Sequence[Tree]] | tuple[str, str, dict[str, str]]"
"""An element to be written: name, then its text or the elements in it; one with attributes has text."""


@dataclass(slots=True)
class Element:
    """An element that was read. `place` is the way to it, for messages."""

    name: str
    place: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def every(self, name: str) -> Iterator["Element"]:
        """The elements of this name right inside."""
        return (child for child in self.children if child.name == name)

    def find(self, way: str) -> "Element | None":
        """The element at the end of `a/b/c`, of which there is at most one at each step. Raises `Malformed`."""
        here: Element | None = self
        for name in way.split("/"):
            found = [] if here is None else list(here.every(name))
            if len(found) > 1:
                raise Malformed(f"{found[0].place}: expected one, got {len(found)}")
            here = found[0] if found else None
        return here

    def get(self, way: str) -> "Element":
        """The one element at the end of `a/b/c`. Raises `Malformed`."""
        found = self.find(way)
        if found is None:
            raise Malformed(f"{self.place}/{way}: expected one, got none")
        return found

    def read(self, way: str, *, characters_max: int = 35) -> str:
        """The text there, of at least one character. Raises `Malformed`."""
        return self.get(way).own_text(characters_max)

    def read_or(self, way: str, default: str, *, characters_max: int = 35) -> str:
        """The text there, or the default where there is no such element. Raises `Malformed`."""
        found = self.find(way)
        return default if found is None else found.own_text(characters_max)

    def own_text(self, characters_max: int) -> str:
        """The text in it. Raises `Malformed`."""
        if self.children:
            raise Malformed(f"{self.place}: expected text, got {self.children[0].name}")
        text = self.text.strip()
        if not 1 <= len(text) <= characters_max:
            raise Malformed(f"{self.place}: expected 1 to {characters_max} characters, got {len(text)}")
        return text


class _Reader:
    """What expat calls. Its errors come through `parse_document`."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._open: list[Element] = []
        self._count = 0
        self.root: Element | None = None

    def refuse_doctype(self, *_: object) -> None:
        raise Malformed("expected a message, got a document type declaration")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != self._namespace:
            raise Malformed(f"{local}: expected namespace {self._namespace}, got {namespace or 'none'}")
        self._count += 1
        if self._count > PAYMENT_MESSAGE_ELEMENTS_MAX or len(self._open) >= PAYMENT_MESSAGE_DEPTH_MAX:
            raise Malformed(f"{local}: expected fewer elements, or less deep ones")
        place = f"{self._open[-1].place}/{local}" if self._open else local
        element = Element(local, place, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text


def parse_document(data: bytes, namespace: str) -> Element:
    """The root element, all elements being of this namespace. Raises `Malformed`."""
    if len(data) > PAYMENT_MESSAGE_BYTES_MAX:
        raise Malformed(f"message: expected at most {PAYMENT_MESSAGE_BYTES_MAX} bytes, got {len(data)}")
    reader = _Reader(namespace)
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Malformed(f"message: expected XML: {error}") from error
    assert reader.root is not None, "a parsed document has a root"
    return reader.root


def render_document(namespace: str, *content: Tree) -> bytes:
    """A `Document` of this namespace."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n', f"<Document xmlns={quoteattr(namespace)}>"]
    for tree in content:
        _render(tree, parts)
    return "".join([*parts, "</Document>\n"]).encode()


def _render(tree: Tree, parts: list[str]) -> None:
    name, inside = tree[0], tree[1]
    attributes = tree[2] if len(tree) == 3 else {}
    parts.append(
        "<" + name + "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items()) + ">"
    )
    if isinstance(inside, str):
        parts.append(escape(inside))
    else:
        for child in inside:
            _render(child, parts)
    parts.append(f"</{name}>")
