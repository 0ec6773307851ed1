"""How every refusal of the tender contract is brought about, by its whole text; `test_refusals` does so."""

from collections.abc import Callable

from chain.codec import Value
from chain.hashing import sha256
from chain.keys import SigningKey
from tests.contracts.ledger import Refusal, key, operator
from tests.contracts.tendering import (
    AUTHORITY,
    CLOSE_IN_MS,
    DUA_FILE,
    GROUP,
    OFFICER,
    OTHER_GROUP,
    PRICE,
    QUALITY_AND_COST,
    SECOND_MEMBER,
    SELECTION_GROUP,
    TECHNICAL,
    Tendering,
    price_document,
)
from tests.contracts.test_tender_crowd import NAMES, crowd, submission

Attempt = Callable[[Tendering], Refusal]
NOWHERE = bytes(32)


def shown(name: str) -> str:
    """Somebody's account as a message has it."""
    return key(name).address.hex().upper()


OFFICER_SHOWN, GROUP_SHOWN, OTHER_SHOWN = (
    signer.address.hex().upper() for signer in (OFFICER, GROUP, OTHER_GROUP)
)
ALFA = shown("alfa")


def publishing(reference: str = "T-1", currency: str = "IDR", **changes: Value) -> Attempt:
    """A publication with these terms, under an approved plan of Tender Cepat."""

    def attempt(ledger: Tendering) -> Refusal:
        ledger.plan()
        return ledger.refused_act("publish", reference, currency, ledger.terms(**changes))

    return attempt


def viewing(method: str, *arguments: Value) -> Attempt:
    """A view of a tender that has only been published."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish()
        return ledger.refused_view("tender", method, tender, *arguments)

    return attempt


def submitting(place: int, value: Value, *, envelopes: int = 1) -> Attempt:
    """A bid of which one argument is another."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish(envelopes=envelopes)
        arguments = ledger.bid_arguments(tender, "alfa", price_document(5), envelopes=envelopes)
        arguments[place] = value
        return ledger.refused_act("submit", *arguments, signer=key("alfa"))

    return attempt


def with_bid(method: str, *arguments: Value, who: str = "alfa", envelopes: int = 1) -> Attempt:
    """A call by a supplier after the close of a tender in which alfa has a bid."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish(envelopes=envelopes)
        ledger.bid(tender, "alfa", 5, envelopes=envelopes)
        ledger.close(tender)
        return ledger.refused_act(method, tender, *arguments, signer=key(who))

    return attempt


def quality_tender(ledger: Tendering) -> bytes:
    """Quality counts; alfa's technical envelope is open, beta's is not."""
    tender = ledger.publish(envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=5_000)
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 5, envelopes=2)
    ledger.close(tender)
    ledger.reveal(tender, "alfa", TECHNICAL)
    return tender


def scoring(who: str, points_bps: int = 5_000, reason: str = "metode") -> Attempt:
    """A score in that tender."""
    return lambda ledger: ledger.refused_act(
        "score", quality_tender(ledger), key(who).address, points_bps, reason
    )


def in_published(method: str, *arguments: Value) -> Attempt:
    """An act of the selection group right after publication."""
    return lambda ledger: ledger.refused_act(method, ledger.publish(), *arguments)


def after_close(method: str, *arguments: Value, **terms: Value) -> Attempt:
    """An act of the selection group after the close of a tender without bids."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish_with(terms)
        ledger.close(tender)
        return ledger.refused_act(method, tender, *arguments)

    return attempt


def estimating(amount: int, currency: str = "IDR") -> Attempt:
    """An owner estimate under an approved plan with a ceiling of a thousand."""

    def attempt(ledger: Tendering) -> Refusal:
        ledger.plan(ceiling=1_000)
        return ledger.refused_act("set_estimate", "T-1", amount, currency, signer=OFFICER)

    return attempt


