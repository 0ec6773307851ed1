"""From text to syntax: Python's grammar, less everything that the language does not have.

The source is parsed by `ast` and then walked against a list of the node types that exist in the language.
What is not on the list is refused with words of its own where people are likely to try it. After this stage
no later one meets a node it does not know; what a node may mean at its place is decided there.
"""

import ast
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from chain.limits import NAME_BYTES_MAX, SOURCE_BYTES_MAX, SOURCE_DEPTH_MAX
from vm.language.diagnostics import Diagnostics, Span

ALLOWED: frozenset[type[ast.AST]] = frozenset(
    {
        *(ast.Module, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg, ast.keyword),
        *(ast.AnnAssign, ast.Assign, ast.AugAssign, ast.Expr, ast.If, ast.For, ast.Break, ast.Continue),
        *(ast.Return, ast.Pass, ast.Delete, ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice),
        *(ast.Call, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple),
        *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod, ast.Not, ast.USub, ast.And, ast.Or),
        *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn),
        *(ast.Load, ast.Store, ast.Del),
    }
)

_RANGE_HINT = "write `for i in range(start, end, limit=N):` with a bound N that is a constant"
_BITS = ("subset", "use *, // and % with a constant")

# What people try, what to call it, by which rule it is refused, and what to write instead.
REFUSED: dict[type[ast.AST], tuple[str, str, str | None]] = {
    ast.While: ("`while`", "bounded", _RANGE_HINT),
    ast.Lambda: ("`lambda`", "subset", "write a function"),
    ast.ListComp: ("a comprehension", "bounded", "declare a list with its bound and append to it in a loop"),
    ast.SetComp: ("a comprehension", "bounded", "declare a list with its bound and append to it in a loop"),
    ast.DictComp: ("a comprehension", "bounded", "use storage: name: Map[key, value]"),
    ast.GeneratorExp: ("a generator", "bounded", "declare a list with its bound and append to it in a loop"),
    ast.Dict: ("a dictionary", "subset", "use a Record for fixed names, or storage: name: Map[key, value]"),
    ast.Set: ("a set", "subset", "use a list, or storage: name: Map[key, bool]"),
    ast.Import: ("`import`", "declared", "a contract is one file; call others through an Interface"),
    ast.ImportFrom: (
        "`from … import`",
        "declared",
        "a contract is one file; call others through an Interface",
    ),
    ast.Try: (
        "`try`",
        "subset",
        "a failed rule undoes the whole transaction; test the condition with if or require",
    ),
    ast.Raise: ("`raise`", "clause", 'write fail("clause …") or require(condition, "clause …")'),
    ast.Assert: ("`assert`", "clause", 'write require(condition, "clause …")'),
    ast.With: ("`with`", "subset", None),
    ast.Match: ("`match`", "subset", "use if, elif and else"),
    ast.Global: ("`global`", "storage", "storage is named directly: name.get(), name.set(value)"),
    ast.Nonlocal: ("`nonlocal`", "subset", "pass the value as a parameter"),
    ast.AsyncFunctionDef: ("`async`", "subset", None),
    ast.AsyncFor: ("`async`", "subset", None),
    ast.AsyncWith: ("`async`", "subset", None),
    ast.Await: ("`await`", "subset", None),
    ast.Yield: ("`yield`", "subset", "return a list"),
    ast.YieldFrom: ("`yield`", "subset", "return a list"),
    ast.NamedExpr: ("`:=`", "subset", "assign on a line of its own"),
    ast.Starred: ("`*` before a value", "bounded", "write each value"),
    ast.JoinedStr: (
        "an f-string",
        "clause",
        'messages are constants with up to four {}: require(ok, "clause 1: {}", x)',
    ),
    ast.Div: (
        "`/`",
        "exact",
        "use // for whole division, or basis_points(amount, bps) with its stated rounding",
    ),
    ast.Pow: ("`**`", "bounded", "multiply, or write the number"),
    ast.MatMult: ("`@` between values", "subset", None),
    ast.LShift: ("`<<`", *_BITS),
    ast.RShift: ("`>>`", *_BITS),
    ast.BitAnd: ("`&`", "subset", "use `and` for conditions"),
    ast.BitOr: ("`|`", "subset", "use `or` for conditions"),
    ast.BitXor: ("`^`", "subset", "compare with !="),
    ast.Invert: ("`~`", "subset", "use `not` for conditions"),
    ast.UAdd: ("`+` before a value", "useful", "leave it out"),
    ast.Is: ("`is`", "subset", "compare with =="),
    ast.IsNot: ("`is not`", "subset", "compare with !="),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSource:
    """A source whose every syntax node belongs to the language."""

    text: str
    lines: tuple[str, ...]
    tree: ast.Module

    def span(self, node: ast.AST) -> Span:
        """Where a node stands: its first line only. `ast` counts columns in bytes, people in characters."""
        line = getattr(node, "lineno", 1)
        start = self._column(line, getattr(node, "col_offset", 0))
        end_line = getattr(node, "end_lineno", line)
        whole = len(self._line(line).rstrip())
        end = self._column(line, getattr(node, "end_col_offset", 0)) if end_line == line else whole
        return Span(line=line, column=start, end_column=max(end, start + 1))

    def _line(self, line: int) -> str:
        return self.lines[line - 1] if line <= len(self.lines) else ""

    def _column(self, line: int, offset_bytes: int) -> int:
        return len(self._line(line).encode()[:offset_bytes].decode(errors="replace"))


def parse(text: str, diagnostics: Diagnostics) -> ParsedSource | None:
    """Reads a contract's text. None when it cannot be read at all; mistakes are in `diagnostics`."""
    if not _is_plain(text, diagnostics):
        return None
    tree = _parse_tree(text, diagnostics)
    if tree is None:
        return None
    source = ParsedSource(text=text, lines=tuple(text.split("\n")), tree=tree)
    _check_depth(source, diagnostics)
    if not diagnostics:
        _check_nodes(source, diagnostics)
    return source


def _is_plain(text: str, diagnostics: Diagnostics) -> bool:
    """No hidden characters: a reader must see what the compiler reads. Texts may have any visible letter."""
    if len(text.encode(errors="surrogatepass")) > SOURCE_BYTES_MAX:
        place = Span(line=1, column=0, end_column=1)
        diagnostics.add(place, "limit", f"the source is longer than {SOURCE_BYTES_MAX} bytes")
        return False
    for number, line in enumerate(text.split("\n"), start=1):
        for column, character in enumerate(line):
            if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
                place = Span(line=number, column=column, end_column=column + 1)
                said = f"the character U+{ord(character):04X} cannot be seen"
                diagnostics.add(place, "plain-text", said, "use spaces and line feeds only, no tabs")
                return False
    return True


def _parse_tree(text: str, diagnostics: Diagnostics) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a doubtful escape is a mistake here, on every Python alike
            return ast.parse(text)
    except SyntaxError as error:
        line, column = error.lineno or 1, max((error.offset or 1) - 1, 0)
        end = (error.end_offset or 0) - 1 if error.end_lineno == error.lineno else 0
        place = Span(line=line, column=column, end_column=max(end, column + 1))
        diagnostics.add(place, "syntax", f"this is not a sentence of the language: {error.msg}")
    except (RecursionError, MemoryError):
        place = Span(line=1, column=0, end_column=1)
        diagnostics.add(place, "limit", "the source is nested too deeply to be read", "name the parts")
    return None


def _check_depth(source: ParsedSource, diagnostics: Diagnostics) -> None:
    """Bounds nesting with a stack of our own, so that later stages may recurse."""
    waiting: list[tuple[ast.AST, int]] = [(source.tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > SOURCE_DEPTH_MAX:
            said = f"nested more than {SOURCE_DEPTH_MAX} deep"
            diagnostics.add(source.span(node), "limit", said, "name the parts in variables or functions")
            return
        waiting.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _located(node: ast.AST, place: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node below with the nearest node that has a place in the source (operators have none).

    What is refused is refused whole: its parts are not looked at.
    """
    here = node if hasattr(node, "lineno") else place
    yield node, here
    if type(node) in REFUSED:
        return
    for child in ast.iter_child_nodes(node):
        yield from _located(child, here)


def _check_nodes(source: ParsedSource, diagnostics: Diagnostics) -> None:
    for node, place in _located(source.tree, source.tree):
        if type(node) in REFUSED:
            what, rule, hint = REFUSED[type(node)]
            diagnostics.add(source.span(place), rule, f"{what} is not part of the language", hint)
        elif type(node) not in ALLOWED:
            what = type(node).__name__
            diagnostics.add(source.span(place), "subset", f"{what} is not part of the language")
        elif isinstance(node, ast.Constant):
            _check_constant(node, source, diagnostics)
        else:
            _check_names(node, source, diagnostics)


def _check_constant(node: ast.Constant, source: ParsedSource, diagnostics: Diagnostics) -> None:
    if isinstance(node.value, float | complex):
        said = "numbers with a fraction are not part of the language"
        hint = 'use whole units, basis points (12_50 for 12.5 %), or scaled("12.500", 3)'
        diagnostics.add(source.span(node), "exact", said, hint)


def _check_names(node: ast.AST, source: ParsedSource, diagnostics: Diagnostics) -> None:
    for name in _names_in(node):
        if not name.isascii():
            said = f"the name `{name}` has letters outside of a-z"
            diagnostics.add(source.span(node), "plain-text", said, "letters that look alike must be the same")
        elif len(name) > NAME_BYTES_MAX:
            said = f"a name of {len(name)} letters, at most {NAME_BYTES_MAX} are possible"
            diagnostics.add(source.span(node), "limit", said)
        elif name.startswith("__"):
            said = f"the name `{name}` begins with two underscores"
            diagnostics.add(source.span(node), "names", said, "such names mean something to Python only")


def _names_in(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.arg(arg=name) | ast.Attribute(attr=name):
            return [name]
        case ast.keyword(arg=str(name)):
            return [name]
        case _:
            return []
