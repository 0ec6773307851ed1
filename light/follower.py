"""Follows the chain by the word of many nodes and the trust of none: hears all, compares, and takes what holds.

A round hears every node for its newest block. Each is verified by itself; the highest leads, and the block that every other
one shows has to be the one that the leader shows, or that was trusted before, at that height. So a certified block that
does not fit is never overlooked while one node of all shows it. Old heights, when somebody asks for one, come through the
same door.

What is trusted only grows: who reigned, and the newest block. A fork ends it for good.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import trio

from chain.errors import Malformed
from chain.limits import LIGHT_CAUGHT_SECONDS, LIGHT_DISPUTE_SECONDS, LIGHT_NODE_SECONDS
from chain.record import Decided
from light.claims import Claim, Conduct, Standing, block_id_of, compute_standings, pick_certified
from light.dispute import LIES, NOT_SHOWN, Unsettled, settle
from light.fork import Fork, prove_fork
from light.party import Node, Party
from light.store import HeaderStore
from machine.clock import Clock
from rpc.lineage import Anchor, Reign


class Forked(Exception):
    """There is a fork: nothing is trusted any more."""

    def __init__(self, fork: Fork) -> None:
        super().__init__(f"block {fork.height} was decided twice")
        self.fork = fork


class Refuted(Unsettled):
    """What was trusted here does not hold: somebody has to begin anew."""


class NotTrusted(Exception):
    """No node shows a block of this height that holds; the message has each node's reason."""


@dataclass(slots=True, kw_only=True)
class _Heard:
    """A node's claim, and the node to ask further."""

    party: Party
    claim: Claim
    refuted: str = ""
    """Why what it stood for does not hold, where it lost against another node over blocks that were trusted here."""

    def fail(self, conduct: Conduct, problem: str) -> None:
        """What it showed is not taken."""
        self.claim = replace(self.claim, conduct=conduct, decided=None, problem=problem)

    @property
    def decided(self) -> Decided:
        """What it showed, of one that was not left out."""
        assert self.claim.decided is not None, self.claim
        return self.claim.decided


