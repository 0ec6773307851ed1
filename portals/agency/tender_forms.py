"""What officers can ask the tender contract for."""

from dataclasses import replace

from portals.forms import Field, Form, Kind, Readers
from portals.languages import say

_ALL_BIDS_GAS = 7_000_000  # 500 bids, each read and written
CURRENCIES = ("IDR", "USD", "EUR", "JPY", "SGD")

_TENDER = Field(name="tender", kind=Kind.HIDDEN_DATA)
_BIDDER = Field(name="bidder", kind=Kind.HIDDEN_DATA)
_NUMBER = Field(name="number", kind=Kind.HIDDEN_NUMBER)
_REASON = Field(name="reason", kind=Kind.TEXT, help=say("Everybody can read it."))
_REFERENCE = Field(name="reference", kind=Kind.HIDDEN_TEXT)
_CURRENCY = Field(name="currency", kind=Kind.HIDDEN_TEXT)
_CLOSES_AT = Field(name="closes_at", kind=Kind.TIME, help=say("Bids are taken before this moment."))
_TERMS = (
    Field(name="terms.title", kind=Kind.LINE),
    Field(name="terms.documents", kind=Kind.FILE),
    Field(name="terms.criteria", kind=Kind.TEXT, is_optional=True),
    Field(
        name="terms.award_rule",
        kind=Kind.CHOICE,
        enum="AwardRule",
        choices=("LOWEST_PRICE", "QUALITY_AND_COST"),
    ),
    Field(
        name="terms.quality_weight_bps",
        kind=Kind.SHARE,
        is_optional=True,
        help=say("In percent, where quality counts."),
    ),
    Field(
        name="terms.quality_min_bps",
        kind=Kind.SHARE,
        is_optional=True,
        help=say("In percent, where quality counts."),
    ),
    Field(name="terms.envelopes", kind=Kind.NUMBER_CHOICE, enum="Count", choices=("1", "2")),
    Field(name="terms.bids_min", kind=Kind.NUMBER, initial="1"),
    Field(name="terms.winners", kind=Kind.NUMBER, initial="1"),
    replace(_CLOSES_AT, name="terms.closes_at"),
)

PLAN = Form(
    contract="tender",
    method="plan",
    fields=(
        Field(name="reference", kind=Kind.LINE, help=say("The number by which your agency knows it.")),
        Field(name="package.title", kind=Kind.LINE),
        Field(
            name="package.procedure",
            kind=Kind.CHOICE,
            enum="Procedure",
            choices=("TENDER_CEPAT", "DUA_FILE"),
        ),
        Field(name="currency", kind=Kind.CHOICE, enum="Currency", choices=CURRENCIES, initial="IDR"),
        Field(name="package.ceiling", kind=Kind.AMOUNT),
        Field(name="package.publish_from", kind=Kind.TIME),
        Field(name="package.publish_by", kind=Kind.TIME),
    ),
)
APPROVE_PLAN = Form(
    contract="tender",
    method="approve_plan",
    fields=(_TENDER, Field(name="approve", kind=Kind.YES_NO), _REASON),
)
SET_ESTIMATE = Form(
    contract="tender",
    method="set_estimate",
    fields=(_REFERENCE, _CURRENCY, Field(name="amount", kind=Kind.AMOUNT)),
)
PUBLISH = Form(
    contract="tender", method="publish", fields=(_REFERENCE, _CURRENCY, *_TERMS), document=Readers.PUBLIC
)
ADDENDUM = Form(
    contract="tender", method="publish_addendum", fields=(_TENDER, *_TERMS), document=Readers.PUBLIC
)
ANSWER = Form(
    contract="tender", method="answer", fields=(_TENDER, _NUMBER, Field(name="text", kind=Kind.TEXT))
)
DISQUALIFY = Form(contract="tender", method="disqualify", fields=(_TENDER, _BIDDER, _REASON))
SCORE = Form(
    contract="tender",
    method="score",
    fields=(
        _TENDER,
        _BIDDER,
        Field(name="points_bps", kind=Kind.SHARE, help=say("In percent of full marks.")),
        _REASON,
    ),
)
OPEN_PRICES = Form(contract="tender", method="open_prices", fields=(_TENDER,), gas_limit=_ALL_BIDS_GAS)
EVALUATE = Form(contract="tender", method="evaluate", fields=(_TENDER,), gas_limit=_ALL_BIDS_GAS)
AWARD = Form(contract="tender", method="award", fields=(_TENDER,), gas_limit=_ALL_BIDS_GAS)
ANSWER_OBJECTION = Form(
    contract="tender",
    method="answer_objection",
    fields=(
        _TENDER,
        _NUMBER,
        Field(
            name="outcome",
            kind=Kind.CHOICE,
            enum="ObjectionOutcome",
            choices=("REJECTED", "RE_EVALUATION", "RE_SUBMISSION", "NEW_ROUND"),
        ),
        Field(name="text", kind=Kind.TEXT),
    ),
)
REINSTATE = Form(contract="tender", method="reinstate", fields=(_TENDER, _BIDDER, _REASON))
REOPEN = Form(contract="tender", method="reopen", fields=(_TENDER, _CLOSES_AT))
LINK_ROUND = Form(
    contract="tender",
    method="link_round",
    fields=(_TENDER, Field(name="previous", kind=Kind.HIDDEN_DATA)),
)
FINALISE = Form(contract="tender", method="finalise", fields=(_TENDER,))
CANCEL = Form(contract="tender", method="cancel", fields=(_TENDER, _REASON))

TENDER_FORMS = (
    PLAN,
    APPROVE_PLAN,
    SET_ESTIMATE,
    PUBLISH,
    ADDENDUM,
    ANSWER,
    DISQUALIFY,
    SCORE,
    OPEN_PRICES,
    EVALUATE,
    AWARD,
    ANSWER_OBJECTION,
    REINSTATE,
    REOPEN,
    LINK_ROUND,
    FINALISE,
    CANCEL,
)
