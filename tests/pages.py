"""Documents that say what the code says: their tables are made here and kept equal, `--rewrite` writes them anew.

A made table stands between `<!-- made from PLACE: NAME -->` and `<!-- end -->`.
"""

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    escaped = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *escaped))


def check_table(document: Path, name: str, made: str, rewrite: bool) -> None:
    """Asserts that the table of this name stands in the document once, and as it is made."""
    text = document.read_text()
    between = re.compile(rf"(<!-- made from [^:\n]+: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    now, count = between.subn(lambda found: f"{found[1]}\n{made}\n\n{found[2]}", text)
    if rewrite:
        document.write_text(now)
    assert count == 1, f"{document.name} has the table {name} {count} times"
    is_equal = now == text
    assert rewrite or is_equal, f"{document.name}: the table {name} is made anew by --rewrite"


def list_documents() -> list[Path]:
    """Every document of this project."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
