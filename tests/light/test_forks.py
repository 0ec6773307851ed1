"""Two certified histories: a fork convicts who signed both, stolen keys of former validators do not pass for one, and
nothing is trusted while it is open who is right.
"""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trio
from trio.testing import MockClock

from chain.block import compute_block_id
from chain.errors import Malformed
from chain.evidence import verify_evidence
from chain.limits import LIGHT_DISPUTE_SECONDS
from light.claims import Conduct
from light.dispute import Unsettled
from light.follower import Forked, NotTrusted, Refuted
from light.fork import prove_fork, tell_fork
from light.fork_file import parse_fork, render_fork
from rpc.requests import Request
from tests.chain.making import CHAIN
from tests.light.lying import ANCHOR, LyingNode, RefusingNode, following, fork_of
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import SETS, Changing

pytestmark = pytest.mark.trio
Answer = TypeVar("Answer")
STORY = "aaabbbbbb"
HEAD = len(STORY) - 1


@pytest.mark.parametrize("order", ["honest first", "fork first"])
async def test_a_fork_convicts_everybody_who_signed_both(tmp_path: Path, order: str) -> None:
    honest = Changing(STORY)
    other = fork_of(honest, 6, "b")
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(honest, "dua"), AnsweringNode(other, "tiga")]
    if order == "fork first":
        nodes.reverse()
    with following(tmp_path, nodes) as (follower, _):
        with pytest.raises(Forked) as caught:
            await follower.step()
        assert follower.head is None and follower.doubt
    fork = caught.value.fork
    assert fork.height == HEAD and fork.is_same_round
    assert [validator.address for validator in fork.signers] == [key.address for key in SETS["b"][1][:3]]
    assert [one.first.vote.validator for one in fork.evidence] == [one.address for one in fork.signers]
    for one in fork.evidence:
        verify_evidence(one, SETS["b"][0], CHAIN)
        assert {one.first.vote.block_id, one.second.vote.block_id} == {
            compute_block_id(backend.chain[HEAD - 1].block.header) for backend in (honest, other)
        }


async def test_signatures_in_two_rounds_are_kept_and_convict_nobody(tmp_path: Path) -> None:
    honest = Changing(STORY)
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(fork_of(honest, HEAD, "b", round_=1), "dua")]
    with following(tmp_path, nodes) as (follower, _), pytest.raises(Forked) as caught:
        await follower.step()
    fork = caught.value.fork
    assert not fork.is_same_round and fork.evidence == () and len(fork.signers) == 3
    assert {fork.one.certificate.round, fork.other.certificate.round} == {0, 1}
    assert "two precommits alone do not tell who" in tell_fork(fork)[-1]


async def test_the_fork_file_is_verified_when_it_is_read(tmp_path: Path) -> None:
    honest = Changing(STORY)
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(fork_of(honest, 6, "b"), "dua")]
    with following(tmp_path, nodes) as (follower, _), pytest.raises(Forked) as caught:
        await follower.step()
    text = render_fork(caught.value.fork)
    found = parse_fork(text.encode())
    assert found == caught.value.fork and len(found.evidence) == 3
    honest_block = found.one
    for old, new in (
        (f'"{CHAIN}"', '"lain"'),
        ('"version": 1', '"version": 2'),
        (render_hex(text, "header", 0), render_hex(text, "header", 1)),
        (render_hex(text, "certificate", 0), render_hex(text, "certificate", 1)),
        (found.evidence[0].second.signature.hex(), "00" * 64),
        (text[:20], "[" + text[:20]),
        ("{", ""),
    ):
        assert old in text
        with pytest.raises(Malformed):
            parse_fork(text.replace(old, new).encode())
    with pytest.raises(Malformed, match="expected two blocks"):
        prove_fork(CHAIN, ANCHOR.genesis_hash, honest_block, honest_block)


def render_hex(text: str, name: str, place: int) -> str:
    """What stands in the file at the first or second place of a name."""
    return text.split(f'"{name}": "')[1 + place].split('"')[0]


