"""The follower with the reactor that carries out what it brings: whoever mixes false blocks into true ones is refused, and
the next one is asked.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import trio

from chain.block import CertifiedBlock
from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.keys import PublicKey
from chain.proposal import SignedProposal, VerifiedProposal
from chain.vote import Height, SignedVote
from node.bodies import Bodies
from node.commit import Committed
from node.docket import Docket
from node.follower import Follower
from node.journal import Journal
from node.mempool import Mempool
from node.reactor import Reactor
from p2p.messages import Blocks, GetBlocks, Message
from tests.chain.making import CHAIN, make_key
from tests.node.disk import FaultyDisk
from tests.node.grown import Grown
from tests.node.life import JOURNAL, LIMITS, TickingClock
from tests.node.making import certify
from tests.node.test_catching_up import BLOCKS, blocks_of, grown, verify

__all__ = ["grown"]
SECONDS_MAX = 20


@dataclass
class FakeLink:
    """A peer that answers with these blocks, from the first that it is asked for on."""

    peer: PublicKey
    blocks: list[CertifiedBlock]
    accusations: list[str] = field(default_factory=list)
    asked: list[GetBlocks] = field(default_factory=list)

    @property
    def peer_id(self) -> str:
        return self.peer.hex()

    def send(self, message: Message) -> None:
        assert isinstance(message, GetBlocks)
        self.asked.append(message)

    def accuse(self, reason: str) -> None:
        self.accusations.append(reason)


class Following:
    """A full node's reactor and follower on a ledger, and the links that it has."""

    def __init__(self, place: Grown, links: list[FakeLink]) -> None:
        self.links = links
        self.moved = trio.Event()
        journal = Journal(JOURNAL, CHAIN, FaultyDisk())
        mempool = Mempool(LIMITS)
        self.reactor = Reactor(
            head=place.ledger.head,
            engine=None,
            signer=None,
            journal=journal,
            replay=journal.start_height(place.ledger.head.next_height),
            committer=place.committer,
            mempool=mempool,
            docket=Docket(place.ledger),
            bodies=Bodies(mempool.get),
            clock=TickingClock(),
            surroundings=self,
            may_vote=lambda: False,
            block_pause_ms=0,
        )
        self.follower = Follower(self.reactor, self, patience=0)  # type: ignore[arg-type]  # what it uses of a network

    def find_link(self, peer: PublicKey) -> FakeLink | None:
        return next((link for link in self.links if link.peer == peer and not link.accusations), None)

    async def run_until(self, height: int) -> None:
        with trio.fail_after(SECONDS_MAX):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.reactor.run)
                nursery.start_soon(self.follower.run)
                nursery.start_soon(self.follower.run_taking)
                while self.reactor.head.height < height:
                    for link in self.links:
                        await self._answer(link)
                    await trio.sleep(0.01)
                nursery.cancel_scope.cancel()

    async def _answer(self, link: FakeLink) -> None:
        while link.asked:
            asked = link.asked.pop(0)
            last = asked.first + asked.count - 1
            found = [one for one in link.blocks if asked.first <= one.block.header.height <= last]
            await self.follower.on_blocks(link, Blocks(request=asked.request, blocks=tuple(found)))  # type: ignore[arg-type]  # what it uses of a link

    # --- What the reactor tells ------------------------------------------------------------------------------------

    def broadcast_vote(self, vote: SignedVote) -> None:
        """See `Surroundings`."""

    def broadcast_proposal(self, proposal: SignedProposal) -> None:
        """See `Surroundings`."""

    def check_value(self, proposal: VerifiedProposal) -> None:
        """See `Surroundings`."""

    def fetch_decided(self, certificate: Certificate) -> None:
        """See `Surroundings`."""

    def record_evidence(self, evidence: DuplicateVote) -> None:
        """See `Surroundings`."""

    def on_committed(self, committed: Committed, *, is_newest: bool) -> None:
        """See `Surroundings`."""
        if is_newest:
            self.follower.on_height(committed.head.height)
            self.moved.set()


async def test_keys_of_those_who_left_do_not_hold_up_a_node_that_catches_up(
    grown: Grown, tmp_path: Path
) -> None:
    """The set that hands over after block 6 signs on. Its first false block comes in one group with the last true one."""
    other, true = grown.begin_again(tmp_path / "other"), blocks_of(grown)
    begin = other.ledger.head
    other.committer.commit_all(begin, verify(true[:5], begin))
    left, following = other.ledger.head.validators, other.ledger.head.next_validators
    assert left != following
    keys = [grown.keys[one.address] for one in left.validators]
    false = [
        certify(replace(one.block, header=replace(one.block.header, validators_hash=left.hash)), left, keys)
        for one in true[6:]
    ]
    liar, honest = FakeLink(make_key(901).public, true[:6] + false), FakeLink(make_key(902).public, true)
    node = Following(other, [liar, honest])
    node.follower.on_own_claim(liar, Height(BLOCKS))  # type: ignore[arg-type]  # what it uses of a link
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node.run_until, BLOCKS)
        await node.moved.wait()
        node.follower.on_own_claim(honest, Height(BLOCKS))  # type: ignore[arg-type]  # what it uses of a link
    assert other.ledger.head == grown.ledger.head
    assert honest.accusations == []
    (accusation,) = liar.accusations
    assert "block 7" in accusation
