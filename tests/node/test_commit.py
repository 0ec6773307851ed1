"""The head after a block: which heights a change of validators and of parameters is for."""

from dataclasses import replace

from chain.parameters import Parameters
from node.commit import compute_next_head
from node.head import Head
from node.validity import check_header
from tests.chain.making import make_validators
from tests.node.making import make_compact, make_genesis, make_next
from vm.executor import ExecutedBlock, Governance

GENESIS, KEYS = make_genesis()
CHANGED, _ = make_validators((10, 10, 10, 10, 10))
PARAMETERS = Parameters(heartbeat_ms=5_000)
GOVERNANCE = Governance(validators=CHANGED, nodes=(), parameters=PARAMETERS)


def follow(head: Head, governance: Governance | None = None) -> Head:
    """The head after one empty block."""
    certified, _, _ = make_next(head, KEYS)
    executed = ExecutedBlock(results=(), encoded_results=(), changes=(), governance=governance)
    return compute_next_head(head, certified, executed, head.state_root)


def test_validators_change_two_heights_later_and_parameters_at_the_next() -> None:
    first = follow(GENESIS, GOVERNANCE)
    assert (first.last_validators, first.validators, first.next_validators) == (
        GENESIS.validators,
        GENESIS.validators,
        CHANGED,
    )
    assert first.parameters == PARAMETERS
    second = follow(first)
    assert (second.last_validators, second.validators, second.next_validators) == (
        GENESIS.validators,
        CHANGED,
        CHANGED,
    )
    assert follow(second).last_validators == CHANGED
    assert second.parameters == PARAMETERS


def test_the_header_after_a_change_says_so() -> None:
    first = follow(GENESIS, GOVERNANCE)
    header = make_compact(first, (), first.time_ms + 1).header
    assert header.validators_hash == GENESIS.validators.hash
    assert header.next_validators_hash == CHANGED.hash
    check_header(header, first)


def test_without_a_change_all_stays() -> None:
    after = follow(GENESIS)
    assert after == replace(
        GENESIS,
        height=after.height,
        block_id=after.block_id,
        time_ms=after.time_ms,
        certificate=after.certificate,
        results_root=after.results_root,
        state_root=after.state_root,
    )