async def test_a_block_of_before_that_was_decided_twice_is_found(tmp_path: Path) -> None:
    """A node that stands still at a fork below the head."""
    honest = Changing(STORY)
    other = fork_of(honest, 6, "b")
    other.chain = other.chain[:6]
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(other, "dua")]
    with following(tmp_path, nodes) as (follower, _):
        with pytest.raises(Forked) as caught:
            await follower.step()
        assert caught.value.fork.height == 6


async def test_a_fork_of_an_old_block_is_found_when_it_is_read(tmp_path: Path) -> None:
    honest = Changing(STORY)
    other = fork_of(honest, 5, "b")
    liar = LyingNode(honest, "dua", {})
    with following(tmp_path, [AnsweringNode(honest, "satu"), liar]) as (follower, _):
        await follower.step()
        liar.backend = other
        with pytest.raises(Forked) as caught:
            await follower.decided(5)
        assert follower.fork == caught.value.fork and follower.forked.is_set()


async def test_a_fork_after_what_was_trusted_is_found_after_a_restart(tmp_path: Path) -> None:
    """All nodes show another history now; what was kept on disk convicts its signers."""
    honest = Changing(STORY)
    with following(tmp_path, [AnsweringNode(honest, "satu")]) as (follower, _):
        await follower.step()
    nodes = [AnsweringNode(fork_of(honest, 6, "b"), "satu")]
    with following(tmp_path, nodes) as (follower, _), pytest.raises(Forked) as caught:
        await follower.step()
    assert len(caught.value.fork.evidence) == 3


@pytest.mark.parametrize("is_first", [True, False])
async def test_keys_of_those_who_left_do_not_pass_for_a_fork(tmp_path: Path, is_first: bool) -> None:
    """The set a has handed over to b and then signs on: its blocks verify, and the way to them does not."""
    honest = Changing(STORY)
    nodes = [AnsweringNode(fork_of(honest, 5, "a"), "bohong"), AnsweringNode(honest, "jujur")]
    if not is_first:
        nodes.reverse()
    with following(tmp_path, nodes) as (follower, told):
        await follower.step()
        assert follower.head is not None and follower.head.header == honest.chain[-1].block.header
        assert {one.address: one.conduct for one in follower.standings} == {
            "bohong": Conduct.WRONG,
            "jujur": Conduct.AGREES,
        }
        assert any(
            "bohong is left out: it shows a block without the way to it: block 5" in line for line in told
        )


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("turns_at", ["the head", "every old block"])
async def test_who_takes_back_its_word_in_a_dispute_is_the_liar(
    tmp_path: Path, is_first: bool, turns_at: str
) -> None:
    """Keys of those who left sign another history; asked for the way to it, the node shows the true blocks."""

    class TurningNode(AnsweringNode):
        async def call(self, request: Request[Answer]) -> Answer:
            is_old = request.method == "commit" and request.params.get("height") is not None
            is_way = request.method == "header" and turns_at == "the head"
            self.backend = honest if is_old or is_way else other
            return await super().call(request)

    honest = Changing(STORY)
    other = fork_of(honest, HEAD if turns_at == "the head" else 5, "a")
    nodes = [TurningNode(other, "bohong"), AnsweringNode(honest, "jujur")]
    if not is_first:
        nodes.reverse()
    with following(tmp_path, nodes) as (follower, told):
        await follower.step()
        assert follower.head is not None and follower.head.header == honest.chain[-1].block.header
        assert any("bohong is left out" in line and "it showed a moment before" in line for line in told)
        assert "jujur agrees" in told


async def test_keys_of_those_who_left_that_deny_their_hand_over_are_a_fork(tmp_path: Path) -> None:
    """The set a signs its last block twice: once handing over, once not. Keys are keys, whoever has them now."""
    honest = Changing(STORY)
    nodes = [AnsweringNode(honest, "jujur"), AnsweringNode(fork_of(honest, 3, "a"), "bohong")]
    with following(tmp_path, nodes) as (follower, _), pytest.raises(Forked) as caught:
        await follower.step()
    assert caught.value.fork.height == 3
    assert {one.first.vote.validator for one in caught.value.fork.evidence} == {
        key.address for key in SETS["a"][1][:3]
    }


