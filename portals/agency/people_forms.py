"""What operators and officers can ask the registry for: roles, keys, suppliers."""

from portals.forms import Field, Form, Kind
from portals.languages import say

GRANTED_ROLES = (
    "COMMITMENT_OFFICER",
    "SELECTION_GROUP",
    "BUDGET_AUTHORITY",
    "PAYMENT_OFFICER",
    "REGISTRY_OFFICER",
    "AUDITOR",
    "TRUSTEE",
)
"""What an officer's key may be given. A treasury is appointed instead: a key with a role could not be."""

_ROLE = Field(name="role", kind=Kind.CHOICE, enum="Role", choices=GRANTED_ROLES)
_KNOWN_ROLE = Field(name="role", kind=Kind.HIDDEN_TEXT)
_REASON = Field(name="reason", kind=Kind.TEXT, help=say("Everybody can read it."))
_SUPPLIER = Field(name="supplier", kind=Kind.HIDDEN_DATA)
_NUMBER = Field(name="number", kind=Kind.HIDDEN_NUMBER)
_ADDRESS_HELP = say("The officer finds it at “My key”: 40 characters, 0 to 9 and A to F.")

GRANT = Form(
    contract="registry",
    method="grant",
    fields=(Field(name="officer", kind=Kind.ADDRESS, help=_ADDRESS_HELP), _ROLE),
)
REVOKE = Form(
    contract="registry",
    method="revoke",
    fields=(Field(name="officer", kind=Kind.HIDDEN_DATA), _KNOWN_ROLE),
)
DELEGATE = Form(
    contract="registry",
    method="delegate",
    fields=(
        Field(name="deputy", kind=Kind.ADDRESS, help=_ADDRESS_HELP),
        _ROLE,
        Field(name="until_ms", kind=Kind.TIME),
    ),
)
END_DELEGATION = Form(
    contract="registry",
    method="end_delegation",
    fields=(Field(name="deputy", kind=Kind.HIDDEN_DATA), _KNOWN_ROLE),
)
BAR = Form(
    contract="registry",
    method="bar",
    fields=(_SUPPLIER, Field(name="until_ms", kind=Kind.TIME), _REASON),
)
END_BARRING = Form(contract="registry", method="end_barring", fields=(_SUPPLIER, _REASON))
REPLACE_KEY = Form(
    contract="registry",
    method="request_replacement",
    fields=(
        Field(name="old", kind=Kind.HIDDEN_DATA),
        Field(name="new", kind=Kind.ADDRESS, help=say("Of a key that nobody has used here yet.")),
        _REASON,
    ),
)
OBJECT_REPLACEMENT = Form(contract="registry", method="object_replacement", fields=(_NUMBER,))
COMPLETE_REPLACEMENT = Form(contract="registry", method="complete_replacement", fields=(_NUMBER,))
APPOINT_TREASURY = Form(
    contract="registry",
    method="appoint_treasury",
    fields=(
        Field(name="treasury", kind=Kind.ADDRESS, help=say("The payment gateway prints it at its start.")),
    ),
)
SET_DOCUMENT_KEY = Form(
    contract="registry",
    method="set_document_key",
    fields=(Field(name="public", kind=Kind.KEY, help=say("64 characters, 0 to 9 and a to f.")),),
    script="page-document-key.js",
)

PEOPLE_FORMS = (
    GRANT,
    REVOKE,
    DELEGATE,
    END_DELEGATION,
    BAR,
    END_BARRING,
    REPLACE_KEY,
    OBJECT_REPLACEMENT,
    COMPLETE_REPLACEMENT,
    APPOINT_TREASURY,
    SET_DOCUMENT_KEY,
)
