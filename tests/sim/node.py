"""A stand-in for the node around an engine: log, signer, head of the chain, bodies. It carries out effects in order.

What it keeps on its "disk" survives a crash: the synced part of the log, the signer's record, the blocks. All else is lost.
"""

from collections import deque
from typing import Protocol

from chain.block import CompactBlock, compute_block_id
from chain.keys import Address, Signature
from chain.limits import STATUS_ROUNDS_MAX
from chain.proposal import Proposal, SignedProposal, VerifiedProposal
from chain.vote import BlockId, Height, Round, SignedVote, VerifiedVote, Vote, VoteKind
from consensus.effects import (
    CheckValue,
    Decide,
    Effect,
    FetchDecided,
    Propose,
    RecordEvidence,
    Remember,
    ScheduleTimeout,
    SendProposal,
    SendVote,
    SignVote,
)
from consensus.engine import Engine
from consensus.inputs import (
    Input,
    ProposalArrived,
    Remembered,
    StartHeight,
    TimeoutElapsed,
    ValueChecked,
    VoteArrived,
    Wake,
)
from consensus.view import pick_told_rounds
from p2p.messages import HeightHeld, ProposalMessage, VoteMessage
from p2p.resend import describe_held, pick_missing
from tests.sim.packets import CertifiedPacket, Packet, ProposalPacket, StatusPacket, VotePacket

STATUS_MS = 400
"""How often a node tells a peer where it is; the peer answers with what may be missing."""


class Surroundings(Protocol):
    """What the world is to a node."""

    def send(self, sender: int, receiver: int, packet: Packet) -> None: ...
    def broadcast(self, sender: int, packet: Packet) -> None: ...
    def after(self, node: int, delay_ms: int, input_: Input) -> None: ...
    def clock_ms(self, node: int) -> int: ...
    def start_of(self, height: Height, last_block_time_ms: int) -> StartHeight: ...
    def size(self) -> int: ...
    def make_block(
        self, node: int, height: Height, round_: Round, time_ms: int, valid: bool = True
    ) -> CompactBlock: ...
    def check_bodies(self, node: int, proposal: VerifiedProposal) -> None: ...
    def crashes_now(self, node: int) -> bool: ...
    def note(self, node: int, what: object) -> None: ...
    def note_vote(self, vote: Vote) -> None: ...