def planning(**changes: Value) -> Attempt:
    """A plan of which something is another."""
    return lambda ledger: ledger.refused_act("plan", "T-1", "IDR", ledger.package(**changes), signer=OFFICER)


def deciding(signer: SigningKey, times: int = 1, reason: str = "sesuai") -> Attempt:
    """A decision on a plan, the last of so many."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.act("plan", "T-1", "IDR", ledger.package(), signer=OFFICER)
        for _ in range(times - 1):
            ledger.act("approve_plan", tender, False, reason, signer=signer)
        return ledger.refused_act("approve_plan", tender, True, reason, signer=signer)

    return attempt


def _publishing_unapproved(ledger: Tendering) -> Refusal:
    ledger.act("plan", "T-1", "IDR", ledger.package(), signer=OFFICER)
    return ledger.refused_act("publish", "T-1", "IDR", ledger.terms())


def _publishing_early(ledger: Tendering) -> Refusal:
    ledger.plan(publish_from=START + 5, publish_by=START + 10)
    return ledger.refused_act("publish", "T-1", "IDR", ledger.terms())


def _planning_what_is_published(ledger: Tendering) -> Refusal:
    ledger.publish()
    return planning()(ledger)


def _publishing_one_envelope_as_two(ledger: Tendering) -> Refusal:
    ledger.plan(procedure=DUA_FILE)
    return ledger.refused_act("publish", "T-1", "IDR", ledger.terms())


def asking(text: str = "apa?", wait_ms: int = 0) -> Attempt:
    """A question, some time after publication."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish()
        ledger.wait(wait_ms)
        return ledger.refused_act("ask", tender, text, signer=key("alfa"))

    return attempt


