"""Validators are followed from the genesis document over every change, and whoever says otherwise is not believed."""

from dataclasses import replace

import pytest

from chain.block import Block, CertifiedBlock
from chain.hashing import sha256
from chain.keys import SigningKey
from chain.validators import Validator, ValidatorSet
from portals.ledger import Ledger
from rpc.lineage import Anchor, Lineage, Origin
from tests.chain.making import CHAIN, make_certificate, make_key
from tests.portals.making import AnsweringNode
from tests.rpc.memory import MemoryBackend

pytestmark = pytest.mark.trio


def make_set(first: int) -> tuple[ValidatorSet, list[SigningKey]]:
    """Four validators with keys of their own, and their keys in the order of the set."""
    keys = [make_key(first + number) for number in range(4)]
    found = ValidatorSet.of(Validator(public=one.public, power=10, name=f"v{first}") for one in keys)
    by_address = {one.address: one for one in keys}
    return found, [by_address[validator.address] for validator in found.validators]


SETS = {name: make_set(first) for name, first in (("a", 1), ("b", 11), ("c", 21), ("x", 31))}


class Changing(MemoryBackend):
    """A chain in which a set decides each height: `aaabbc` has two changes."""

    def __init__(self, story: str) -> None:
        super().__init__()
        self.story = story
        for height in range(1, len(story)):
            self.set, self.keys = SETS[story[height - 1]]
            self.commit(next_validators_hash=SETS[story[height]][0].hash)

    def validators(self, height: int) -> ValidatorSet | None:
        return SETS[self.story[height - 1]][0] if 1 <= height <= len(self.story) else None

    def sign_again(self, height: int, name: str, **changes: object) -> None:
        """A block that other validators sign, changed or not."""
        block: Block = self.chain[height - 1].block
        block = replace(block, header=replace(block.header, **changes))  # type: ignore[arg-type]  # passed on as given
        found, keys = SETS[name]
        self.chain[height - 1] = CertifiedBlock(block=block, certificate=make_certificate(block, found, keys))


def make_lineage(name: str = "a", chain_id: str = CHAIN) -> Lineage:
    """From a genesis document with these founders."""
    return Lineage(
        Anchor(chain_id=chain_id, genesis_hash=sha256(b"genesis"), validators=SETS[name][0], contracts={})
    )


def ledger_on(backend: MemoryBackend) -> tuple[Ledger, AnsweringNode]:
    """A portal's ledger on one node."""
    node = AnsweringNode(backend, "barat")
    return Ledger([node], lambda: 0), node


@pytest.mark.parametrize(
    ("story", "height", "origin", "changes"),
    [
        ("aaaa", 3, Origin.FOUNDERS, ()),
        ("aaabbbb", 5, Origin.SUCCESSORS, (4,)),
        ("abbbbbb", 6, Origin.SUCCESSORS, (2,)),
        ("aaaaaab", 7, Origin.SUCCESSORS, (7,)),
        ("aabbbccccc", 8, Origin.SUCCESSORS, (3, 6)),
        ("aabbbaaccc", 6, Origin.FOUNDERS, ()),
        ("aabbbaaccc", 9, Origin.SUCCESSORS, (3, 6, 8)),
        ("a" * 40 + "b" * 60, 77, Origin.SUCCESSORS, (41,)),
    ],
)
async def test_every_change_is_found(
    story: str, height: int, origin: Origin, changes: tuple[int, ...]
) -> None:
    ledger, _ = ledger_on(Changing(story + story[-1]))
    lineage = make_lineage()
    for _ in range(2):
        found = await lineage.trace(ledger, SETS[story[height - 1]][0], height)
        assert (found.origin, found.changes, found.problem) == (origin, changes, "")


async def test_who_came_back_is_told_by_the_way_there() -> None:
    ledger, _ = ledger_on(Changing("aabbbaaccc"))
    lineage = make_lineage()
    await lineage.trace(ledger, SETS["c"][0], 9)
    for height, changes in ((2, ()), (4, (3,)), (7, (3, 6)), (10, (3, 6, 8))):
        name = "aabbbaaccc"[height - 1]
        assert (await lineage.trace(ledger, SETS[name][0], height)).changes == changes
    assert (await lineage.trace(ledger, SETS["a"][0], 4)).is_broken


