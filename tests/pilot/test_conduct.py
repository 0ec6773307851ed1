"""The order of a tender's acts, seen from outside: a ledger that says yes, and one that says no at one place."""

from collections.abc import Callable

import pytest

from chain.codec import Value
from chain.keys import SigningKey
from chain.result import ResultCode, TransactionResult, Trap
from pilot import calls
from pilot.acts import Act, Answer, Ask, HandOver, Outcome, Refused, Send, Sleep, Stage
from pilot.conduct import RETRIES_MAX, Pace, conduct
from pilot.keyring import Keyring, supplier_named
from pilot.plan import plan_tender
from tests.pilot.making import Bid, release

KEYRING = Keyring({"barat": SigningKey.from_seed(bytes(32))})
PACE = Pace(submission_ms=1_000, grace_ms=500, retry_ms=10)
BIDS: list[Bid] = [("A", 900, "valid"), ("B", None, "disqualified"), ("C", 800, "valid")]
FULFILLED = [
    *["draft", "sign", "sign"],
    *["report_delivery"] * 2,
    *["accept"] * 2,
    *["approve"] * 2,
    "close",
]
"""What follows an award to one winner where there is no gateway."""
Judge = Callable[[str, int], str | None]
"""Says of the n-th call of a method with what clause it is refused, or None."""


def run(judge: Judge, *, envelopes: int = 2, estimate: int | None = 1_000) -> tuple[list[str], Outcome]:
    """Conducts a tender on a ledger that refuses only what `judge` says; all methods, and the outcome."""
    plan = plan_tender(release(BIDS, ["C"], envelopes=envelopes, estimate=estimate), KEYRING.agencies)
    procedure, now_ms = conduct(plan, KEYRING, "uji", PACE), 1_000
    methods: list[str] = []
    answer = None
    try:
        while True:
            wish = next(procedure) if answer is None else procedure.send(answer)
            match wish:
                case Send(acts=acts):
                    results = tuple(_result(act, judge, methods) for act in acts)
                    answer = Answer(now_ms=now_ms, results=results)
                case Ask(method=method):
                    answer = Answer(now_ms=now_ms, value=_view(method, now_ms))
                case Sleep(until_ms=until_ms):
                    now_ms = max(now_ms, until_ms)
                    answer = Answer(now_ms=now_ms)
                case HandOver():
                    methods.append("hand over")
                    answer = Answer(now_ms=now_ms)
                case Stage():
                    answer = Answer(now_ms=now_ms)
    except StopIteration as end:
        return methods, end.value


def _result(act: Act, judge: Judge, methods: list[str]) -> TransactionResult:
    names = [call.method for call in act.calls]
    clause = judge(names[0], methods.count(names[0]))
    methods.extend(names)
    if clause is None:
        return TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1, data=(2, 4))
    trap = Trap(contract="tender", function=names[0], message=clause, values=(), line=1)
    return TransactionResult(code=ResultCode.REFUSED, gas_wanted=1, gas_used=1, trap=trap)


def _view(method: str, now_ms: int) -> Value:
    match method:
        case "orders_of":
            return tuple(
                (number, *[bytes(20)] * 6, "IDR", 400, *[0] * 4, 1, 0, *[0] * 6, "", "") for number in (7, 8)
            )
        case "stage":
            return "final"
        case "winner_list":
            return ((KEYRING.address_of(supplier_named("C")), 800, 0, 0, now_ms),)
    return (*[0] * 12, now_ms + 50, "")


def yes(_method: str, _count: int) -> None:
    """A ledger that refuses nothing."""
    return


def test_with_two_envelopes_prices_are_opened_only_of_those_that_passed() -> None:
    methods, outcome = run(yes)
    assert methods == [
        *["grant"] * 4,
        *["register"] * 3,
        *["plan", "approve_plan", "set_estimate", "publish"],
        *["submit"] * 3,
        *["reveal_technical"] * 3,
        *["disqualify", "open_prices"],
        *["reveal_price"] * 2,
        *["evaluate", "award", "finalise"],
        *FULFILLED,
    ]
    assert ([(winner.bidder, winner.price) for winner in outcome.winners], outcome.rounds) == (
        [("C", 800)],
        1,
    )


def test_with_one_envelope_bids_are_set_aside_before_any_is_opened() -> None:
    methods, _ = run(yes, envelopes=1, estimate=None)
    assert methods[7:] == [
        *["plan", "approve_plan", "publish"],
        *["submit"] * 3,
        "disqualify",
        *["reveal_price"] * 2,
        *["evaluate", "award", "finalise"],
        *FULFILLED,
    ]


def test_a_bid_after_the_close_cancels_the_round_and_another_one_is_published() -> None:
    methods, outcome = run(
        lambda method, count: "clause 4.1: the close was at" if (method, count) == ("submit", 2) else None
    )
    assert outcome.rounds == 2
    assert methods.count("cancel") == 1
    assert methods[methods.index("cancel") + 1 :][:4] == ["plan", "approve_plan", "set_estimate", "publish"]


def test_a_reference_that_is_taken_leads_to_the_next_one() -> None:
    methods, outcome = run(
        lambda method, count: "clause 1.1: taken" if method == "publish" and count < 2 else None
    )
    assert (outcome.rounds, methods.count("publish"), methods.count("cancel")) == (3, 3, 0)
    assert outcome.tender == calls.tender_id("barat", "ocds-xxxxxx-uji-1#3")


def test_an_act_before_its_block_time_is_tried_again() -> None:
    early = "clause 5.1: the close is at"
    methods, outcome = run(
        lambda method, count: early if method == "reveal_technical" and count < 4 else None
    )
    assert methods.count("reveal_technical") == 3 + 3 + 1
    assert outcome.stage == "final"


def test_a_block_time_that_never_comes_ends_the_tender() -> None:
    with pytest.raises(Refused, match=f"in {RETRIES_MAX} tries"):
        run(lambda method, _: "clause 7.3: the standstill lasts" if method == "finalise" else None)


def test_a_refusal_that_is_not_foreseen_ends_the_tender_with_the_clause() -> None:
    with pytest.raises(Refused, match=r"clause 6\.1: not now"):
        run(lambda method, _: "clause 6.1: not now" if method == "disqualify" else None)


def test_suppliers_that_are_registered_and_roles_that_are_granted_are_no_refusal() -> None:
    known: dict[str, str] = {
        "register": "clause 2.1: {} is registered already",
        "grant": "clause 1.1: {} holds role {} already",
    }
    assert run(lambda method, _: known.get(method))[1].stage == "final"