class Follower:
    """See the module. `tell` takes one line for each thing that a person should know."""

    def __init__(
        self,
        *,
        anchor: Anchor,
        nodes: Sequence[Node],
        store: HeaderStore,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        self.anchor = anchor
        self.nodes = tuple(nodes)
        self.standings: tuple[Standing, ...] = ()
        self.fork: Fork | None = None
        self.forked = trio.Event()
        self.doubt = ""
        """Why nothing is to be served at the moment; empty where nothing speaks against it."""
        self.head = store.head()
        self._store = store
        self._clock = clock
        self._tell = tell
        self._caught: dict[str, tuple[float, str]] = {}
        self._progress: dict[str, tuple[Reign, ...]] = {}

    # --- Rounds -----------------------------------------------------------------------------------------------------

    async def step(self) -> bool:
        """Hears every node once; whether there is a newer block. Raises `Forked`, `NotTrusted` where no node shows anything
        that holds, and `Unsettled`.
        """
        before = 0 if self.head is None else self.head.header.height
        heard = await self._hear_all(self.nodes, None)
        leader = await self._agree(heard)
        while leader is not None and not await self._take(leader):
            leader = await self._agree(heard)
        if self.fork is not None:  # a question found it meanwhile
            raise Forked(self.fork)
        self.doubt = ""
        self._stand(compute_standings([one.claim for one in heard], before, self._list_caught()))
        if leader is None:
            raise NotTrusted(f"no node shows a block that holds ({_reasons(heard)})")
        return self.head is not None and self.head.header.height > before

    async def decided(self, height: int) -> Decided:
        """A verified block at or below the head, compared among the nodes. Raises like `step`."""
        found = self._store.get(height)
        if found is not None:
            return found
        if self.head is None or height > self.head.header.height:
            raise NotTrusted(f"block {height} is not trusted yet")
        if height < self.anchor.since:
            raise NotTrusted(f"block {height} lies before {self.anchor.since}, where trust begins")
        silent = {one.address for one in self.standings if one.conduct is Conduct.SILENT}
        heard = await self._hear_all([one for one in self.nodes if one.address not in silent], height)
        leader = await self._agree(heard)
        for one in heard:
            if one.claim.conduct is Conduct.WRONG:
                self.name_wrong(one.claim.address, one.claim.problem)
        if leader is None:
            raise NotTrusted(f"block {height}: no node shows it so that it holds ({_reasons(heard)})")
        self._check_links(leader.decided)
        self._store.put(leader.decided)
        return leader.decided

    def _check_links(self, decided: Decided) -> None:
        """An old block has to lead to the one after it and come from the one before it, where they are known."""
        height = decided.header.height
        before, after = self._store.get(height - 1), self._store.get(height + 1)
        follows = before is None or block_id_of(before) == decided.header.previous_block_id
        leads = after is None or block_id_of(decided) == after.header.previous_block_id
        if not (follows and leads):
            raise NotTrusted(
                f"block {height}: what nodes show does not join the blocks that are trusted beside it"
            )

    def name_wrong(self, address: str, problem: str) -> None:
        """Says that a node answered something that does not hold; for a while it is left out of answers."""
        self._caught[address] = (trio.current_time(), problem)
        self._stand(
            tuple(
                replace(one, conduct=Conduct.WRONG, problem=problem) if one.address == address else one
                for one in self.standings
            )
        )

    def _list_caught(self) -> dict[str, str]:
        since = trio.current_time() - LIGHT_CAUGHT_SECONDS
        return {address: problem for address, (when, problem) in self._caught.items() if when > since}

    async def _take(self, leader: _Heard) -> bool:
        """Trusts what the leader shows, with the block before it; whether that one holds too."""
        decided = leader.decided
        height = decided.header.height
        if self.head is not None and height <= self.head.header.height:
            return True
        previous = None
        if height > self.anchor.since and self._store.get(height - 1) is None:
            previous = await self._ask(leader, height - 1)
            if previous is None:
                return False
            if block_id_of(previous) != decided.header.previous_block_id:
                leader.fail(Conduct.WRONG, f"its block {height} does not follow its block {height - 1}")
                return False
        reigns = leader.party.reigns
        if previous is not None:
            self._store.put(previous, reigns)
        self._store.put(decided, reigns)
        self.head = decided
        return True

    # --- Hearing ----------------------------------------------------------------------------------------------------

    async def _hear_all(self, nodes: Sequence[Node], height: int | None) -> list[_Heard]:
        heard: dict[int, _Heard] = {}

        async def hear(place: int) -> None:
            heard[place] = await self._hear(nodes[place], height)

        async with trio.open_nursery() as nursery:
            for place in range(len(nodes)):
                nursery.start_soon(hear, place)
        return [heard[place] for place in range(len(nodes))]

    async def _hear(self, node: Node, height: int | None) -> _Heard:
        reached = 0 if self.head is None else self.head.header.height
        party = Party(node, self.anchor, self._find_reigns(node), reached, self._clock)
        one = _Heard(party=party, claim=Claim(address=node.address, conduct=Conduct.SILENT))
        try:
            with trio.fail_after(LIGHT_NODE_SECONDS):
                decided = await self._show(party, height)
        except trio.TooSlowError:
            self._progress[node.address] = party.progress
            one.fail(Conduct.SILENT, f"it does not show its block within {LIGHT_NODE_SECONDS:.0f} s")
        except NOT_SHOWN as silence:
            one.fail(Conduct.SILENT, str(silence))
        except LIES as lie:
            one.fail(Conduct.WRONG, str(lie))
        else:
            one.claim = replace(one.claim, conduct=Conduct.AGREES, decided=decided, reigns=party.reigns)
        return one

    def _find_reigns(self, node: Node) -> tuple[Reign, ...]:
        """What leads to a node's blocks: what is trusted, and the way on which it was too slow the last time."""
        trusted, progress = self._store.reigns, self._progress.pop(node.address, ())
        return progress if progress[: len(trusted)] == trusted else trusted

    async def _show(self, party: Party, height: int | None) -> Decided:
        """The block that a node is to be judged by: its newest, or that at the head's height if it does not lead there."""
        decided = await party.decided(height)
        head = self.head
        if head is None:
            await party.check_beginning()
            return decided
        height, ours = decided.header.height, head.header.height
        follows = height == ours + 1 and decided.header.previous_block_id == block_id_of(head)
        if height <= ours or (follows and not party.is_elsewhere):
            return decided
        below = await party.decided(ours)
        if block_id_of(below) != block_id_of(head):
            return below
        if party.is_elsewhere:
            raise Malformed(
                f"it shows block {ours}, and block {height} by validators who do not decide there"
            )
        if height == ours + 1:
            raise Malformed(f"its block {height} does not follow its block {ours}")
        return decided

    async def _ask(self, one: _Heard, height: int) -> Decided | None:
        """Another block of the same node; None, and the node is out, where it does not show it."""
        try:
            with trio.fail_after(LIGHT_NODE_SECONDS):
                return await one.party.decided(height)
        except trio.TooSlowError:
            one.fail(Conduct.SILENT, f"it does not show block {height}")
        except NOT_SHOWN as silence:
            one.fail(Conduct.SILENT, str(silence))
        except LIES as lie:
            one.fail(Conduct.WRONG, str(lie))
        return None

    # --- Comparing --------------------------------------------------------------------------------------------------

    async def _agree(self, heard: list[_Heard]) -> _Heard | None:
        """The highest claim with which all others that hold agree; None where none holds."""
        while True:
            places = {one.claim.address: one for one in heard}
            ranked = [places[claim.address] for claim in pick_certified([one.claim for one in heard])]
            leader = next((one for one in ranked if self._may_lead(one)), None)
            if leader is None:
                self._check_unrefuted(heard)
            if all([await self._is_settled(leader, one) for one in ranked if one is not leader]):
                if leader is None:
                    for one in ranked:
                        one.fail(Conduct.WRONG, "by validators who are not known to decide there")
                return leader

    def _check_unrefuted(self, heard: list[_Heard]) -> None:
        """Whoever loses may only have lied: what is trusted falls when nobody else stands for it."""
        refuted = next((one.refuted for one in heard if one.refuted), None)
        if refuted is not None and self.head is not None:
            raise Refuted(
                f"what was trusted here at height {self.head.header.height} does not hold: {refuted}. "
                "Begin anew in another directory"
            )

    def _may_lead(self, one: _Heard) -> bool:
        """Whether what is trusted leads to a claim: who shows another block at the head was heard for that one (`_show`)."""
        head, decided = self.head, one.decided
        is_beside = head is not None and decided.header.height == head.header.height
        is_other = head is not None and is_beside and block_id_of(decided) != block_id_of(head)
        return not (is_other or one.party.is_elsewhere)

    async def _is_settled(self, leader: _Heard | None, other: _Heard) -> bool:
        """Compares one node with the leader; False where somebody was left out and all begins anew."""
        theirs = other.claim.decided
        if theirs is None:
            return True
        height = theirs.header.height
        ours = self._store.get(height)
        if ours is None and leader is not None:
            if leader.claim.decided is None:
                return False
            is_there = leader.decided.header.height == height
            ours = leader.decided if is_there else await self._ask(leader, height)
            if ours is None:
                return False
        if ours is None or block_id_of(ours) == block_id_of(theirs):
            return True
        await self._part(leader, other, ours, theirs)
        return False

    async def _part(self, leader: _Heard | None, other: _Heard, ours: Decided, theirs: Decided) -> None:
        """Two certified blocks of one height: a fork, or somebody is left out. Raises `Forked` or `Unsettled`."""
        height = ours.header.height
        beside = "what was trusted here" if leader is None else leader.claim.address
        self.doubt = f"{beside} and {other.claim.address} are two histories at height {height}"
        if ours.validators.hash == theirs.validators.hash:
            self._end(prove_fork(self.anchor.chain_id, self.anchor.genesis_hash, ours, theirs))
        if leader is None:
            raise Unsettled(
                f"{other.claim.address} shows another history than the one that was trusted here at height {height}, "
                "and no node shows this one any more"
            )
        try:
            with trio.fail_after(LIGHT_DISPUTE_SECONDS):
                outcome = await settle(
                    leader.party,
                    other.party,
                    self.anchor,
                    self.anchor.genesis_hash,
                    (ours.header, theirs.header),
                )
        except trio.TooSlowError:
            raise Unsettled(f"{self.doubt}, and who is right takes too long to find out") from None
        if isinstance(outcome, Fork):
            self._end(outcome)
        for party, problem in outcome.losers:
            loser = leader if party is leader.party else other
            loser.fail(Conduct.WRONG, problem)
        is_trusted = self.head is not None and outcome.height <= self.head.header.height
        if is_trusted and other.claim.decided is not None:
            leader.refuted = leader.claim.problem

    def _end(self, fork: Fork) -> NoReturn:
        self.fork = fork
        self.doubt = f"block {fork.height} was decided twice"
        self.forked.set()
        raise Forked(fork)

    def _stand(self, standings: tuple[Standing, ...]) -> None:
        known = {one.address: one for one in self.standings}
        self.standings = standings
        for one in standings:
            before = known.get(one.address)
            if before is None or (before.conduct, before.problem) != (one.conduct, one.problem):
                self._tell(f"{one.address} {one.conduct.value}" + (f": {one.problem}" if one.problem else ""))


def _reasons(heard: Sequence[_Heard]) -> str:
    return "; ".join(f"{one.claim.address}: {one.claim.problem}" for one in heard if one.claim.problem)