class SimNode:
    """One correct validator."""

    def __init__(self, position: int, own: Address, world: Surroundings) -> None:
        self.position, self.own, self.world = position, own, world
        self.engine = Engine(own=own)
        self.log: list[Remembered] = []
        self.synced = 0
        self.signatures: dict[tuple[Height, Round, VoteKind], Vote] = {}
        self.chain: list[Decide] = []
        self.checked: set[BlockId] = set()
        self.down = False
        self.incarnation = 0

    @property
    def height(self) -> Height:
        """The height under way."""
        return Height(len(self.chain) + 1)

    @property
    def last_time_ms(self) -> int:
        """The time of the last block."""
        return self.chain[-1].proposal.block.header.time_ms if self.chain else 0

    def start(self) -> None:
        """Takes up the height under way: after a crash, with the log of it."""
        self.down = False
        self.engine = Engine(own=self.own)
        self.engine.handle(self.world.start_of(self.height, self.last_time_ms))
        for remembered in self.log:
            self.engine.handle(remembered)
        self.carry_out(self.engine.resume())
        self.world.after(self.position, 10, Wake())

    def crash(self, kept: int) -> None:
        """Loses everything but the disk; of the log, what lies beyond `kept` entries."""
        assert self.synced <= kept <= len(self.log), "what is synced is not lost"
        self.down = True
        self.incarnation += 1
        del self.log[kept:]

    def feed(self, input_: Input) -> None:
        """Hands an input to the engine and carries out what comes of it."""
        if isinstance(input_, ValueChecked) and input_.valid:
            self.checked.add(input_.block_id)
        self.carry_out(self.engine.handle(input_))

    def on_packet(self, sender: int, packet: Packet) -> None:
        """Takes a packet; its signatures are taken to be verified."""
        match packet:
            case VotePacket(vote=vote):
                self.feed(VoteArrived(vote=vote))
            case ProposalPacket(proposal=proposal):
                arrival_ms = self.world.clock_ms(self.position)
                self.feed(ProposalArrived(proposal=proposal, arrival_ms=arrival_ms))
            case StatusPacket(held=held):
                self.answer_status(sender, held)
            case CertifiedPacket(decide=decide):
                if decide.certificate.height == self.height:
                    self.commit(decide)

    def describe(self) -> StatusPacket:
        """Where we are and what we hold of that height, by the rules of the real node."""
        view = self.engine.view()
        told = () if view is None else pick_told_rounds(view, STATUS_ROUNDS_MAX)
        return StatusPacket(held=describe_held(self.height, told))

    def answer_status(self, peer: int, theirs: HeightHeld) -> None:
        """Sends a peer what it lacks: the next block, or messages of the height that we share."""
        if theirs.height < self.height:
            decided = CertifiedPacket(decide=self.chain[theirs.height - 1])
            self.world.send(self.position, peer, decided)
            return
        view = self.engine.view()
        if view is None:
            return
        for message in pick_missing(view.height, pick_told_rounds(view, STATUS_ROUNDS_MAX), theirs):
            match message:
                case ProposalMessage(proposal=proposal):
                    packet = ProposalPacket(proposal=VerifiedProposal(proposal))
                    self.world.send(self.position, peer, packet)
                case VoteMessage(vote=vote):
                    self.world.send(self.position, peer, VotePacket(vote=VerifiedVote(vote)))

    def carry_out(self, effects: tuple[Effect, ...]) -> None:
        """Does what the engine asks for, in order; the world may stop us before any of it."""
        queue = deque([*effects])
        incarnation = self.incarnation
        while queue and self.incarnation == incarnation:
            if self.world.crashes_now(self.position):
                return
            effect = queue.popleft()
            self.world.note(self.position, effect)
            answer = self.do(effect)
            if answer is not None and self.incarnation == incarnation:
                queue.extend(self.engine.handle(answer))

    def do(self, effect: Effect) -> Input | None:
        """Does one effect; some have an answer at once."""
        match effect:
            case Remember(input=remembered):
                self.log.append(remembered)
            case SignVote(vote=vote):
                self.synced = len(self.log)
                return self.sign(vote)
            case SendVote(vote=vote):
                self.synced = len(self.log)
                self.send_vote(vote)
            case Propose():
                self.synced = len(self.log)
                return self.propose(effect)
            case SendProposal(proposal=proposal):
                self.synced = len(self.log)
                self.send_proposal(proposal)
            case CheckValue(proposal=proposal):
                self.world.check_bodies(self.position, proposal)
            case ScheduleTimeout(timeout=timeout, duration_ms=duration_ms):
                self.world.after(self.position, duration_ms, TimeoutElapsed(timeout=timeout))
            case Decide():
                self.commit(effect)
            case FetchDecided() | RecordEvidence():
                pass
        return None

    def sign(self, vote: Vote) -> VoteArrived | None:
        """The signer: never another vote than the one on record, and no older one that is not there."""
        key = (vote.height, vote.round, vote.kind)
        if key not in self.signatures and self.signatures and key < max(self.signatures):
            return None
        self.signatures.setdefault(key, vote)
        return VoteArrived(vote=stand_in_vote(vote))

    def propose(self, effect: Propose) -> ProposalArrived:
        """Builds or repeats a block and signs it."""
        clock_ms = self.world.clock_ms(self.position)
        block = effect.valid or self.world.make_block(
            self.position, effect.height, effect.round, max(clock_ms, self.last_time_ms + 1)
        )
        proposal = stand_in_proposal(block, effect)
        return ProposalArrived(proposal=proposal, arrival_ms=max(clock_ms, block.header.time_ms))

    def send_vote(self, vote: VerifiedVote) -> None:
        """Tells everybody."""
        self.world.broadcast(self.position, VotePacket(vote=vote))

    def send_proposal(self, proposal: VerifiedProposal) -> None:
        """Tells everybody."""
        self.world.broadcast(self.position, ProposalPacket(proposal=proposal))

    def commit(self, decide: Decide) -> None:
        """Puts the block into the chain in one step with the end of its log, and begins the next height."""
        self.chain.append(decide)
        self.log, self.synced = [], 0
        self.world.after(self.position, 20, Wake())
        self.carry_out(self.engine.handle(self.world.start_of(self.height, self.last_time_ms)))


def stand_in_vote(vote: Vote) -> VerifiedVote:
    """A vote as if signed."""
    return VerifiedVote(SignedVote(vote=vote, signature=Signature(vote.validator[:16] * 4)))


def stand_in_proposal(block: CompactBlock, turn: Propose) -> VerifiedProposal:
    """A proposal as if signed."""
    proposal = Proposal(
        height=turn.height,
        round=turn.round,
        valid_round=turn.valid_round,
        block_id=compute_block_id(block.header),
    )
    return VerifiedProposal(SignedProposal(proposal=proposal, block=block, signature=Signature(bytes(64))))
