"""What is true of the messages held: the truth table that turns votes and proposals into events of the
round machine.

Rows are tried from the top; r is our round, v a block, and every count is of voting power.

    precommits of any round   +2/3 for v, v valid                         PrecommitsValue(v)       L49
    votes of rounds above r   f+1                                         RoundAhead               L55
    precommits of r           +2/3 for nil                                PrecommitsNil
    proposal of r             v refused                                   ProposalRefused          L26, L32
                              fresh, not timely                           ProposalRefused          L26
                              fresh, timely, v valid                      FreshProposal(v)         L22
                              valid round vr, v valid,
                                +2/3 prevotes of vr for v                 ProposalWithPolka(v, vr) L28
                              v not checked yet, or no such polka         nothing
    prevotes of r             +2/3 for v, v valid                         PrevotesValue(v)         L36
                              +2/3 for v, v not checked or refused        nothing of v
                              +2/3 for nil                                PrevotesNil              L44
                              +2/3                                        PrevotesAny              L34
    precommits of r           +2/3                                        PrecommitsAny            L47

Events are facts, not edges: they are found again for as long as they are true, and the machine knows which
it has acted on. So it does not matter in which order messages came, or how late a value was checked. The
caller hands over the first event that changes the machine, and asks again, until none does.

A value is its block id. Lines 36 and 49 want a proposal of that very round; here any proposal that carried
the value will do, since the votes name it and it is the same value. The order prefers the end of the
height, then of the round, and acts on a polka before it would start to wait for one.
"""

from collections.abc import Iterator

from chain.vote import Round, VoteKind
from consensus.proposals import HeldProposal, ProposalKeeper, Validity
from consensus.round_machine import (
    Event,
    FreshProposal,
    PrecommitsAny,
    PrecommitsNil,
    PrecommitsValue,
    PrevotesAny,
    PrevotesNil,
    PrevotesValue,
    ProposalRefused,
    ProposalWithPolka,
    RoundAhead,
)
from consensus.votes import Tally, VoteKeeper


def find_events(round_: Round, votes: VoteKeeper, proposals: ProposalKeeper) -> Iterator[Event]:
    """All events that are true in `round_`, in the order of the table."""
    precommits = votes.tally(VoteKind.PRECOMMIT, round_)
    for quorum in votes.iterate_precommit_quorums():
        if proposals.is_valid(quorum.block_id):
            yield PrecommitsValue(round=quorum.round, block_id=quorum.block_id)
    ahead = votes.pick_round_ahead()
    if ahead is not None:
        yield RoundAhead(round=ahead)
    if precommits.has_quorum_for(None):
        yield PrecommitsNil()
    held = proposals.proposals.get(round_)
    if held is not None:
        yield from _find_proposal_event(held, votes, proposals)
    yield from _find_prevote_events(votes.tally(VoteKind.PREVOTE, round_), proposals)
    if precommits.has_quorum():
        yield PrecommitsAny()


def _find_proposal_event(held: HeldProposal, votes: VoteKeeper, proposals: ProposalKeeper) -> Iterator[Event]:
    block_id, valid_round = held.block_id, held.proposal.proposal.valid_round
    validity = proposals.validity(block_id)
    if validity is Validity.REFUSED or not held.timely:
        yield ProposalRefused()
    elif validity is Validity.UNKNOWN:
        return
    elif valid_round is None:
        yield FreshProposal(block_id=block_id)
    elif votes.tally(VoteKind.PREVOTE, valid_round).has_quorum_for(block_id):
        yield ProposalWithPolka(block_id=block_id, valid_round=valid_round)


def _find_prevote_events(prevotes: Tally, proposals: ProposalKeeper) -> Iterator[Event]:
    polka = prevotes.pick_quorum_block()
    if polka is not None and proposals.is_valid(polka):
        yield PrevotesValue(block_id=polka)
    if prevotes.has_quorum_for(None):
        yield PrevotesNil()
    if prevotes.has_quorum():
        yield PrevotesAny()
