"""Cases of the agency's portal."""

from playwright.sync_api import Page

from tests.contracts.agreeing import PAYMENT_OFFICER
from tests.contracts.ledger import address, operator
from tests.contracts.tendering import AUTHORITY, GROUP, OFFICER, SECOND_MEMBER
from tests.portals.cases import DATA, Case
from tests.portals.pages_supplier import send, unfold
from tests.portals.showing import BARRED, DEPUTY, NEWCOMER, REGISTRAR

OPERATOR, OTHER_OPERATOR = operator("barat"), operator("utara")
ALFA_ID, BARRED_ID = address("alfa").hex(), BARRED.address.hex()


def add_milestones(page: Page) -> None:
    """Two rows more, one taken out again."""
    for _ in range(2):
        page.click("[data-add]")
    page.fill("[name='wanted.2.title']", "Dinding penahan tanah")
    page.locator("[data-remove]").last.click()


def write_amounts(page: Page) -> None:
    """Deductions and tax, which the page takes off."""
    page.fill("[name=deductions]", "2.500.000")
    page.fill("[name=tax]", "6.600.000")


def approve(page: Page) -> None:
    """The signing page of a payment order."""
    write_amounts(page)
    send("payment.approve")(page)
    page.wait_for_selector("#sign:not([disabled])")


def _tender(stage: str, who: str = "GROUP") -> Case:
    key = {"GROUP": GROUP, "OFFICER": OFFICER, "AUTHORITY": AUTHORITY}[who]
    return Case(name=f"tender-{stage}-{who.lower()}", path=f"/tenders/{{{stage}}}", act=unfold, who=key)


def _act(path: str, who: str = "GROUP") -> Case:
    key = {"GROUP": GROUP, "OFFICER": OFFICER, "AUTHORITY": AUTHORITY}[who]
    return Case(name=f"act-{path.split('/')[2]}", path=f"/tenders/{path}", who=key)


