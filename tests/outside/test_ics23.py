"""Our proofs before a verifier that shares no line, no language and no author's habit with ours: one in a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from chain.hashing import sha256
from chain.ics23 import ExistenceProof, NonExistenceProof
from chain.ics23_codec import encode_proof
from tests.portals.browser import open_page
from tests.vm.tree.growing import Tree
from tests.vm.tree.test_update import numbered

SCRIPT = (Path(__file__).parent / "ics23.js").read_text()
PLACE = "http://127.0.0.1/"
Verify = Callable[[str, str, str, str | None], str]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of this machine, to which a browser gives its hashes."""
    with open_page(browser) as opened:
        opened.route(f"{PLACE}**", lambda route: route.fulfill(body="", content_type="text/html"))
        opened.goto(PLACE)
        yield opened


@pytest.fixture
def verify(page: Page) -> Verify:
    """What the outside verifier says."""

    def ask(proof: str, root: str, key: str, value: str | None) -> str:
        said: str = page.evaluate(f"(given) => {SCRIPT.strip()}(given)", [proof, root, key, value])
        return said

    return ask


def make_case(tree: Tree, key: bytes) -> tuple[str, str, str, str | None]:
    """Proof, root, key and value of a tree's newest height."""
    proof, value = tree.prove(key, tree.height), tree.entries[-1].get(key)
    assert proof is not None
    return (
        encode_proof(proof).hex(),
        tree.roots[-1].hex(),
        key.hex(),
        None if value is None else value.hex(),
    )


@pytest.mark.parametrize("count", [1, 2, 40, 3_000])
def test_proofs_hold_outside(verify: Verify, count: int) -> None:
    tree = Tree()
    tree.grow(numbered(count))
    keys = [b"%d" % number for number in (*range(0, count, 1 + count // 20), *range(count, count + 40))]
    assert {key: said for key in keys if (said := verify(*make_case(tree, key)))} == {}


def test_what_is_forged_is_refused_outside_too(verify: Verify) -> None:
    """For the reason for which we refuse it: so the verifier does look."""
    tree = Tree()
    tree.grow(numbered(300))
    proof, root, key, value = make_case(tree, b"7")
    other, _, absent, _ = make_case(tree, b"300")
    found = tree.prove(b"300", 1)
    assert isinstance(found, NonExistenceProof) and found.left is not None and found.right is not None
    alone = NonExistenceProof(key=b"300", left=found.left, right=None)
    swapped = NonExistenceProof(key=b"300", left=found.right, right=found.left)
    apart = NonExistenceProof(key=b"300", left=found.left, right=_after(tree, found.right.key))
    assert verify(proof, root, key, b"w".hex()) == "another value"
    assert verify(proof, root, b"8".hex(), value) == "another key"
    assert verify(proof, bytes(32).hex(), key, value) == "another root"
    assert verify(proof, root, key, None) == "another kind of proof"
    assert verify(other, root, key, None).startswith("a ")
    assert verify(encode_proof(alone).hex(), root, absent, None) == "something may stand right of the last"
    assert verify(encode_proof(swapped).hex(), root, absent, None) == "a left neighbour that is not left"
    assert verify(encode_proof(apart).hex(), root, absent, None) == "something may stand between the two"


def _after(tree: Tree, key: bytes) -> ExistenceProof:
    """The proof of the entry that stands next to a key's in the tree."""
    ordered = sorted(tree.entries[-1], key=sha256)
    proof = tree.prove(ordered[ordered.index(key) + 1], tree.height)
    assert isinstance(proof, ExistenceProof)
    return proof
