"""Contracts that call each other: who calls, how deep, never back into one at work but for its views."""

from itertools import pairwise

import pytest

from chain.limits import CALL_DEPTH_MAX, CONTRACT_DEPTH_MAX
from chain.result import ResultCode
from tests.vm.language.running import ALICE, Ledger, Stopped
from vm.host import contract_address

OTHER = """
class Other(Interface):
    @call
    def act(x: uint) -> uint: ...

    @view
    def ask(x: uint) -> uint: ...


other = Other("{}")
"""


def passing(name: str, body: str = "return other.act(x) + 1", nested: int = 0) -> str:
    """A contract that passes a call on to the contract of this name, through `nested` functions of its own."""
    functions = "".join(
        f"\n\ndef f{number}(x: uint) -> uint:\n    return f{number - 1}(x)\n"
        for number in range(1, nested + 1)
    )
    return f'''"""Passes on."""
{OTHER.format(name)}

seen: Var[uint]
from_whom: Var[addr]


@call
def act(x: uint) -> uint:
    seen.set(x)
    from_whom.set(caller())
    return f{nested}(x)


def f0(x: uint) -> uint:
    {body}
{functions}

@view
def ask(x: uint) -> uint:
    return seen.get() + x


@view
def who() -> addr:
    return from_whom.get()
'''


def last(name: str = "nobody") -> str:
    """A contract that passes nothing on."""
    return passing(name, "return x")


def message_of(answer: object) -> str:
    """The text of a call that trapped."""
    assert isinstance(answer, Stopped), answer
    assert answer.code is ResultCode.TRAPPED
    return answer.message


def test_the_caller_is_the_contract_in_between() -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b"))
    ledger.deploy("b", last())
    assert ledger.call("a", "act", 5) == 6
    assert ledger.call("a", "who") == ALICE
    assert ledger.call("b", "who") == contract_address("a")
    assert contract_address("a") != contract_address("b")


def test_storage_is_each_contracts_own() -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b", "return other.act(x + 1)"))
    ledger.deploy("b", last())
    ledger.call("a", "act", 5)
    assert (ledger.call("a", "ask", 0), ledger.call("b", "ask", 0)) == (5, 6)


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_no_way_leads_back_into_a_contract_at_work(circle: list[str]) -> None:
    ledger = Ledger()
    for name, following in zip(circle, [*circle[1:], "a"], strict=True):
        ledger.deploy(name, passing(following))
    before = ledger.state.sorted_writes()
    assert "is at work already" in message_of(ledger.call("a", "act", 5))
    assert ledger.state.sorted_writes() == before


def test_views_of_a_contract_at_work_answer_with_what_it_wrote() -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b"))
    ledger.deploy("b", passing("a", "return other.ask(100)"))
    assert ledger.call("a", "act", 5) == 106


def test_a_contract_is_free_again_when_its_call_is_over() -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b", "return other.act(x) + other.act(x)"))
    ledger.deploy("b", last())
    assert ledger.call("a", "act", 5) == 10


def test_contracts_nest_to_their_limit() -> None:
    ledger = Ledger()
    names = [f"c{number}" for number in range(CONTRACT_DEPTH_MAX + 1)]
    for name, following in pairwise(names):
        ledger.deploy(name, passing(following))
    ledger.deploy(names[-1], last())
    assert ledger.call(names[1], "act", 5) == 5 + CONTRACT_DEPTH_MAX - 1
    assert "from contract to contract" in message_of(ledger.call(names[0], "act", 5))


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_calls_nest_to_their_limit_over_all_contracts(more: int, fits: bool) -> None:
    """Each contract takes act, f0 and its nested functions."""
    ledger = Ledger()
    half = CALL_DEPTH_MAX // 2 - 2
    ledger.deploy("a", passing("b", nested=half))
    ledger.deploy("b", passing("nobody", "return x", nested=half + more))
    answer = ledger.call("a", "act", 5)
    if fits:
        assert answer == 6
    else:
        assert "calls nest at most" in message_of(answer)


def test_after_a_trap_depth_is_what_it_was() -> None:
    """One run goes on to nothing, but its ledger to the next call."""
    ledger = Ledger()
    ledger.deploy("a", passing("b"))
    assert "there is no contract" in message_of(ledger.call("a", "act", 5))
    ledger.deploy("b", last())
    assert ledger.call("a", "act", 5) == 6


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("@call\ndef act(x: int) -> uint:\n    return 1", "not as it was declared"),
        ("@call\ndef act(x: uint) -> int:\n    return 1", "not as it was declared"),
        ("@call\ndef act(x: uint) -> None:\n    pass", "not as it was declared"),
        ("@call\ndef act(x: uint, y: uint) -> uint:\n    return x + y", "not as it was declared"),
        ("@view\ndef act(x: uint) -> uint:\n    return x", "no such method"),
        ("@call\ndef other(x: uint) -> uint:\n    return x", "no such method"),
        (
            "@view\ndef ask(x: uint) -> uint:\n    return act(x)\n\n\ndef act(x: uint) -> uint:\n    return x",
            "no such",
        ),
    ],
)
def test_a_method_is_called_only_as_it_was_declared(declared: str, reason: str) -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b"))
    ledger.deploy("b", f'"""Other."""\n\n\n{declared}\n')
    assert reason in message_of(ledger.call("a", "act", 5))


def test_a_refusal_further_in_undoes_what_was_written_further_out() -> None:
    ledger = Ledger()
    ledger.deploy("a", passing("b"))
    ledger.deploy("b", passing("nobody", 'require(x > 9, "clause 1: {}", x)\n    return x'))
    before = ledger.state.sorted_writes()
    answer = ledger.call("a", "act", 5)
    assert isinstance(answer, Stopped)
    assert (answer.code, answer.values) == (ResultCode.REFUSED, (5,))
    assert ledger.state.sorted_writes() == before