CASES: dict[str, tuple[Case, ...]] = {
    "POST /documents/{hash}": DATA,
    "GET /": (
        Case(name="front-stranger", path="/", who=None),
        Case(name="front-newcomer", path="/", who=NEWCOMER),
        Case(name="front-group", path="/", who=GROUP),
        Case(name="front-officer", path="/", who=OFFICER),
        Case(name="front-authority", path="/", who=AUTHORITY),
        Case(name="front-payments", path="/", who=PAYMENT_OFFICER),
        Case(name="front-operator", path="/", who=OTHER_OPERATOR),
        Case(name="front-idle", path="/", who=REGISTRAR),
    ),
    "GET /tenders": (
        Case(name="tenders", path="/tenders", who=OFFICER),
        Case(name="tenders-all", path="/tenders?of=all&stage=final", who=GROUP),
        Case(name="tenders-none", path="/tenders?q=kapal+selam", who=GROUP),
    ),
    "GET /tenders/plan": (
        Case(name="plan", path="/tenders/plan", who=OFFICER),
        Case(name="plan-not", path="/tenders/plan", who=GROUP),
    ),
    "GET /tenders/{tender}": (
        *(
            _tender(stage)
            for stage in (
                "planned",
                "bidden",
                "opening",
                "prices",
                "evaluation",
                "standstill",
                "failed",
                "resubmission",
                "cancelled",
            )
        ),
        _tender("draft", "AUTHORITY"),
        _tender("planned", "OFFICER"),
        _tender("won-1", "OFFICER"),
        _tender("awarded", "OFFICER"),
        Case(name="tender-missing", path="/tenders/" + "0" * 64, code=404),
    ),
    "GET /tenders/{tender}/do/{act}": (
        _act("{draft}/do/approve-plan", "AUTHORITY"),
        _act("{planned}/do/estimate", "OFFICER"),
        _act("{planned}/do/plan", "OFFICER"),
        _act("{planned}/do/publish"),
        _act("{bidden}/do/addendum"),
        _act("{opening}/do/open-prices"),
        _act("{evaluation}/do/award"),
        _act("{resubmission}/do/reopen"),
        _act("{awarded}/do/finalise"),
        _act("{bidden}/do/cancel"),
        _act("{bidden}/do/link-round"),
        Case(name="act-not-now", path="/tenders/{cancelled}/do/cancel", who=GROUP),
        Case(name="act-stranger", path="/tenders/{bidden}/do/cancel", who=None),
        Case(name="act-none", path="/tenders/{bidden}/do/win", who=GROUP, code=400),
    ),
    "GET /tenders/{tender}/do/{act}/{subject}": (
        _act("{bidden}/do/answer/2"),
        _act(f"{{prices}}/do/disqualify/{ALFA_ID}"),
        _act("{standstill}/do/answer-objection/1"),
    ),
    "GET /tenders/{tender}/draft/{supplier}": (
        Case(
            name="draft",
            path=f"/tenders/{{won-5}}/draft/{ALFA_ID}",
            who=OFFICER,
            act=add_milestones,
        ),
        Case(name="draft-not", path=f"/tenders/{{won-1}}/draft/{ALFA_ID}", who=OFFICER),
    ),
    "GET /contracts": (
        Case(name="contracts", path="/contracts", who=OFFICER),
        Case(name="contracts-none", path="/contracts", who=OTHER_OPERATOR),
    ),
    "GET /contracts/{agreement}": tuple(
        Case(name=f"contract-{what}", path=f"/contracts/{{{what}}}", act=unfold, who=OFFICER)
        for what in ("drafted", "delivering", "closed", "terminated")
    ),
    "GET /contracts/{agreement}/do/{act}": tuple(
        Case(name=f"contract-{act}", path=f"/contracts/{path}/do/{act}", who=OFFICER)
        for act, path in (("sign", "{drafted}"), ("amend", "{delivering}"), ("terminate", "{drafted}"))
    ),
    "GET /contracts/{agreement}/do/{act}/{subject}": (
        Case(name="delivery", path="/contracts/{delivering}/do/decide-delivery/8", who=OFFICER),
        Case(name="delivery-decided", path="/contracts/{delivering}/do/decide-delivery/7", who=OFFICER),
    ),
    "GET /payments": (
        Case(name="payments", path="/payments", who=PAYMENT_OFFICER),
        Case(name="payments-returned", path="/payments?state=RETURNED", who=PAYMENT_OFFICER),
        Case(name="payments-none", path="/payments?of=all&state=NONE", who=PAYMENT_OFFICER),
    ),
    "GET /payments/{order}": (
        Case(name="payment-returned", path="/payments/{order}", who=PAYMENT_OFFICER, act=write_amounts),
        Case(name="payment-settled", path="/payments/1", who=PAYMENT_OFFICER),
        Case(name="payment-declined", path="/payments/5", who=OFFICER),
        Case(name="payment-missing", path="/payments/99", who=OFFICER, code=404),
    ),
    "GET /people": (
        Case(name="people", path="/people", who=OPERATOR),
        Case(name="people-officer", path="/people?of=all", who=GROUP),
        Case(name="people-none", path="/people", who=OTHER_OPERATOR),
    ),
    "GET /people/{officer}": (
        Case(name="officer", path=f"/people/{GROUP.address.hex()}", who=OPERATOR),
        Case(name="deputy", path=f"/people/{DEPUTY.address.hex()}", who=GROUP),
    ),
    "GET /people/{officer}/{role}/{act}": (
        Case(name="revoke", path=f"/people/{GROUP.address.hex()}/SELECTION_GROUP/revoke", who=OPERATOR),
    ),
    "GET /people/do/{act}": tuple(
        Case(name=f"people-{act}", path=f"/people/do/{act}", who=OPERATOR)
        for act in ("grant", "appoint-treasury", "set-document-key", "set-time-zone")
    ),
    "GET /people/keys/{key}/replace": (
        Case(name="key-replace", path=f"/people/keys/{OFFICER.address.hex()}/replace", who=OPERATOR),
    ),
    "GET /people/replacements/{number}": (
        Case(name="replacement", path="/people/replacements/1", who=REGISTRAR),
        Case(name="replacement-mine", path="/people/replacements/2", who=SECOND_MEMBER),
    ),
    "GET /suppliers": (
        Case(name="suppliers", path="/suppliers", who=AUTHORITY),
        Case(name="suppliers-none", path="/suppliers?q=tidak+ada", who=AUTHORITY),
    ),
    "GET /suppliers/{supplier}": (
        Case(name="supplier", path=f"/suppliers/{ALFA_ID}", who=AUTHORITY),
        Case(name="supplier-barred", path=f"/suppliers/{BARRED_ID}", who=REGISTRAR),
    ),
    "GET /suppliers/{supplier}/{act}": (
        Case(name="bar", path=f"/suppliers/{ALFA_ID}/bar", who=AUTHORITY),
        Case(name="end-barring", path=f"/suppliers/{BARRED_ID}/end-barring", who=AUTHORITY),
    ),
    "GET /governance": (
        Case(name="governance", path="/governance", who=OPERATOR),
        Case(name="governance-stranger", path="/governance", who=None),
    ),
    "GET /governance/proposals": (Case(name="proposals", path="/governance/proposals", who=OPERATOR),),
    "GET /governance/proposals/{number}": (
        Case(name="proposal-open", path="/governance/proposals/4", who=OTHER_OPERATOR),
        Case(name="proposal-carried", path="/governance/proposals/1", who=OPERATOR),
    ),
    "GET /governance/propose/{act}": (
        Case(name="propose-member", path="/governance/propose/member", who=OPERATOR),
        Case(name="propose-holiday", path="/governance/propose/holiday", who=OPERATOR),
    ),
    "GET /governance/propose/{act}/{subject:path}": (
        Case(name="propose-rule", path="/governance/propose/rule/standstill_ms", who=OPERATOR),
        Case(name="propose-share", path="/governance/propose/rule/penalty_bps", who=OPERATOR),
        Case(name="propose-workday", path="/governance/propose/workday/{holiday}", who=OPERATOR),
        Case(name="propose-power", path="/governance/propose/power/timur", who=OPERATOR),
    ),
    "POST /compose/{contract}/{method}": (
        Case(name="sign", path="/payments/{order}", act=approve, who=PAYMENT_OFFICER),
        Case(
            name="form-wrong",
            path="/contracts/{delivering}/do/amend",
            act=send("agreement.propose_amendment", **{"wanted.0.amount": "banyak", "wanted.1.title": ""}),
            who=OFFICER,
            code=400,
        ),
        Case(
            name="form-undecided",
            path="/tenders/{draft}/do/approve-plan",
            act=send("tender.approve_plan"),
            who=AUTHORITY,
            code=400,
        ),
    ),
}
