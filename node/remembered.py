"""Consensus inputs as the write-ahead log holds them: a kind and its fields, by position.

What was verified before it was written needs no second check of its signature when it is read: the frame's own check
says that these are the bytes that were written.
"""

from enum import IntEnum
from typing import assert_never

from chain.codec import Value, as_array, as_bool, as_uint
from chain.errors import Malformed
from chain.limits import HEIGHT_MAX, ROUNDS_MAX
from chain.proposal import VerifiedProposal, proposal_from, proposal_value
from chain.time import TIME_MS_MAX
from chain.vote import Height, Round, VerifiedVote, block_id_from, vote_from, vote_value
from consensus.inputs import (
    ProposalArrived,
    Remembered,
    Step,
    Timeout,
    TimeoutElapsed,
    ValueChecked,
    VoteArrived,
    Wake,
)


class _Kind(IntEnum):
    WAKE = 0
    PROPOSAL = 1
    CHECKED = 2
    VOTE = 3
    TIMEOUT = 4


def remembered_value(remembered: Remembered) -> Value:
    """The positional form of an input."""
    match remembered:
        case Wake():
            return (int(_Kind.WAKE),)
        case ProposalArrived(proposal=proposal, arrival_ms=arrival_ms):
            return (int(_Kind.PROPOSAL), proposal_value(proposal), arrival_ms)
        case ValueChecked(block_id=block_id, valid=valid):
            return (int(_Kind.CHECKED), block_id, valid)
        case VoteArrived(vote=vote):
            return (int(_Kind.VOTE), vote_value(vote))
        case TimeoutElapsed(timeout=timeout):
            return (int(_Kind.TIMEOUT), timeout.height, timeout.round, int(timeout.step))
        case _:
            assert_never(remembered)


def remembered_from(value: Value) -> Remembered:
    """An input of a decoded array; raises `Malformed`."""
    kind, *fields = as_array(value, "remembered input", length_max=4) or (None,)
    match as_uint(kind, "remembered kind", max(_Kind)), fields:
        case _Kind.WAKE, []:
            return Wake()
        case _Kind.PROPOSAL, [proposal, arrival_ms]:
            return ProposalArrived(
                proposal=VerifiedProposal(proposal_from(proposal)),
                arrival_ms=as_uint(arrival_ms, "arrival", TIME_MS_MAX),
            )
        case _Kind.CHECKED, [block_id, valid]:
            return ValueChecked(
                block_id=block_id_from(block_id, "checked block"), valid=as_bool(valid, "valid")
            )
        case _Kind.VOTE, [vote]:
            return VoteArrived(vote=VerifiedVote(vote_from(vote)))
        case _Kind.TIMEOUT, [height, round_, step]:
            return TimeoutElapsed(timeout=_timeout_from(height, round_, step))
        case number, _:
            raise Malformed(f"remembered input of kind {number}: expected other fields, got {len(fields)}")


def _timeout_from(height: Value, round_: Value, step: Value) -> Timeout:
    number = as_uint(step, "time-out step")
    if number not in tuple(Step):
        raise Malformed(f"time-out step: expected 1 to 3, got {number}")
    return Timeout(
        height=Height(as_uint(height, "time-out height", HEIGHT_MAX)),
        round=Round(as_uint(round_, "time-out round", ROUNDS_MAX)),
        step=Step(number),
    )
