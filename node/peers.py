"""What is said on links: who may have one, what a new one is told, and where each message goes.

Votes and proposals are verified here, before the core hears of them, against the validator set of their height. What a
correct node cannot send is misbehaviour; what merely comes late, early or twice is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

import structlog
import trio

from chain.certificate import Certificate, find_vote
from chain.errors import Invalid
from chain.keys import PublicKey, SigningKey, address_of
from chain.limits import (
    STATUS_ROUNDS_MAX,
)
from chain.proposal import SignedProposal, verify_proposal
from chain.status import SignedStatus, sign_status, verify_status
from chain.validators import ValidatorSet
from chain.vote import Height, SignedVote, verify_vote
from consensus.inputs import ProposalArrived, VoteArrived
from consensus.view import HeightView, pick_told_rounds
from machine.clock import Clock
from node.accusing import Accusing
from node.fetching import BodyFetcher
from node.follower import Follower
from node.hearing import Hearing, is_fresh
from node.items import Fed, VotingAllowed
from node.reactor import Reactor
from node.serving import Serving
from node.signer import OldBackup, Signer
from node.spreading import Spreading
from p2p import messages
from p2p.errors import PeerMisbehaved
from p2p.link import Link
from p2p.messages import (
    Announce,
    Blocks,
    GetBlocks,
    GetBodies,
    GetChunk,
    GetSnapshots,
    HeightHeld,
    Message,
    NewBlock,
    Push,
    Want,
)
from p2p.network import Network, Standing
from p2p.resend import describe_held, pick_missing
from vm.executor import Governance, NodeEntry

log = structlog.get_logger("node")
_IDS_CHECKED_INLINE = 200  # commitments over more ids are checked on a thread: 1.5 microseconds each
_STALL_SECONDS = 1.0  # a height without progress for so long tells its peers what it holds
_STATUS_SECONDS = 10.0  # a validator says at most so often where it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Node keys that may have links: those of the ledger, and those this node's operator trusts beside them."""

    validators: frozenset[PublicKey]
    observers: frozenset[PublicKey]
    configured_ids: frozenset[str]

    def standing_of(self, peer: PublicKey) -> Standing:
        """What the ledger says of the peer, or else the configuration."""
        if peer in self.validators:
            return Standing.VALIDATOR
        if peer in self.observers:
            return Standing.OBSERVER
        is_configured = address_of(peer).hex() in self.configured_ids
        return Standing.CONFIGURED if is_configured else Standing.STRANGER


