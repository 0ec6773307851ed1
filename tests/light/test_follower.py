"""Whatever two nodes of three say, the light client finds what the third shows, or nothing at all; and it names who lied."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import trio
from trio.testing import MockClock

from chain.limits import LIGHT_AHEAD_MS, LIGHT_CAUGHT_SECONDS, LIGHT_NODE_SECONDS
from light.claims import Conduct
from light.dispute import Unsettled
from light.follower import Follower, NotTrusted
from rpc.requests import Request
from tests.light.lying import ANCHOR, LIES, Clock, LyingNode, RefusingNode, following, fork_of
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import SETS, Changing

pytestmark = pytest.mark.trio
Answer = TypeVar("Answer")
STORY = "aaabbbbbb"
HEAD = len(STORY) - 1
UNSHOWN = ("a height that nobody decided",)
"""What is claimed, and then the node itself refuses to show the way there."""


def conducts(follower: Follower) -> dict[str, Conduct]:
    """How each node stands."""
    return {one.address: one.conduct for one in follower.standings}


def head_of(follower: Follower) -> int:
    """The trusted height."""
    return 0 if follower.head is None else follower.head.header.height


async def test_one_node_is_followed_over_a_change_of_validators(tmp_path: Path) -> None:
    backend = Changing(STORY)
    with following(tmp_path, [AnsweringNode(backend, "jujur")]) as (follower, told):
        assert await follower.step()
        assert follower.head is not None and follower.head.header == backend.chain[-1].block.header
        assert told == ["jujur agrees"]
        assert not await follower.step()
        backend.commit()
        assert await follower.step() and head_of(follower) == HEAD + 1


@pytest.mark.parametrize("name", LIES)
async def test_two_that_lie_are_named_and_the_third_is_followed(tmp_path: Path, name: str) -> None:
    backend = Changing(STORY)
    liars = [LyingNode(backend, f"bohong {number}", {"commit": LIES[name]}) for number in (1, 2)]
    with following(tmp_path, [*liars, AnsweringNode(backend, "jujur")]) as (follower, told):
        await follower.step()
        assert follower.head is not None and follower.head.header == backend.chain[-1].block.header
        expected = Conduct.SILENT if name in UNSHOWN else Conduct.WRONG
        assert conducts(follower) == {"bohong 1": expected, "bohong 2": expected, "jujur": Conduct.AGREES}
        assert len([line for line in told if line.startswith(f"bohong 1 {expected.value}: ")]) == 1


@pytest.mark.parametrize("name", LIES)
async def test_where_all_lie_nothing_is_trusted(tmp_path: Path, name: str) -> None:
    backend = Changing(STORY)
    liars = [LyingNode(backend, f"bohong {number}", {"commit": LIES[name]}) for number in (1, 2, 3)]
    with following(tmp_path, liars) as (follower, _):
        with pytest.raises(NotTrusted, match=r"bohong 1: .*bohong 2: .*bohong 3: "):
            await follower.step()
        assert follower.head is None


@pytest.mark.parametrize("name", LIES)
async def test_who_begins_to_lie_moves_nothing(tmp_path: Path, name: str) -> None:
    backend = Changing(STORY)
    liar = LyingNode(backend, "bohong", {})
    with following(tmp_path, [liar]) as (follower, _):
        await follower.step()
        before = follower.head
        backend.commit()
        liar.lies = {"commit": LIES[name]}
        with pytest.raises((NotTrusted, Unsettled)):
            await follower.step()
        assert follower.head == before


async def test_who_is_behind_or_silent_is_no_liar(tmp_path: Path) -> None:
    backend, short = Changing(STORY), Changing(STORY)
    short.chain = short.chain[:5]
    gone, old = AnsweringNode(backend, "pergi"), AnsweringNode(short, "lama")
    with following(tmp_path, [old, gone, AnsweringNode(backend, "jujur")]) as (follower, told):
        gone.is_gone = True
        await follower.step()
        await follower.step()
        assert conducts(follower) == {
            "lama": Conduct.BEHIND,
            "pergi": Conduct.SILENT,
            "jujur": Conduct.AGREES,
        }
        assert head_of(follower) == HEAD
        assert told.count("pergi is silent: nobody answers here") == 1
        gone.is_gone = False
        await follower.step()
        assert told[-1] == "pergi agrees"


async def test_a_hand_over_that_was_slipped_in_is_left_out(tmp_path: Path) -> None:
    """A liar shows x from the third block on, who signed everything since."""
    honest, liar = Changing(STORY), Changing(STORY)
    liar.story = "aaaxxxxxx"
    strangers = SETS["x"][0].hash
    for height in range(4, len(STORY)):
        liar.sign_again(height, "x", validators_hash=strangers, next_validators_hash=strangers)
    with following(tmp_path, [AnsweringNode(liar, "bohong"), AnsweringNode(honest, "jujur")]) as (
        follower,
        _,
    ):
        await follower.step()
        assert conducts(follower) == {"bohong": Conduct.WRONG, "jujur": Conduct.AGREES}
        assert follower.head is not None and follower.head.header == honest.chain[-1].block.header


async def test_this_clock_bounds_what_is_believed(tmp_path: Path) -> None:
    backend = Changing(STORY)
    newest = backend.chain[-1].block.header.time_ms
    clock = Clock(newest - LIGHT_AHEAD_MS - 1)
    with following(tmp_path, [AnsweringNode(backend, "jujur")], clock=clock) as (follower, _):
        with pytest.raises(NotTrusted, match="ahead of this machine's clock"):
            await follower.step()
        clock.ms += 1
        assert await follower.step()


async def test_older_blocks_come_through_the_same_door(tmp_path: Path) -> None:
    backend = Changing(STORY)
    liar, honest = LyingNode(backend, "bohong", {}), AnsweringNode(backend, "jujur")
    with following(tmp_path, [liar, honest]) as (follower, told):
        await follower.step()
        for name in ("another state root", "unknown signers", "signed by strangers"):
            liar.lies = {"commit": LIES[name]}
            told.clear()
            for height in (2, 3, 4):
                found = await follower.decided(height)
                assert found.header == backend.chain[height - 1].block.header
        liar.lies = {}
        honest.is_gone = True
        assert (await follower.decided(5)).header == backend.chain[4].block.header
        with pytest.raises(NotTrusted, match=f"block {HEAD + 1} is not trusted yet"):
            await follower.decided(HEAD + 1)


@pytest.mark.parametrize("now", ["a", "c"])
async def test_blocks_of_a_set_that_left_and_came_back_are_read(tmp_path: Path, now: str) -> None:
    """Halving stepped over the set between: its blocks are led to by a way of their own, and nobody lied."""
    story = "a" * 10 + "b" * 3 + "a" * 10 + now * 20
    honest = Changing(story)
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(honest, "dua")]
    for heights in ((12, 9), (20, 12, 11, 14, 10, 13, 35)):
        with following(tmp_path, nodes) as (follower, _):
            await follower.step()
            for height in heights:
                decided = await follower.decided(height)
                assert decided.header == honest.chain[height - 1].block.header
                assert decided.validators == SETS[story[height - 1]][0]
            await follower.step()
            assert all(one.conduct is Conduct.AGREES for one in follower.standings)


async def test_an_older_block_that_nobody_shows_is_refused(tmp_path: Path) -> None:
    backend = Changing(STORY)
    liar = LyingNode(backend, "bohong", {})
    with following(tmp_path, [liar]) as (follower, told):
        await follower.step()
        liar.lies = {"commit": LIES["votes for nil"]}
        with pytest.raises(NotTrusted, match="block 2: no node shows it so that it holds"):
            await follower.decided(2)
        assert told[-1].startswith("bohong is left out: ")


async def test_an_old_block_has_to_join_those_beside_it(tmp_path: Path) -> None:
    """Somebody has the keys of those who decided it then, and nobody else is there to contradict."""
    backend = Changing(STORY)
    liar = LyingNode(backend, "bohong", {})
    with following(tmp_path, [liar]) as (follower, _):
        await follower.step()
        assert (await follower.decided(3)).header == backend.chain[2].block.header
        liar.backend = fork_of(backend, 2, "a")
        with pytest.raises(NotTrusted, match="does not join the blocks that are trusted beside it"):
            await follower.decided(2)
        with pytest.raises(NotTrusted, match="bohong: by validators who are not known to decide there"):
            await follower.decided(4)


async def test_who_answered_something_false_is_left_out_for_a_while(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    backend = Changing(STORY)
    with following(tmp_path, [AnsweringNode(backend, "bohong"), AnsweringNode(backend, "jujur")]) as (
        follower,
        told,
    ):
        await follower.step()
        follower.name_wrong("bohong", "a false proof")
        for _ in range(3):
            await follower.step()
        assert conducts(follower) == {"bohong": Conduct.WRONG, "jujur": Conduct.AGREES}
        assert told.count("bohong is left out: a false proof") == 1
        await trio.sleep(LIGHT_CAUGHT_SECONDS + 1)
        await follower.step()
        assert conducts(follower)["bohong"] is Conduct.AGREES


async def test_a_long_way_to_a_slow_node_is_gone_in_parts(tmp_path: Path, autojump_clock: MockClock) -> None:
    """Three hand-overs, each of which takes most of what one round allows."""

    class SlowNode(AnsweringNode):
        async def call(self, request: Request[Answer]) -> Answer:
            await trio.sleep(LIGHT_NODE_SECONDS / 14)
            return await super().call(request)

    backend = Changing("a" * 20 + "b" * 20 + "c" * 20 + "x" * 21)
    rounds = 0
    with following(tmp_path, [SlowNode(backend, "lambat")]) as (follower, told):
        while follower.head is None and rounds < 20:
            rounds += 1
            with suppress(NotTrusted):
                await follower.step()
        assert follower.head is not None and follower.head.header == backend.chain[-1].block.header
        assert 2 < rounds < 20 and told[0].startswith("lambat is silent: it does not show its block within")


async def test_trust_may_begin_at_a_later_block(tmp_path: Path) -> None:
    backend = Changing(STORY)
    later = replace(
        ANCHOR,
        validators=SETS["b"][0],
        since=5,
        block_id=backend.chain[3].certificate.block_id,
    )
    with following(tmp_path, [AnsweringNode(backend, "jujur")], later) as (follower, _):
        await follower.step()
        assert head_of(follower) == HEAD
        with pytest.raises(NotTrusted, match="block 3 lies before 5, where trust begins"):
            await follower.decided(3)


async def test_a_history_that_misses_the_block_where_trust_begins_is_left_out(tmp_path: Path) -> None:
    backend = Changing(STORY)
    later = replace(
        ANCHOR,
        validators=SETS["b"][0],
        since=5,
        block_id=backend.chain[2].certificate.block_id,
    )
    with following(tmp_path, [AnsweringNode(backend, "bohong")], later) as (follower, _):
        with pytest.raises(NotTrusted, match="block 4: expected "):
            await follower.step()
        assert follower.head is None


async def test_a_node_that_refuses_is_silent(tmp_path: Path) -> None:
    backend = Changing(STORY)
    nodes = [
        RefusingNode(backend, "pangkas", "commit", "height 5 is pruned here"),
        AnsweringNode(backend, "jujur"),
    ]
    with following(tmp_path, nodes) as (follower, told):
        await follower.step()
        assert conducts(follower)["pangkas"] is Conduct.SILENT
        assert "pangkas is silent: height 5 is pruned here" in told
