"""Evidence on its way through this node: seen by the core, told by links or clients, passed on to every other link.

What came is verified before it is kept, and on disk before it is passed on. A peer that sends what is no evidence
misbehaved; what is known, too old, or of a height that we cannot judge is left out without a word, as are offences
beyond what is kept of one validator.
"""

import structlog
import trio

from chain.errors import Invalid
from chain.evidence import DuplicateVote
from chain.limits import EVIDENCE_OBSERVED_MAX, EVIDENCE_REPEAT_BLOCKS
from node.docket import Docket
from node.evidence import Ruling
from node.items import WorkWaits
from node.reactor import Reactor
from p2p.errors import PeerMisbehaved
from p2p.link import Link
from p2p.messages import EvidenceMessage
from p2p.network import Network

log = structlog.get_logger("evidence")


class EvidenceRefused(Exception):
    """Evidence that a client handed over is none, or can come into no block any more."""


class Accusing:
    """The docket's doors. Called from the node's loop only."""

    def __init__(self, docket: Docket, reactor: Reactor, network: Network) -> None:
        self._docket = docket
        self._reactor = reactor
        self._network = network
        self._send, self._observed = trio.open_memory_channel[DuplicateVote | None](EVIDENCE_OBSERVED_MAX)

    def observe(self, evidence: DuplicateVote) -> None:
        """Our own core saw this; it is taken in soon. Beyond the bound it is left out: its votes are in the log."""
        self._offer(evidence)

    def on_committed(self) -> None:
        """A block was committed: what waits may be over, or may have to be told again."""
        if len(self._docket) > 0:
            self._offer(None)

    def _offer(self, item: DuplicateVote | None) -> None:
        try:
            self._send.send_nowait(item)
        except trio.WouldBlock:
            log.debug("too much evidence waits for the disk")

    async def run(self) -> None:
        """Takes in what was observed and looks after what waits, for ever."""
        async for evidence in self._observed:
            if evidence is None:
                await self._look_after()
            else:
                await self._admit(evidence, None)

    async def on_message(self, link: Link, message: EvidenceMessage) -> None:
        """A peer tells of evidence. Raises `PeerMisbehaved`."""
        try:
            await self._admit(message.evidence, link)
        except Invalid as error:
            raise PeerMisbehaved(str(error)) from error

    async def enter(self, evidence: DuplicateVote) -> None:
        """A client hands evidence over; again is harmless. Raises `EvidenceRefused`."""
        try:
            ruling = await self._admit(evidence, None)
        except Invalid as error:
            raise EvidenceRefused(str(error)) from error
        if ruling in (Ruling.EXPIRED, Ruling.UNREACHABLE):
            raise EvidenceRefused(f"evidence: expected one that a block may have, but {ruling.value}")

    def on_link_up(self, link: Link) -> None:
        """A new link hears of all that waits here."""
        for evidence in self._docket.pending():
            link.send(EvidenceMessage(evidence=evidence))

    async def _admit(self, evidence: DuplicateVote, source: Link | None) -> Ruling | None:
        ruling = await self._docket.admit(evidence)
        if ruling in (Ruling.FIT, Ruling.EARLY):
            vote = evidence.first.vote
            log.warning("evidence against a validator", validator=vote.validator.hex(), height=vote.height)
            self._network.broadcast(EvidenceMessage(evidence=evidence), but=source)
            self._tell_of_work()
        return ruling

    def _tell_of_work(self) -> None:
        """Wakes the height. If the reactor is too busy to hear it, it asks the docket itself after its next commit."""
        head = self._reactor.head
        if self._docket.wakes(head.height):
            try:
                self._reactor.inbox.send_nowait(WorkWaits(height=head.next_height))
            except trio.WouldBlock:
                log.debug("the reactor is busy")

    async def _look_after(self) -> None:
        await self._docket.sweep()
        if self._reactor.head.height % EVIDENCE_REPEAT_BLOCKS == 0:
            for evidence in self._docket.pending():
                self._network.broadcast(EvidenceMessage(evidence=evidence))