def make_membership(nodes: Iterable[NodeEntry], configured_ids: frozenset[str]) -> Membership:
    """The membership that governance's list makes."""
    entries = tuple(nodes)
    return Membership(
        validators=frozenset(entry.public for entry in entries if entry.is_validator),
        observers=frozenset(entry.public for entry in entries if not entry.is_validator),
        configured_ids=configured_ids,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Validating:
    """What a validator has beside a full node: its signer, the key for statuses, and whom it has heard."""

    signer: Signer
    status_key: SigningKey
    hearing: Hearing


class Peers:
    """The node as its links see it (`p2p.network.Node`)."""

    def __init__(
        self,
        *,
        reactor: Reactor,
        membership: Membership,
        serving: Serving,
        fetcher: BodyFetcher,
        clock: Clock,
        validating: Validating | None,
    ) -> None:
        self._reactor = reactor
        self.membership = membership
        self._serving = serving
        self._fetcher = fetcher
        self._clock = clock
        self._validating = validating
        self._statuses: dict[bytes, int] = {}
        self._next_status = 0.0

    def join(self, network: Network, follower: Follower, spreading: Spreading, accusing: Accusing) -> None:
        """Names the parts that need this one to be made."""
        self._network = network
        self._follower = follower
        self._spreading = spreading
        self._accusing = accusing

    def on_governance(self, governance: Governance) -> None:
        """The members have changed who may connect."""
        self.membership = make_membership(governance.nodes, self.membership.configured_ids)

    # --- p2p.network.Node -----------------------------------------------------------------------------------------

    def standing_of(self, peer: PublicKey) -> Standing:
        """See `p2p.network.Node`."""
        return self.membership.standing_of(peer)

    async def on_link_up(self, link: Link) -> None:
        """A new link hears where we stand, what we hold of the height, and what waits here."""
        head = self._reactor.head
        log.info("link up", peer=link.peer_id, links=len(self._network.links), side=link.side.value)
        link.send(NewBlock(height=head.height, block_id=head.block_id))
        view = self._view()
        if view is not None:  # votes before the status that may open its signer: its own may be among them
            nothing = HeightHeld(height=view.height, rounds=())
            for message in pick_missing(view.height, view.rounds, nothing):
                link.send(message)
        if self._validating is not None:
            link.send(messages.StatusMessage(status=self._sign_status(self._validating.status_key)))
        if view is not None:
            link.send(describe_held(view.height, pick_told_rounds(view, STATUS_ROUNDS_MAX)))
        self._spreading.on_link_up(link)
        self._accusing.on_link_up(link)

    def on_link_down(self, link: Link) -> None:
        """See `p2p.network.Node`."""
        log.info("link down", peer=link.peer_id, links=len(self._network.links))
        self._follower.on_link_down(link)
        self._spreading.on_link_down(link)

    async def on_message(self, link: Link, message: Message) -> None:
        """Where each message goes. Raises `PeerMisbehaved`."""
        match message:
            case messages.VoteMessage():
                await self._on_vote(message.vote)
            case messages.ProposalMessage():
                await self._on_proposal(message.proposal)
            case HeightHeld():
                self._on_height_held(link, message)
            case messages.StatusMessage():
                await self._on_status(link, message.status)
            case NewBlock():
                self._follower.on_own_claim(link, message.height)
            case GetBlocks():
                await self._serving.on_get_blocks(link, message)
            case Blocks():
                await self._follower.on_blocks(link, message)
            case GetSnapshots():
                await self._serving.on_get_snapshots(link, message)
            case GetChunk():
                await self._serving.on_get_chunk(link, message)
            case messages.GetRows():
                await self._serving.on_get_rows(link, message)
            case messages.Snapshots() | messages.Chunk() | messages.Rows():
                pass  # the answer to somebody who has stopped asking
            case GetBodies():
                self._serving.on_get_bodies(link, message)
            case messages.Bodies():
                self._fetcher.requests.on_answer(link, message.request, message.transactions)
            case Push():
                self._spreading.on_push(link, message)
            case Announce():
                self._spreading.on_announce(link, message)
            case Want():
                self._spreading.on_want(link, message)
            case messages.EvidenceMessage():
                await self._accusing.on_message(link, message)
            case _:
                assert_never(message)

    # --- Consensus ------------------------------------------------------------------------------------------------

    def _find_validators(self, height: Height) -> ValidatorSet | None:
        """The set of a height that the core, if there is one, may hear of now: the one under decision and the next."""
        head = self._reactor.head
        if self._reactor.engine is None:
            return None
        if height == head.next_height:
            return head.validators
        return head.next_validators if height == head.next_height + 1 else None

    async def _on_vote(self, signed: SignedVote) -> None:
        validators = self._find_validators(signed.vote.height)
        if validators is None or self._is_held(signed):
            return
        try:
            vote = verify_vote(signed, validators, self._reactor.head.chain_id)
        except Invalid as error:
            raise PeerMisbehaved(str(error)) from error
        if self._validating is not None and vote.vote.validator == self._validating.signer.address:
            _tell_signer(self._validating.signer, vote)
        await self._reactor.inbox.send(Fed(input=VoteArrived(vote=vote)))

    def on_certificate(self, certificate: Certificate, validators: ValidatorSet) -> None:
        """A block was decided by this; one that others decided may carry a vote of ours that our record lacks."""
        if self._validating is not None:
            vote = find_vote(certificate, validators, self._validating.signer.address)
            if vote is not None:
                _tell_signer(self._validating.signer, vote)

    def _is_held(self, signed: SignedVote) -> bool:
        """Whether these very bytes are held already, so that nothing is verified twice."""
        state = None if self._reactor.engine is None else self._reactor.engine.state
        is_of_height = state is not None and state.start.height == signed.vote.height
        return state is not None and is_of_height and state.votes.find(signed.vote) == signed

    async def _on_proposal(self, signed: SignedProposal) -> None:
        arrival_ms = self._clock.now_ms()
        validators = self._find_validators(signed.proposal.height)
        if validators is None:
            return
        chain_id = self._reactor.head.chain_id
        try:
            if len(signed.block.transaction_ids) <= _IDS_CHECKED_INLINE:
                proposal = verify_proposal(signed, validators, chain_id)
            else:
                proposal = await trio.to_thread.run_sync(verify_proposal, signed, validators, chain_id)
        except Invalid as error:
            raise PeerMisbehaved(str(error)) from error
        await self._reactor.inbox.send(Fed(input=ProposalArrived(proposal=proposal, arrival_ms=arrival_ms)))

    def _view(self) -> HeightView | None:
        engine = self._reactor.engine
        return None if engine is None else engine.view()

    def _on_height_held(self, link: Link, theirs: HeightHeld) -> None:
        head, view = self._reactor.head, self._view()
        if theirs.height <= head.height:
            link.send(NewBlock(height=head.height, block_id=head.block_id))
        elif theirs.height > head.next_height:
            self._follower.on_own_claim(link, Height(theirs.height - 1))
        elif view is not None:
            for message in pick_missing(view.height, pick_told_rounds(view, STATUS_ROUNDS_MAX), theirs):
                link.send(message)

    async def run_stall_watch(self) -> None:
        """Tells peers what we hold while a height makes no progress; sleeps while the height does."""
        while True:
            self._reactor.progress = trio.Event()
            before, view = None, self._view()
            if view is None or not view.awake:
                await self._reactor.progress.wait()
            while view is not None and view.awake:
                if view == before:
                    told = pick_told_rounds(view, STATUS_ROUNDS_MAX)
                    self._network.broadcast(describe_held(view.height, told))
                    self.tell_status()
                before = view
                await trio.sleep(_STALL_SECONDS)
                view = self._view()

    # --- The hearing at the start ---------------------------------------------------------------------------------

    def _sign_status(self, key: SigningKey) -> SignedStatus:
        head = self._reactor.head
        return sign_status(
            key,
            height=head.height,
            block_id=head.block_id,
            time_ms=self._clock.now_ms(),
            chain_id=head.chain_id,
        )

    def tell_status(self) -> None:
        """Says again where we stand, now and then when something happens or should happen.

        What a link hears when it begins is not enough: who was far behind could not tell then that we are a validator,
        and who has no link with us hears of us through others.
        """
        head, now = self._reactor.head, trio.current_time()
        if self._validating is None or now < self._next_status:
            return
        if head.validators.by_address(self._validating.signer.address) is not None:
            self._next_status = now + _STATUS_SECONDS
            self._network.broadcast(
                messages.StatusMessage(status=self._sign_status(self._validating.status_key))
            )

    async def _on_status(self, link: Link, status: SignedStatus) -> None:
        head = self._reactor.head
        if self._statuses.get(status.validator, -1) >= status.time_ms:
            return
        if not is_fresh(status.time_ms, self._clock.now_ms()):
            return  # sent again by whoever kept it, or of a clock that is no clock
        try:
            verified = verify_status(status, head.validators, head.chain_id)
        except Invalid:
            return  # a validator of another height than ours: it says nothing to us
        self._statuses[status.validator] = status.time_ms
        self._follower.on_claim(link, status.height)
        self._network.broadcast(messages.StatusMessage(status=status), but=link)
        if self._validating is None:
            return
        hearing = self._validating.hearing
        was_over = hearing.is_over(head.validators)
        hearing.on_status(verified.validator, verified.height, head.validators)
        if hearing.is_over(head.validators) and not was_over:
            log.info("heard from more than two thirds: this validator may vote", height=head.next_height)
            await self._reactor.inbox.send(VotingAllowed())


def _tell_signer(signer: Signer, own: SignedVote) -> None:
    try:
        signer.on_own_vote(own)
    except OldBackup as error:
        log.error("this validator has stopped signing", reason=str(error))
