"""Who acted: a supplier by its name, an officer by agency and by the roles that its key held then, an operator, a treasury.

Roles are read from the record of their being given and taken, so that what somebody did years ago shows the role of then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chain.keys import Address, format_address
from portals.auditor.search import find_events
from portals.ledger import ask_each
from portals.page import Page
from portals.reading.people import names_of
from portals.reading.views import find_view
from rpc.contracts import Named

_GIVEN = ("RoleGranted", "RoleDelegated")
_TAKEN = "RoleRevoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAct:
    """A role that was given or taken: by whom, in which block, until when where it was delegated (0: for good)."""

    height: int
    time_ms: int
    id: bytes
    event: str
    role: str
    agency: str
    by: bytes
    until_ms: int

    @property
    def is_given(self) -> bool:
        """Whether the role is held from then on."""
        return self.event in _GIVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose key this is. `kind`: supplier, officer, operator (of an agency's node), treasury, or unknown. `acts` is
    everything that happened to an officer's roles, the oldest first.
    """

    address: bytes
    kind: str
    name: str
    agency: str
    roles_now: tuple[str, ...]
    acts: tuple[RoleAct, ...]

    def roles_at(self, height: int, time_ms: int) -> tuple[str, ...]:
        """The roles that this key held in a block."""
        return compute_roles(self.acts, height, time_ms) or (() if self.acts else self.roles_now)


NOBODY = Person(address=b"", kind="unknown", name="", agency="", roles_now=(), acts=())


def compute_roles(acts: Sequence[RoleAct], height: int, time_ms: int) -> tuple[str, ...]:
    """The roles that are held in a block after these acts: given, not taken since, and not past their term."""
    held: dict[str, int] = {}
    for act in acts:
        if act.height > height:
            break
        if act.is_given:
            held[act.role] = act.until_ms
        else:
            held.pop(act.role, None)
    return tuple(role for role, until_ms in held.items() if not until_ms or time_ms < until_ms)


async def find_people(page: Page, addresses: Iterable[bytes]) -> dict[bytes, Person]:
    """Each of them by its address."""

    async def find(address: bytes) -> Person:
        return await find_person(page, address)

    return await ask_each(addresses, find)


async def find_person(page: Page, address: bytes) -> Person:
    """Whose key an address is, or which supplier's id."""
    supplier = await _find_supplier(page, address)
    if supplier is not None:
        name = (await names_of(page, [supplier]))[supplier]
        return _person(address, "supplier", name)
    agency = await page.ledger.view("governance", "agency_of_operator", who=address)
    if agency:
        return _person(address, "operator", str(agency), agency=str(agency))
    acts = await read_role_acts(page, address)
    roles = await page.ledger.view("registry", "roles_of", who=address)
    agency = await page.ledger.view("registry", "agency_of", who=address)
    if acts or roles:
        shown = str(agency) or acts[-1].agency
        return _person(address, "officer", shown, agency=shown, roles=_texts(roles), acts=acts)
    appointed = await find_events(page, "registry", "TreasuryAppointed", "treasury", address)
    if appointed:
        return _person(address, "treasury", appointed[-1].record.text("agency"))
    return _person(address, "unknown", "")


async def _find_supplier(page: Page, address: bytes) -> bytes | None:
    """The supplier that a key acts for, or that has this id."""
    found = await find_view(page, "registry", "supplier_of", who=address)
    if found is None and await find_view(page, "registry", "supplier_record", supplier=address) is not None:
        return address
    assert found is None or isinstance(found, bytes), found
    return found


async def read_role_acts(page: Page, officer: bytes) -> tuple[RoleAct, ...]:
    """What happened to an officer's roles, the oldest first."""
    acts: list[RoleAct] = []
    for event in (*_GIVEN, _TAKEN):
        for one in await find_events(page, "registry", event, "officer", officer):
            by = next(name for name in ("granted_by", "delegated_by", "revoked_by") if name in one.record)
            acts.append(
                RoleAct(
                    height=one.height,
                    time_ms=one.time_ms,
                    id=one.id,
                    event=event,
                    role=one.record.text("role"),
                    agency=one.record.text("agency"),
                    by=one.record.data(by),
                    until_ms=one.record.number("until_ms") if "until_ms" in one.record else 0,
                )
            )
    return tuple(sorted(acts, key=lambda act: (act.height, act.event == _TAKEN)))


def _person(
    address: bytes,
    kind: str,
    name: str,
    *,
    agency: str = "",
    roles: tuple[str, ...] = (),
    acts: tuple[RoleAct, ...] = (),
) -> Person:
    shown = name or format_address(Address(address))
    return Person(address=address, kind=kind, name=shown, agency=agency, roles_now=roles, acts=acts)


def _texts(value: Named) -> tuple[str, ...]:
    assert isinstance(value, tuple), value
    return tuple(str(one) for one in value)