def answering(text: str = "ini", number: int = 1, times: int = 1) -> Attempt:
    """An answer to the one question, the last of so many."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish()
        ledger.act("ask", tender, "apa?", signer=key("alfa"))
        for _ in range(times - 1):
            ledger.act("answer", tender, number, text)
        return ledger.refused_act("answer", tender, number, text)

    return attempt


def _asking_too_much(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    for _ in range(500):
        ledger.act("ask", tender, "apa?", signer=key("alfa"))
    return ledger.refused_act("ask", tender, "apa?", signer=key("alfa"))


def _estimated_late(ledger: Tendering) -> Refusal:
    ledger.publish()
    return ledger.refused_act("set_estimate", "T-1", 5, "IDR", signer=OFFICER)


def _published_twice(ledger: Tendering) -> Refusal:
    ledger.publish()
    return ledger.refused_act("publish", "T-1", "IDR", ledger.terms())


def _addendum(**changes: Value) -> Attempt:
    return lambda ledger: ledger.refused_act(
        "publish_addendum",
        ledger.publish(),
        ledger.terms(**({"closes_at": ledger.now_ms + 20_000} | changes)),
    )


def _barred(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.do(key("pa of barat"), "registry", "bar", key("alfa").address, ledger.now_ms + 5, "palsu")
    arguments = ledger.bid_arguments(tender, "alfa", price_document(5))
    return ledger.refused_act("submit", *arguments, signer=key("alfa"))


def _bidding_again(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 5, version=3)
    arguments = ledger.bid_arguments(tender, "alfa", price_document(5), version=3)
    return ledger.refused_act("submit", *arguments, signer=key("alfa"))


def _withdrawing(times: int) -> Attempt:
    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.publish()
        if times:
            ledger.bid(tender, "alfa", 5)
            ledger.act("withdraw", tender, signer=key("alfa"))
        return ledger.refused_act("withdraw", tender, signer=key("alfa"))

    return attempt


def _opening_twice(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 5)
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    return ledger.refused_act("reveal_price", tender, b"", signer=key("alfa"))


def _setting_aside_twice(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 5)
    ledger.close(tender)
    ledger.act("disqualify", tender, key("alfa").address, "palsu")
    return ledger.refused_act("disqualify", tender, key("alfa").address, "palsu")


def _setting_aside_after_the_award(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.close(tender)
    ledger.act("cancel", tender, "anggaran")
    return ledger.refused_act("disqualify", tender, key("alfa").address, "palsu")


def _scoring_twice(ledger: Tendering) -> Refusal:
    tender = quality_tender(ledger)
    ledger.act("score", tender, key("alfa").address, 1, "metode")
    return ledger.refused_act("score", tender, key("alfa").address, 2, "metode")


def _scoring_by_too_many(ledger: Tendering) -> Refusal:
    tender = quality_tender(ledger)
    members = [key(f"member {number}") for number in range(17)]
    for member in members:
        ledger.do(operator("barat"), "registry", "grant", member.address, SELECTION_GROUP)
    for member in members[:16]:
        ledger.act("score", tender, key("alfa").address, 1, "metode", signer=member)
    return ledger.refused_act("score", tender, key("alfa").address, 1, "metode", signer=members[16])


def _opening_prices_unscored(ledger: Tendering) -> Refusal:
    tender = quality_tender(ledger)
    ledger.act("disqualify", tender, key("beta").address, "palsu")
    return ledger.refused_act("open_prices", tender)


def _bidding_in_a_crowd(ledger: Tendering) -> Refusal:
    call = submission(ledger, crowd(ledger), NAMES[-1], 5)
    return ledger.refused(key(NAMES[-1]), "tender", "submit", *call.arguments)


def _awarded(ledger: Tendering) -> bytes:
    return ledger.award()


def _too_late_to_open(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 5)
    ledger.close(tender)
    ledger.wait(2_000)
    return ledger.refused_act("reveal_price", tender, b"", signer=key("alfa"))


TENDER = sha256(b"barat\x00T-1")
START = 1_700_000_001_000
CLOSE = START + CLOSE_IN_MS
COMMITMENT = sha256(sha256(TENDER + key("alfa").address + bytes([1, PRICE]))).hex().upper()

REFUSALS: dict[str, Attempt] = {
    # Plan
    f"clause 1.4: {GROUP_SHOWN} is not a commitment officer of an agency": lambda ledger: ledger.refused_act(
        "plan", "T-1", "IDR", ledger.package()
    ),
    "clause 1.4: T-1 is published, and its plan stays": _planning_what_is_published,
    "clause 1.4: a title has 1 to 500 bytes": planning(title=""),
    "clause 1.4: a budget ceiling is above zero": planning(ceiling=0),
    f"clause 1.4: publication is from 5 to 5, the block's time is {START}": planning(
        publish_from=5, publish_by=5
    ),
    f"clause 1.4: there is no plan of a tender {NOWHERE.hex()}": lambda ledger: ledger.refused_act(
        "approve_plan", NOWHERE, True, "sesuai", signer=AUTHORITY
    ),
    f"clause 1.5: {GROUP_SHOWN} is not a budget authority of barat": deciding(GROUP),
    "clause 1.5: the plan is decided already": deciding(AUTHORITY, times=2),
    "clause 1.5: the plan of T-1 is not approved": _publishing_unapproved,
    # Publication
    "clause 2.1: the plan is in IDR, the terms in USD": publishing(currency="USD"),
    f"clause 2.1: the plan has the publication from {START + 5} to {START + 10}, the block's time is {START}": (
        _publishing_early
    ),
    "clause 2.6: Tender Cepat has one envelope and the lowest price wins": publishing(envelopes=2),
    "clause 2.6: Tender dua file has two envelopes, got 1": _publishing_one_envelope_as_two,
    f"clause 2.2: {GROUP_SHOWN} is not a commitment officer of an agency": lambda ledger: ledger.refused_act(
        "set_estimate", "T-1", 5, "IDR"
    ),
    "clause 2.2: an owner estimate is above zero": lambda ledger: ledger.refused_act(
        "set_estimate", "T-1", 0, "IDR", signer=OFFICER
    ),
    "clause 2.2: T-1 is published, and its estimate stays": _estimated_late,
    "clause 2.2: the plan is in IDR, the owner estimate in USD": estimating(5, "USD"),
    "clause 2.2: the ceiling of the plan is 1000, the owner estimate 1001": estimating(1_001),
    "clause 2.2: the tender has no owner estimate": viewing("estimate_of"),
    f"clause 2.1: {OFFICER_SHOWN} is not in the selection group of an agency": lambda ledger: (
        ledger.refused_act("publish", "T-1", "IDR", ledger.terms(), signer=OFFICER)
    ),
    f"clause 2.1: {OTHER_SHOWN} is not in the selection group of barat": lambda ledger: ledger.refused_act(
        "cancel", ledger.publish(), "anggaran", signer=OTHER_GROUP
    ),
    "clause 1.1: barat has published T-1 already": _published_twice,
    f"clause 1.1: there is no tender {NOWHERE.hex()}": lambda ledger: ledger.refused_act("evaluate", NOWHERE),
    f"clause 2.4: the close is from {START + 1_000} to {START + 366 * 86_400_000}, got 7": publishing(
        closes_at=7
    ),
    "clause 2.3: a reference has 1 to 100 bytes": publishing(reference=""),
    "clause 2.3: a currency is a code of three letters, got RUPIAH": publishing(currency="RUPIAH"),
    "clause 2.3: a title has 1 to 500 bytes": publishing(title=""),
    "clause 2.3: documents are named by a hash of 32 bytes, got 3": publishing(documents=b"abc"),
    "clause 2.3: criteria have at most 2000 bytes": publishing(criteria="x" * 2_001),
    "clause 2.3: a bid has one or two envelopes, got 3": publishing(envelopes=3),
    "clause 2.3: the least number of bids is 1 to 500, got 0": publishing(bids_min=0),
    "clause 2.3: there are 1 to 50 winners, got 51": publishing(winners=51),
    "clause 2.5: weight and least quality are at most 10000, got 10001 and 5": publishing(
        envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=10_001, quality_min_bps=5
    ),
    "clause 2.5: where the lowest price wins, quality has no weight, got 5": publishing(quality_weight_bps=5),
    "clause 2.5: quality counts only where there are two envelopes": publishing(award_rule=QUALITY_AND_COST),
    # Questions
    f"clause 3.5: questions could be asked until {CLOSE - 1_000}, the block's time is {CLOSE - 1_000}": asking(
        wait_ms=CLOSE_IN_MS - 1_000
    ),
    "clause 3.5: a question has 1 to 1000 bytes": asking(""),
    "clause 3.5: there are 500 questions already": _asking_too_much,
    "clause 3.5: there is no question 2": answering(number=2),
    "clause 3.5: question 1 is answered already": answering(times=2),
    "clause 3.5: an answer has 1 to 2000 bytes": answering(""),
    # Addendum
    "clause 3.1: the tender has no version 2": viewing("terms_of", 2),
    "clause 3.2: the tender has 1 envelopes, the addendum 2": _addendum(envelopes=2),
    f"clause 3.2: the close is at {CLOSE} and may only be later, got {CLOSE - 1}": _addendum(
        closes_at=CLOSE - 1
    ),
    "clause 1.2: the tender takes no more bids": lambda ledger: ledger.refused_act(
        "publish_addendum", _awarded(ledger), ledger.terms()
    ),
    # Submission
    f"clause 4.1: {GROUP_SHOWN} is not a registered supplier": lambda ledger: ledger.refused_act(
        "submit", ledger.publish(), 1, 1, b"", b"", b"x", bytes(32)
    ),
    f"clause 4.1: {ALFA} is barred from bidding": _barred,
    f"clause 4.1: the close was at {CLOSE}, the block's time is {CLOSE}": with_bid("withdraw"),
    f"clause 4.1: {ALFA} has no bid in this tender": viewing("bid_of", key("alfa").address),
    "clause 3.4: the terms in force are version 1, the bid is for 2": submitting(2, 2),
    "clause 4.2: this tender has no technical envelope": submitting(3, b"metode"),
    "clause 4.2: an envelope has 1 to 16384 bytes, got 16385": submitting(5, bytes(16_385)),
    "clause 4.2: an envelope has 1 to 16384 bytes, got 0": submitting(3, b"", envelopes=2),
    "clause 4.2: the commitment to a key has 32 bytes, got 0": submitting(6, b""),
    "clause 4.3: a later bid has a version above 3, got 3": _bidding_again,
    f"clause 4.4: {ALFA} has no bid to withdraw": _withdrawing(0),
    f"clause 4.4: {ALFA} has withdrawn already": _withdrawing(1),
    "clause 4.5: the tender has 500 bidders already": _bidding_in_a_crowd,
    # Opening
    f"clause 5.1: the close is at {CLOSE}, the block's time is {START}": in_published("evaluate"),
    f"clause 5.1: {shown('beta')} has no bid in this tender": with_bid("reveal_price", b"", who="beta"),
    f"clause 5.1: the key does not fit its commitment {COMMITMENT}": with_bid("reveal_price", b""),
    f"clause 5.1: envelope 2 of {ALFA} has not been opened": viewing(
        "opened_document", key("alfa").address, 2
    ),
    "clause 5.2: technical envelopes are not being opened": with_bid("reveal_technical", b""),
    "clause 5.2: price envelopes are not being opened": with_bid("reveal_price", b"", envelopes=2),
    f"clause 5.2: the bid of {ALFA} is in state 2 and not to be opened": _opening_twice,
    "clause 5.2: there are no price envelopes to let through": after_close("open_prices"),
    f"clause 5.5: 1 envelopes may still be opened until {CLOSE + 2_000}": lambda ledger: ledger.refused_act(
        "open_prices", quality_tender(ledger)
    ),
    f"clause 5.5: envelopes could be opened until {CLOSE + 2_000}, the block's time is {CLOSE + 2_000}": (
        _too_late_to_open
    ),
    # Evaluation
    f"clause 6.1: {ALFA} has no bid in this tender": after_close("disqualify", key("alfa").address, "palsu"),
    f"clause 6.1: the bid of {ALFA} is out already": _setting_aside_twice,
    "clause 6.1: the tender is awarded or over": _setting_aside_after_the_award,
    "clause 1.3: a reason has 1 to 500 bytes": in_published("cancel", "x" * 501),
    "clause 6.2: technical proposals are not being scored": after_close("score", key("alfa").address, 1, "x"),
    f"clause 6.2: {shown('citra')} has no bid in this tender": scoring("citra"),
    f"clause 6.2: the technical envelope of {shown('beta')} is not open": scoring("beta"),
    "clause 6.2: a score is at most 10000, got 10001": scoring("alfa", 10_001),
    f"clause 6.2: {GROUP_SHOWN} has scored {ALFA} already": _scoring_twice,
    "clause 6.2: at most 16 members score a proposal": _scoring_by_too_many,
    f"clause 6.2: the technical proposal of {ALFA} has no score": _opening_prices_unscored,
    "clause 6.5: the tender is not being evaluated": after_close("evaluate", envelopes=2),
    # Award
    "clause 7.1: the tender is not evaluated": after_close("award"),
    f"clause 7.3: {ALFA} is not an officer of barat who makes an award final": with_bid("finalise"),
    "clause 7.3: the tender is not awarded": after_close("finalise"),
    f"clause 7.3: the standstill lasts until {CLOSE + 3_000}, the block's time is {CLOSE}": (
        lambda ledger: ledger.refused_act("finalise", _awarded(ledger), signer=SECOND_MEMBER)
    ),
    "clause 7.4: the tender is over": lambda ledger: ledger.refused_act("cancel", _failed(ledger), "x"),
}


def _failed(ledger: Tendering) -> bytes:
    tender = ledger.publish()
    ledger.close(tender)
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    return tender
