"""What the operators of member agencies can ask governance for."""

from portals.forms import Field, Form, Kind
from portals.languages import say

_NAME = Field(name="name", kind=Kind.HIDDEN_TEXT)
_VALUE = Field(name="value", kind=Kind.MEASURE)
_KEY_HELP = say("64 characters, 0 to 9 and a to f.")

VOTE = Form(
    contract="governance",
    method="vote",
    fields=(Field(name="proposal", kind=Kind.HIDDEN_NUMBER), Field(name="approve", kind=Kind.YES_NO)),
)
PROPOSE_MEMBER = Form(
    contract="governance",
    method="propose_member",
    fields=(
        Field(name="name", kind=Kind.LINE),
        Field(name="operator", kind=Kind.ADDRESS, help=say("The address of its operator's key.")),
        Field(name="consensus_key", kind=Kind.KEY, help=_KEY_HELP),
        Field(name="node_key", kind=Kind.KEY, help=_KEY_HELP),
        Field(name="power", kind=Kind.NUMBER),
    ),
)
PROPOSE_REMOVAL = Form(contract="governance", method="propose_removal", fields=(_NAME,))
PROPOSE_POWER = Form(
    contract="governance", method="propose_power", fields=(_NAME, Field(name="power", kind=Kind.NUMBER))
)
PROPOSE_NODE = Form(
    contract="governance",
    method="propose_node",
    fields=(Field(name="name", kind=Kind.LINE), Field(name="node_key", kind=Kind.KEY, help=_KEY_HELP)),
)
PROPOSE_NODE_REMOVAL = Form(contract="governance", method="propose_node_removal", fields=(_NAME,))
PROPOSE_PARAMETER = Form(contract="governance", method="propose_parameter", fields=(_NAME, _VALUE))
PROPOSE_RULE = Form(contract="governance", method="propose_rule", fields=(_NAME, _VALUE))
PROPOSE_HOLIDAY = Form(
    contract="governance",
    method="propose_holiday",
    fields=(Field(name="day", kind=Kind.DAY), Field(name="name", kind=Kind.LINE)),
)
PROPOSE_WORKDAY = Form(
    contract="governance", method="propose_workday", fields=(Field(name="day", kind=Kind.HIDDEN_NUMBER),)
)
SET_TIME_ZONE = Form(
    contract="governance",
    method="set_time_zone",
    fields=(Field(name="minutes", kind=Kind.NUMBER_CHOICE, enum="Zone", choices=("420", "480", "540")),),
)

GOVERNANCE_FORMS = (
    VOTE,
    PROPOSE_MEMBER,
    PROPOSE_REMOVAL,
    PROPOSE_POWER,
    PROPOSE_NODE,
    PROPOSE_NODE_REMOVAL,
    PROPOSE_PARAMETER,
    PROPOSE_RULE,
    PROPOSE_HOLIDAY,
    PROPOSE_WORKDAY,
    SET_TIME_ZONE,
)