async def test_a_set_that_was_stepped_over_is_found_by_whoever_asks_for_its_time() -> None:
    """Halving from block 1 to 40 looks at heights at which the first set reigns, again or still."""
    story = "a" * 10 + "b" * 3 + "a" * 10 + "c" * 20
    ledger, _ = ledger_on(Changing(story))
    lineage = make_lineage()
    for height, changes in ((40, (24,)), (12, (11,)), (20, ()), (41, (24,)), (12, (11,)), (23, ())):
        found = await lineage.trace(ledger, SETS[story[height - 1]][0], height)
        assert (found.changes, found.problem) == (changes, ""), height
    assert [reign.since for reign in lineage.reigns] == [1, 24], "the way of its own is not remembered"


async def test_what_is_known_is_not_asked_for_again() -> None:
    ledger, node = ledger_on(Changing("aabbbccccc"))
    lineage = make_lineage()
    await lineage.trace(ledger, SETS["c"][0], 8)
    node.asked.clear()
    assert (await lineage.trace(ledger, SETS["b"][0], 4)).changes == (3,)
    assert (await lineage.trace(ledger, SETS["c"][0], 9)).changes == (3, 6)
    assert set(node.asked) <= {"status"}


async def test_without_a_genesis_document_nothing_is_asked() -> None:
    ledger, node = ledger_on(Changing("aab"))
    assert (await Lineage(None).trace(ledger, SETS["b"][0], 3)).origin is Origin.NOT_ASKED
    assert node.asked == []


async def test_another_network_is_told() -> None:
    ledger, _ = ledger_on(Changing("aab"))
    found = await make_lineage(chain_id="lain").trace(ledger, SETS["a"][0], 2)
    assert found.is_broken and "expected chain lain" in found.problem


async def test_other_founders_are_told() -> None:
    ledger, _ = ledger_on(Changing("aaabbb"))
    found = await make_lineage("x").trace(ledger, SETS["b"][0], 5)
    assert found.is_broken and "block 1" in found.problem


async def test_a_hand_over_that_the_former_did_not_sign_is_not_believed() -> None:
    backend = Changing("aaabbbb")
    backend.sign_again(3, "x")
    ledger, _ = ledger_on(backend)
    found = await make_lineage().trace(ledger, SETS["b"][0], 5)
    assert found.is_broken and "block 3, signatures" in found.problem


async def test_a_set_that_was_slipped_in_is_not_believed() -> None:
    """The founders sign a hand-over to b; the node shows x in its place from then on."""
    backend = Changing("aaabbbb")
    backend.story = "aaaxxxx"
    for height in (4, 5, 6):
        backend.sign_again(height, "x", validators_hash=SETS["x"][0].hash)
    ledger, _ = ledger_on(backend)
    found = await make_lineage().trace(ledger, SETS["x"][0], 5)
    assert found.is_broken and "block 3: expected validators" in found.problem


async def test_who_has_left_decides_nothing_any_more() -> None:
    """The founders handed over; their keys, stolen since, sign a later block."""
    backend = Changing("aaabbbbb")
    ledger, _ = ledger_on(backend)
    lineage = make_lineage()
    assert (await lineage.trace(ledger, SETS["b"][0], 5)).origin is Origin.SUCCESSORS
    backend.story = "aaabbbab"
    backend.sign_again(7, "a", validators_hash=SETS["a"][0].hash)
    found = await lineage.trace(ledger, SETS["a"][0], 7)
    assert found.is_broken and "block 6: expected validators" in found.problem


async def test_a_header_of_another_height_is_not_believed() -> None:
    backend = Changing("aaabbbb")
    backend.chain[2] = backend.chain[1]
    ledger, _ = ledger_on(backend)
    found = await make_lineage().trace(ledger, SETS["b"][0], 5)
    assert found.is_broken


async def test_a_block_that_is_not_shown_is_told() -> None:
    backend = Changing("aaabbbb")
    ledger, _ = ledger_on(backend)
    found = await make_lineage().trace(ledger, SETS["x"][0], 50)
    assert found.is_broken and found.problem
