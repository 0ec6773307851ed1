"""What a demonstration leaves to do for whoever goes on in a browser: a tender that takes bids, and a plan that waits for its
approval.
"""

import time
from dataclasses import dataclass

from chain.hashing import sha256
from chain.transaction import Call
from cli.calls import send_and_wait, sign_call
from cli.errors import NotDone
from pilot import calls, gas
from pilot.acts import refusal
from pilot.keyring import (
    Keyring,
    Person,
    budget_authority_of,
    commitment_officer_of,
    selection_group_of,
)
from pilot.plan import TenderPlan
from rpc.client import SyncClient

OPEN_MS = 15 * 60_000
"""So long the tender takes bids: enough to find one's way to it, and not to wait for long until it closes."""
_VALID_S = 60
_ESTIMATE = 250_000_000
_OPEN = ("undangan-1", "Pengadaan Kursi Tunggu Puskesmas")
_PLANNED = ("undangan-2", "Pemeliharaan Taman Kota")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """The two tenders."""

    open_tender: bytes
    planned_tender: bytes


def make_invitation(address: str, keyring: Keyring, agency: str, currency: str) -> Invitation:
    """Begins both, by the officers of an agency.

    Raises:
        NotDone: the ledger refuses an act.
        Unreachable: the node at the address does not answer.
    """
    opened, planned = (_plan(agency, currency, *named) for named in (_OPEN, _PLANNED))
    tender = calls.tender_id(agency, opened.reference)
    officer, authority = commitment_officer_of(agency), budget_authority_of(agency)
    with SyncClient([address]) as client:

        def act(person: Person, call: Call, gas_limit: int) -> None:
            raw = sign_call(client, keyring.key_of(person), call, gas_limit, _VALID_S)
            result = send_and_wait(client, raw, _VALID_S).result
            assert result is not None, "a block has it"
            if not result.is_ok:
                raise NotDone(f"{call.contract}.{call.method}: {refusal(result)}")

        for plan in (opened, planned):
            act(officer, calls.plan_tender(plan.reference, plan, _now_ms()), gas.PLAN)
        act(authority, calls.approve_plan(tender), gas.APPROVE_PLAN)
        act(officer, calls.set_estimate(opened.reference, _ESTIMATE, currency), gas.SET_ESTIMATE)
        publishing = calls.publish(opened.reference, opened, _now_ms() + OPEN_MS)
        act(selection_group_of(agency), publishing, gas.group_act(0))
    return Invitation(open_tender=tender, planned_tender=calls.tender_id(agency, planned.reference))


def _plan(agency: str, currency: str, reference: str, title: str) -> TenderPlan:
    """A small tender of one envelope, without any bid yet."""
    return TenderPlan(
        reference=reference,
        title=title,
        agency=agency,
        currency=currency,
        estimate=_ESTIMATE,
        envelopes=1,
        winners=1,
        criteria="priceOnly",
        documents=sha256(title.encode()),
        bids=(),
        set_aside=(),
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
