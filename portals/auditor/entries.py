"""Transactions as entries of a story: when, who, by which rule, what, and what was checked of it.

A call or an event that the deployed contract no longer describes (it was upgraded since) is shown by its bare values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chain.codec import Value
from chain.errors import Malformed
from chain.result import Event, render_value
from chain.transaction import Call, Transaction, decode_transaction
from portals.auditor.evidence import Proven
from portals.auditor.people import NOBODY, Person, find_people
from portals.auditor.rules import Rule, find_rule, read_source
from portals.auditor.values import Line, Saying, addresses_in, fields_of, say_fields
from portals.page import Page
from portals.refusals import Explained, explain_result
from rpc.contracts import Contract, Record
from rpc.requests import CallRefused
from rpc.values import FieldInfo

_LEFT_OUT = (
    "tender",
    "agreement",
    "currency",
)  # ids that every event of a story has; amounts say their currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One call: its name, its rule where this release has the text that is deployed, and what was handed over."""

    contract: str
    method: str
    rule: Rule | None
    is_of_other_text: bool
    given: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event: which, and its values."""

    contract: str
    name: str
    values: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One transaction. `refusal` says why where it had no effect."""

    proven: Proven
    who: Person
    roles: tuple[str, ...]
    acts: tuple[Act, ...]
    happenings: tuple[Happening, ...]
    refusal: Explained | None

    @property
    def id(self) -> str:
        """The transaction's id."""
        return self.proven.id.hex()


class _Reading:
    """Contracts as deployed, and whom values name; read before anything is said."""

    def __init__(self, contracts: Mapping[str, Contract]) -> None:
        self._contracts = contracts

    def call(self, call: Call) -> tuple[Contract, tuple[FieldInfo, ...], Record] | None:
        """A call's arguments by name; None where they cannot be read."""
        contract = self._contracts.get(call.contract)
        if contract is None or not contract.has_method(call.method):
            return None
        try:
            record = contract.decode_arguments(call.method, call.arguments)
        except Malformed:
            return None
        return contract, contract.method(call.method).parameters, record

    def is_of_other_text(self, contract: str) -> bool:
        """Whether what is deployed under this name was compiled from another text than this release has."""
        found, source = self._contracts.get(contract), read_source(contract)
        return found is not None and source is not None and source.hash != found.description.source_hash

    def event(self, event: Event) -> tuple[Contract, tuple[FieldInfo, ...], Record] | None:
        """An event's fields; None where they cannot be read."""
        contract = self._contracts.get(event.contract)
        if contract is None:
            return None
        try:
            record = contract.decode_event(event)
        except Malformed:
            return None
        return contract, fields_of(contract, record), record


async def read_entries(
    page: Page, proven: Sequence[Proven], *, currency: str = "IDR", zone: int
) -> list[Entry]:
    """Entries of transactions, in their order."""
    transactions = [_decode(one) for one in proven]
    reading = _Reading(await _read_contracts(page, transactions, proven))
    addresses = [transaction.sender_address for transaction in transactions if transaction is not None]
    named = [address for one in _readable(reading, transactions, proven) for address in addresses_in(*one)]
    people = await find_people(page, [*addresses, *named])
    saying = Saying(language=page.language, currency=currency, zone=zone, people=people)
    return [
        _entry(page, one, transaction, reading, saying)
        for one, transaction in zip(proven, transactions, strict=True)
    ]


def _decode(proven: Proven) -> Transaction | None:
    try:
        return decode_transaction(proven.raw)
    except Malformed:
        return None


async def _read_contracts(
    page: Page, transactions: Sequence[Transaction | None], proven: Sequence[Proven]
) -> dict[str, Contract]:
    wanted = {call.contract for one in transactions if one is not None for call in one.calls}
    wanted |= {event.contract for one in proven for event in one.result.events}
    found: dict[str, Contract] = {}
    for name in sorted(wanted):
        try:
            found[name] = await page.ledger.contract(name)
        except CallRefused:
            continue  # somebody called what is not deployed
    return found


def _readable(
    reading: _Reading, transactions: Sequence[Transaction | None], proven: Sequence[Proven]
) -> Iterator[tuple[Sequence[FieldInfo], Record, Contract]]:
    calls = [reading.call(call) for one in transactions if one is not None for call in one.calls]
    events = [reading.event(event) for one in proven for event in one.result.events]
    for read in (*calls, *events):
        if read is not None:
            contract, fields, record = read
            yield fields, record, contract


def _entry(
    page: Page, proven: Proven, transaction: Transaction | None, reading: _Reading, saying: Saying
) -> Entry:
    """What is no transaction at all is an entry without an act, whose first step has failed."""
    who = NOBODY if transaction is None else saying.people[transaction.sender_address]
    calls = () if transaction is None else transaction.calls
    result = proven.result
    return Entry(
        proven=proven,
        who=who,
        roles=who.roles_at(proven.height, proven.time_ms),
        acts=tuple(_act(call, reading, saying) for call in calls),
        happenings=tuple(_happening(event, who, reading, saying) for event in result.events),
        refusal=None if result.is_ok else explain_result(result, page.language),
    )


def _act(call: Call, reading: _Reading, saying: Saying) -> Act:
    read = reading.call(call)
    if read is None:
        given = tuple(_bare(str(number), value) for number, value in enumerate(call.arguments, start=1))
    else:
        contract, fields, record = read
        given = tuple(say_fields(fields, record, contract, saying))
    is_other = reading.is_of_other_text(call.contract)
    return Act(
        contract=call.contract,
        method=call.method,
        rule=None if is_other else find_rule(call.contract, call.method),
        is_of_other_text=is_other,
        given=given,
    )


def _happening(event: Event, who: Person, reading: _Reading, saying: Saying) -> Happening:
    """What the entry says already, its sender above all, is left out."""
    read = reading.event(event)
    if read is None:
        values = tuple(_bare(name, value) for name, value in event.fields)
    else:
        contract, fields, record = read
        shown = [
            field
            for field in fields
            if field.name not in _LEFT_OUT and (field.type != "addr" or record[field.name] != who.address)
        ]
        values = tuple(say_fields(shown, record, contract, saying))
    return Happening(contract=event.contract, name=event.name, values=values)


def _bare(label: str, value: Value) -> Line:
    return Line(label=label, text=render_value(value), kind="code")
