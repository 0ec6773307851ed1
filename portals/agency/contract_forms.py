"""What officers can ask the contracts of agreements and of payments for."""

from portals.forms import Field, Form, Kind
from portals.languages import say

MILESTONES_MAX = 24  # as many as the agreement contract takes

_AGREEMENT = Field(name="agreement", kind=Kind.HIDDEN_DATA)
_DELIVERY = Field(name="delivery", kind=Kind.HIDDEN_NUMBER)
_ORDER = Field(name="order", kind=Kind.HIDDEN_NUMBER)
_REASON = Field(name="reason", kind=Kind.TEXT, help=say("Everybody can read it."))
_WANTED = Field(
    name="wanted",
    kind=Kind.ROWS,
    rows=(
        Field(name="title", kind=Kind.LINE),
        Field(name="amount", kind=Kind.AMOUNT),
        Field(name="due_at", kind=Kind.TIME),
    ),
    rows_max=MILESTONES_MAX,
)

DRAFT = Form(
    contract="agreement",
    method="draft",
    fields=(
        Field(name="tender", kind=Kind.HIDDEN_DATA),
        Field(name="supplier", kind=Kind.HIDDEN_DATA),
        _WANTED,
    ),
)
SIGN = Form(
    contract="agreement",
    method="sign",
    fields=(_AGREEMENT, Field(name="version", kind=Kind.HIDDEN_NUMBER)),
)
AMEND = Form(contract="agreement", method="propose_amendment", fields=(_AGREEMENT, _WANTED, _REASON))
ACCEPT = Form(
    contract="agreement",
    method="accept",
    fields=(_AGREEMENT, _DELIVERY, Field(name="note", kind=Kind.TEXT, is_optional=True)),
)
REJECT = Form(contract="agreement", method="reject", fields=(_AGREEMENT, _DELIVERY, _REASON))
CLOSE = Form(
    contract="agreement",
    method="close",
    fields=(
        _AGREEMENT,
        Field(name="rating", kind=Kind.NUMBER_CHOICE, enum="Rating", choices=("5", "4", "3", "2", "1")),
        _REASON,
    ),
)
TERMINATE = Form(contract="agreement", method="terminate", fields=(_AGREEMENT, _REASON))

APPROVE = Form(
    contract="payment",
    method="approve",
    fields=(
        _ORDER,
        Field(name="deductions", kind=Kind.AMOUNT, initial="0"),
        Field(name="tax", kind=Kind.AMOUNT, initial="0"),
    ),
)
DECLINE = Form(contract="payment", method="decline", fields=(_ORDER, _REASON))
ASK_AGAIN = Form(contract="payment", method="ask_again", fields=(_ORDER, _REASON))

CONTRACT_FORMS = (DRAFT, SIGN, AMEND, ACCEPT, REJECT, CLOSE, TERMINATE, APPROVE, DECLINE, ASK_AGAIN)
