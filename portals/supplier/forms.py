"""What a supplier can ask the contracts for."""

from portals.forms import Field, Form, Kind, Readers

_TENDER = Field(name="tender", kind=Kind.HIDDEN_DATA)
_AGREEMENT = Field(name="agreement", kind=Kind.HIDDEN_DATA)

REGISTER = Form(
    contract="registry",
    method="register",
    fields=(
        Field(name="name", kind=Kind.LINE),
        Field(name="nib_commitment", kind=Kind.HIDDEN_DATA),
        Field(name="npwp_commitment", kind=Kind.HIDDEN_DATA),
    ),
)
SET_ACCOUNT = Form(
    contract="registry", method="set_account", fields=(Field(name="commitment", kind=Kind.HIDDEN_DATA),)
)
ASK = Form(contract="tender", method="ask", fields=(_TENDER, Field(name="text", kind=Kind.TEXT)))
SUBMIT = Form(
    contract="tender",
    method="submit",
    fields=(
        _TENDER,
        Field(name="version", kind=Kind.HIDDEN_NUMBER),
        Field(name="terms_version", kind=Kind.HIDDEN_NUMBER),
        Field(name="technical", kind=Kind.HIDDEN_DATA, is_optional=True),
        Field(name="technical_commitment", kind=Kind.HIDDEN_DATA, is_optional=True),
        Field(name="price", kind=Kind.HIDDEN_DATA),
        Field(name="price_commitment", kind=Kind.HIDDEN_DATA),
    ),
    document=Readers.OWNER,
)
WITHDRAW = Form(contract="tender", method="withdraw", fields=(_TENDER,))
REVEAL_TECHNICAL = Form(
    contract="tender",
    method="reveal_technical",
    fields=(_TENDER, Field(name="key", kind=Kind.HIDDEN_DATA)),
)
REVEAL_PRICE = Form(
    contract="tender", method="reveal_price", fields=(_TENDER, Field(name="key", kind=Kind.HIDDEN_DATA))
)
OBJECT = Form(
    contract="tender",
    method="object",
    fields=(
        _TENDER,
        Field(name="reason", kind=Kind.TEXT),
        Field(name="documents", kind=Kind.FILE, is_optional=True),
    ),
    document=Readers.PUBLIC,
)
SIGN = Form(
    contract="agreement",
    method="sign",
    fields=(_AGREEMENT, Field(name="version", kind=Kind.HIDDEN_NUMBER)),
)
REPORT_DELIVERY = Form(
    contract="agreement",
    method="report_delivery",
    fields=(
        _AGREEMENT,
        Field(name="milestone", kind=Kind.HIDDEN_NUMBER),
        Field(name="amount", kind=Kind.AMOUNT),
        Field(name="note", kind=Kind.TEXT, is_optional=True),
        Field(name="documents", kind=Kind.FILE, is_optional=True),
    ),
    document=Readers.AGENCY,
)

OBJECT_REPLACEMENT = Form(
    contract="registry",
    method="object_replacement",
    fields=(Field(name="number", kind=Kind.HIDDEN_NUMBER),),
)

FORMS = {
    form.name: form
    for form in (
        REGISTER,
        SET_ACCOUNT,
        ASK,
        SUBMIT,
        WITHDRAW,
        REVEAL_TECHNICAL,
        REVEAL_PRICE,
        OBJECT,
        SIGN,
        REPORT_DELIVERY,
        OBJECT_REPLACEMENT,
    )
}