async def test_what_was_trusted_is_refuted_when_the_truth_comes(tmp_path: Path) -> None:
    """At first only a liar answers, with stolen keys; then an honest node comes."""
    honest = Changing(STORY)
    gone = AnsweringNode(honest, "jujur")
    gone.is_gone = True
    with following(tmp_path, [AnsweringNode(fork_of(honest, 5, "a"), "bohong"), gone]) as (follower, _):
        await follower.step()
        assert follower.head is not None
        gone.is_gone = False
        with pytest.raises(Refuted, match="what was trusted here at height 8 does not hold"):
            await follower.step()
        assert follower.doubt


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_two_liars_who_play_a_dispute_do_not_refute_the_truth(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    """One stands for the true head and shows a false way to it, the other has keys of those who left and shows the true one."""
    honest = Changing(STORY)
    standing, stolen = LyingNode(honest, "satu", {}), AnsweringNode(honest, "dua")
    nodes: list[AnsweringNode] = [standing, stolen, AnsweringNode(honest, "jujur")]
    with following(tmp_path, [nodes[place] for place in order]) as (follower, _):
        await follower.step()
        standing.lies = {"header": _another_root}
        stolen.backend = fork_of(honest, 5, "a")
        await follower.step()
        honest.commit()
        assert await follower.step()
        assert follower.head is not None and follower.head.header == honest.chain[-1].block.header
        assert {one.address: one.conduct for one in follower.standings}["jujur"] is Conduct.AGREES


def _another_root(result: Any) -> Any:
    result["header"]["app_hash"] = "AB" * 32
    return result


async def test_who_does_not_show_the_way_leaves_the_matter_open(tmp_path: Path) -> None:
    honest = Changing(STORY)
    mute, node = (
        RefusingNode(fork_of(honest, 5, "a"), "bisu", "header", "headers are pruned here"),
        AnsweringNode(honest, "jujur"),
    )
    with following(tmp_path, [mute, node]) as (follower, _):
        with pytest.raises(Unsettled, match="bisu does not show the way"):
            await follower.step()
        assert "bisu and jujur are two histories at height 8" in follower.doubt
        mute.is_gone = True
        assert await follower.step()
        assert not follower.doubt


async def test_who_takes_too_long_to_show_the_way_leaves_it_open_too(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    class SlowNode(AnsweringNode):
        async def call(self, request: Request[Answer]) -> Answer:
            if request.method == "header":
                assert follower.doubt == "lambat and jujur are two histories at height 8"
                await trio.sleep(LIGHT_DISPUTE_SECONDS)
            return await super().call(request)

    honest = Changing(STORY)
    nodes = [SlowNode(fork_of(honest, 5, "a"), "lambat"), AnsweringNode(honest, "jujur")]
    with following(tmp_path, nodes) as (follower, _), pytest.raises(Unsettled, match="takes too long"):
        await follower.step()


async def test_another_history_that_nobody_can_settle_is_not_followed(tmp_path: Path) -> None:
    honest = Changing(STORY)
    with following(tmp_path, [AnsweringNode(honest, "satu")]) as (follower, _):
        await follower.step()
        before = follower.head
    with following(tmp_path, [AnsweringNode(fork_of(honest, 5, "a"), "satu")]) as (follower, _):
        with pytest.raises(Unsettled, match="another history than the one that was trusted here at height 8"):
            await follower.step()
        assert follower.head == before


async def test_a_network_of_other_founders_is_no_fork(tmp_path: Path) -> None:
    honest = Changing(STORY)
    nodes = [AnsweringNode(honest, "satu"), AnsweringNode(Changing("xxxxxxxxx"), "dua")]
    with following(tmp_path, nodes) as (follower, _):
        await follower.step()
        assert [one.conduct for one in follower.standings] == [Conduct.AGREES, Conduct.WRONG]
    founded = replace(ANCHOR, validators=SETS["c"][0])
    with following(tmp_path / "c", nodes, founded) as (follower, _), pytest.raises(NotTrusted):
        await follower.step()
