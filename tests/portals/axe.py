"""axe-core, which finds what keeps people with a screen reader, a keyboard or weak eyes from a page.

Its script comes in a package of the tests. It is run in the page beside the page's own policy, which it does not loosen.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
_RUN = "options => axe.run(options).then(found => found.violations)"


@cache
def read_axe() -> str:
    """axe-core's script."""
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def find_violations(page: Page) -> list[str]:
    """What axe has against the page as it stands, a line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(read_axe())
    return [
        f"{rule['id']}: {node['html'][:200]}: {_explain(node)}"
        for rule in page.evaluate(_RUN, _OPTIONS)
        for node in rule["nodes"]
    ]


def _explain(node: dict[str, Any]) -> str:
    return " ".join(node["failureSummary"].split())
