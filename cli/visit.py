"""What a person is told who goes on in a browser after a demonstration: where everything is, which keys there are, and what
is worth a look first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.invitation import OPEN_MS, Invitation
from cli.portal import PortalName
from cli.scene import Scene
from cli.testnet import Testnet
from machine.browserkey import write_browser_key
from pilot.ending import Ending
from pilot.keyring import (
    CLOSED_ENDING,
    Keyring,
    Person,
    budget_authority_of,
    commitment_officer_of,
    operator_of,
    payment_officer_of,
    selection_group_of,
    supplier_named,
)
from pilot.orders import Order
from pilot.report import PilotReport

PASSPHRASE = "terang benderang"
"""Of all key files of a demonstration; it is told to everybody, so it protects nothing."""
_ROUNDS = 1_000
_PURPOSES = {
    PortalName.SUPPLIER: "find tenders, bid, open, object, sign, deliver, follow the money",
    PortalName.AGENCY: "plan, publish, open, evaluate, award, contract, accept, pay",
    PortalName.AUDITOR: "the whole story of a tender, with proofs; the network",
}
_OFFICERS = {
    "commitment officer (PPK)": commitment_officer_of,
    "selection group (Pokja)": selection_group_of,
    "budget authority (KPA)": budget_authority_of,
    "payment officer (PPSPM)": payment_officer_of,
    "operator": operator_of,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whose keys are given out, those of officers of one agency and of one supplier, and the tender that they had to do with.
    `order` is one of its payments, that came back at first if one did.
    """

    tender: bytes
    agency: str
    supplier: str
    order: Order


def pick_visitor(report: PilotReport, keyring: Keyring) -> Visitor | None:
    """By a tender whose payment came back first, or else by one that was simply paid; None where there is none."""
    paid = [found.outcome for found in report.comparisons if found.outcome and found.ending is Ending.PAID]
    tenders = [(order, outcome) for outcome in paid for order in outcome.orders]
    if not tenders:
        return None
    order, outcome = max(tenders, key=lambda found: (found[0].attempt, -found[0].number))
    names = {keyring.address_of(supplier_named(one.bidder)): one.bidder for one in outcome.winners}
    return Visitor(tender=outcome.tender, agency=outcome.agency, supplier=names[order.supplier], order=order)


def write_keys(directory: Path, keyring: Keyring, visitor: Visitor) -> dict[str, Path]:
    """A key file for browsers for each officer of the agency and for the supplier, by whose it is.

    Raises:
        DiskFault: a file cannot be written, or this machine has no AES.
    """
    people: dict[str, Person] = {part: person(visitor.agency) for part, person in _OFFICERS.items()}
    people["supplier"] = supplier_named(visitor.supplier)
    files: dict[str, Path] = {}
    for whose, person in people.items():
        owner = "" if whose == "supplier" else f"{visitor.agency}-"
        files[whose] = directory / f"{owner}{whose.partition(' (')[0].replace(' ', '-')}.json"
        write_browser_key(files[whose], keyring.key_of(person), PASSPHRASE, rounds=_ROUNDS)
    return files


def list_places(network: Testnet, scene: Scene) -> Iterator[tuple[str, str, str]]:
    """Everything that can be opened: its name, its address and what for."""
    for name, portal in scene.portals.items():
        yield f"{name} portal", f"{portal.address}/", _PURPOSES[name]
    yield "bank", f"{scene.bank.address}/", "accounts, payments and movements; make it misbehave"
    yield "gateway", f"{scene.gateway.address}/orders", "how each order went to the bank; /health, /metrics"
    for node in network.nodes:
        kind = "validator" if node.is_validator else "full node"
        yield node.name, node.rpc_address, f"{kind}: JSON-RPC, /openrpc.json, /metrics"


def list_suggestions(
    scene: Scene, visitor: Visitor, keys: Mapping[str, Path], invitation: Invitation
) -> Iterator[str]:
    """What to do first, in this order."""
    supplier, agency, auditor = (
        f"{scene.portals[name].address}/en"
        for name in (PortalName.SUPPLIER, PortalName.AGENCY, PortalName.AUDITOR)
    )
    order = visitor.order
    yield f"Read the whole story of a tender, with proofs: {auditor}/tenders/{visitor.tender.hex()}"
    back = (
        "came back from a closed account, and was released again" if order.attempt > 1 else "went to the bank"
    )
    yield (
        f"See how its payment {back}: {scene.gateway.address}/orders?order={order.number}, and at the bank: "
        f"{scene.bank.address}/"
    )
    yield (
        f"Be its supplier: load {keys['supplier'].name} at {supplier}/key, and bid within {OPEN_MS // 60_000} minutes at "
        f"{supplier}/tenders/{invitation.open_tender.hex()}"
    )
    yield (
        f"Be officers of {visitor.agency}: load one file after the other at {agency}/key. The budget authority has a plan "
        f"to approve at {agency}/tenders/{invitation.planned_tender.hex()}, which the selection group then publishes."
    )
    yield (
        f"State a bank account whose number ends with {CLOSED_ENDING}, or let the bank misbehave, and see what becomes of the "
        "next payment."
    )
