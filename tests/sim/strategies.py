"""Validators that do not obey: drop-in nodes, each with one bad habit. They sign whatever they like."""

from random import Random

from chain.keys import Address
from chain.proposal import Proposal, VerifiedProposal
from chain.vote import BlockId, Height, Round, VerifiedVote, Vote, VoteKind
from consensus.effects import Propose
from tests.sim.node import SimNode, Surroundings, stand_in_proposal, stand_in_vote
from tests.sim.packets import Packet, ProposalPacket, VotePacket


class Byzantine(SimNode):
    """A node that runs the protocol underneath and breaks it where it speaks."""

    def __init__(self, position: int, own: Address, world: Surroundings, random: Random) -> None:
        super().__init__(position, own, world)
        self.random = random
        self.seen: list[BlockId] = []

    def pick_victims(self) -> list[int]:
        """About half of the others."""
        others = [other for other in range(self.world.size()) if other != self.position]
        return [other for other in others if self.random.random() < 0.5]

    def say(self, receiver: int, vote: Vote) -> None:
        """Signs anything for one receiver."""
        self.world.note_vote(vote)
        self.world.send(self.position, receiver, VotePacket(vote=stand_in_vote(vote)))


class Equivocator(Byzantine):
    """Votes for one value to some and for another to the rest, in both kinds of vote, and proposes two blocks."""

    def send_vote(self, vote: VerifiedVote) -> None:
        """The honest vote to some, another one to the others."""
        super().send_vote(vote)
        for receiver in self.pick_victims():
            self.say(receiver, self.turn(vote.vote))

    def turn(self, vote: Vote) -> Vote:
        """The same vote for another value that somebody proposed, or for nil."""
        view = self.engine.view()
        assert view is not None
        known = [shown.proposal.proposal.block_id for shown in view.rounds if shown.proposal is not None]
        choices = [None, *(block_id for block_id in [*known, *self.seen[-2:]] if block_id != vote.block_id)]
        return Vote(
            kind=vote.kind,
            height=vote.height,
            round=vote.round,
            block_id=self.random.choice(choices),
            validator=vote.validator,
        )

    def send_proposal(self, proposal: VerifiedProposal) -> None:
        """Its proposal to some, and another one, sometimes invalid, to others."""
        head = proposal.proposal
        time_ms = proposal.block.header.time_ms
        valid = self.random.random() < 0.7
        other = self.world.make_block(self.position, head.height, head.round, time_ms, valid)
        turn = Propose(height=head.height, round=head.round, valid=None, valid_round=head.valid_round)
        second = stand_in_proposal(other, turn)
        self.seen.append(second.proposal.block_id)
        victims = self.pick_victims()
        for receiver in range(self.world.size()):
            if receiver != self.position:
                sent = second if receiver in victims else proposal
                self.world.send(self.position, receiver, ProposalPacket(proposal=sent))


class Amnesiac(Byzantine):
    """Forgets its locks: prevotes and precommits whatever is proposed or voted for, to everybody."""

    def send_vote(self, vote: VerifiedVote) -> None:
        """A vote for the last value it saw, whatever its engine said."""
        view = self.engine.view()
        assert view is not None
        known = [shown.proposal.proposal.block_id for shown in view.rounds if shown.proposal is not None]
        said = vote.vote
        block_id = known[-1] if known else said.block_id
        forgetful = Vote(
            kind=said.kind,
            height=said.height,
            round=said.round,
            block_id=block_id,
            validator=said.validator,
        )
        for receiver in range(self.world.size()):
            if receiver != self.position:
                self.say(receiver, forgetful)


class Splitter(Byzantine):
    """Shows one block to nodes of odd position and another to the even, and votes with each side.

    Two of them tell each other of both blocks. With a third of the power they fork the chain; that is what they are for.
    """

    def __init__(self, position: int, own: Address, world: Surroundings, random: Random) -> None:
        super().__init__(position, own, world, random)
        self.blocks: dict[tuple[Height, Round], list[BlockId]] = {}

    def on_packet(self, sender: int, packet: Packet) -> None:
        """Notes the blocks of each round."""
        if isinstance(packet, ProposalPacket):
            self.note_block(packet.proposal.proposal)
        super().on_packet(sender, packet)

    def note_block(self, proposal: Proposal) -> None:
        """Keeps the round's blocks in the order in which its proposer showed them."""
        blocks = self.blocks.setdefault((proposal.height, proposal.round), [])
        if proposal.block_id not in blocks:
            blocks.append(proposal.block_id)

    def send_proposal(self, proposal: VerifiedProposal) -> None:
        """One block to each side, both to the other liars."""
        head = proposal.proposal
        other = self.world.make_block(
            self.position, head.height, head.round, proposal.block.header.time_ms + 1
        )
        turn = Propose(height=head.height, round=head.round, valid=None, valid_round=None)
        pair = sorted([proposal, stand_in_proposal(other, turn)], key=lambda one: one.proposal.block_id)
        for one in pair:
            self.note_block(one.proposal)
        for receiver in range(self.world.size()):
            if receiver != self.position:
                first = receiver % 2
                self.world.send(self.position, receiver, ProposalPacket(proposal=pair[first]))
                self.world.send(self.position, receiver, ProposalPacket(proposal=pair[1 - first]))

    def send_vote(self, vote: VerifiedVote) -> None:
        """Both votes at once, to each side for its own block."""
        said = vote.vote
        blocks = sorted(self.blocks.get((said.height, said.round), []))
        if len(blocks) < 2:
            return
        for receiver in range(self.world.size()):
            for kind in VoteKind if receiver != self.position else ():
                block_id = blocks[receiver % 2]
                split = Vote(
                    kind=kind, height=said.height, round=said.round, block_id=block_id, validator=self.own
                )
                self.say(receiver, split)


class Silent(Byzantine):
    """Says nothing at all."""

    def send_vote(self, vote: VerifiedVote) -> None:
        """Nothing."""

    def send_proposal(self, proposal: VerifiedProposal) -> None:
        """Nothing."""


STRATEGIES: tuple[type[Byzantine], ...] = (Equivocator, Amnesiac, Splitter, Silent)
