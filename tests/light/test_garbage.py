"""Answers altered at random, and everything that JSON can be in any place of them: nothing false is told, and nothing breaks."""

import random
from pathlib import Path
from typing import Any

import pytest

from light.dispute import Unsettled
from light.follower import NotTrusted
from light.reads import NotProven, Reads
from tests.light.lying import Lie, LyingNode, following
from tests.light.test_reads import READS, backend, expected, reading, shown
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import Changing

pytestmark = pytest.mark.trio
ALTERED = 50
METHODS = {
    "block": "block",
    "content": "committed",
    "parameters": "consensus_params",
    "present": "abci_query",
    "absent": "abci_query",
    "find": "tx_status",
    "height_of": "header_by_hash",
}
_ANYTHING: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**70, 1.5, 1e300, "", "0", "-1", "1", "9" * 5_000, "zz", "AB" * 32, "AAAA", "=", "é", "\x00",
    "2024-01-01T00:00:00Z", [], {}, [[]], [None] * 200, {"a": [1]}, "A" * 200_000,
)  # fmt: skip


def anything(chance: random.Random) -> Lie:
    """Puts anything in the place of one part, or flips a sign of it, or takes it away, or takes it twice."""

    def lie(result: Any) -> Any:
        places = list(walk(result, ()))
        path = chance.choice(places)
        if not path:
            return chance.choice(_ANYTHING)
        place = result
        for step in path[:-1]:
            place = place[step]
        found = place[path[-1]]
        match chance.randrange(4):
            case 0 if isinstance(found, str) and found:
                at = chance.randrange(len(found))
                place[path[-1]] = found[:at] + chance.choice("0123456789ABCDEFabcz+/=-") + found[at + 1 :]
            case 1:
                del place[path[-1]]
            case 2 if isinstance(place, list):
                place.insert(chance.randrange(len(place) + 1), found)
            case _:
                place[path[-1]] = chance.choice(_ANYTHING)
        return result

    return lie


def walk(found: Any, path: tuple[Any, ...]) -> Any:
    """The way to every part."""
    yield path
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        yield from walk(value, (*path, key))


async def test_no_altered_header_is_believed(tmp_path: Path) -> None:
    ledger = Changing("aaabbbbbb")
    truth = ledger.chain[-1].block.header
    for seed in range(ALTERED):
        lies = {
            method: anything(random.Random(f"{method} {seed}"))
            for method in ("commit", "header", "validators")
        }
        with following(tmp_path / f"{seed}", [LyingNode(ledger, "bohong", lies)]) as (follower, _):
            try:
                await follower.step()
            except (NotTrusted, Unsettled):
                assert follower.head is None
            else:  # what was altered does not count: an address, a time of a vote
                assert follower.head is not None and follower.head.header == truth, seed
        with following(
            tmp_path / f"{seed} two", [LyingNode(ledger, "bohong", lies), AnsweringNode(ledger, "jujur")]
        ) as (follower, _):
            await follower.step()
            assert follower.head is not None and follower.head.header == truth, seed


@pytest.mark.parametrize("name", METHODS)
async def test_no_altered_answer_is_told(tmp_path: Path, name: str) -> None:
    liar = LyingNode(backend(), "bohong", {})
    refused = 0
    with reading(tmp_path, [liar]) as (_, follower):
        await follower.step()
        for seed in range(ALTERED):
            liar.lies = {METHODS[name]: anything(random.Random(f"{name} {seed}"))}
            try:
                found = shown(await READS[name](Reads(follower)))
            except NotProven:
                refused += 1
            else:
                assert found == expected(name) or (name == "find" and found is None), seed
    assert name == "find" or refused > ALTERED // 4
