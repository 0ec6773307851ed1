"""How long to wait in a round, and whether a fresh proposal came in time. Whole milliseconds only.

Waits grow by a fixed step a round up to a governed most, so that a network whose messages are slower than
assumed finds, round by round, the wait that fits them. Timeliness is that of proposer-based time
(Tendermint's PBTS): the proposer's clock and ours differ by at most `precision_ms`, and a proposal travels
for at most `message_delay_ms`, which grows 10 % a round, so that a wrong assumption about the network costs
rounds but never the chain.
"""

from typing import assert_never

from chain.limits import MESSAGE_DELAY_ROUNDS_MAX
from chain.parameters import Parameters
from chain.vote import Round
from consensus.inputs import Step


def compute_timeout_ms(parameters: Parameters, step: Step, round_: Round) -> int:
    """How long to wait in this step of this round."""
    grown = _first_timeout_ms(parameters, step) + parameters.timeout_delta_ms * round_
    return min(grown, parameters.timeout_max_ms)


def _first_timeout_ms(parameters: Parameters, step: Step) -> int:
    match step:
        case Step.PROPOSE:
            return parameters.timeout_propose_ms
        case Step.PREVOTE:
            return parameters.timeout_prevote_ms
        case Step.PRECOMMIT:
            return parameters.timeout_precommit_ms
        case _:
            assert_never(step)


def compute_message_delay_ms(parameters: Parameters, round_: Round) -> int:
    """How long a fresh proposal of this round may have travelled."""
    growths = min(round_, MESSAGE_DELAY_ROUNDS_MAX)
    grown: int = parameters.message_delay_ms * 11**growths // 10**growths
    return grown


def is_timely(parameters: Parameters, round_: Round, *, block_time_ms: int, arrival_ms: int) -> bool:
    """Whether a proposal that arrived now can have been made at `block_time_ms` by a correct clock."""
    earliest = block_time_ms - parameters.precision_ms
    latest = block_time_ms + compute_message_delay_ms(parameters, round_) + parameters.precision_ms
    return earliest <= arrival_ms <= latest
