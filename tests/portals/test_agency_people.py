"""The operators' and registry officers' pages on real contracts: roles, keys, suppliers, and what members vote on."""

import re
from html import unescape

import pytest

from chain.keys import SigningKey
from portals.agency.portal import AGENCY, VIEWS
from tests.contracts.agreeing import TREASURY
from tests.contracts.ledger import KEY_REPLACEMENT_MS, address, key, operator
from tests.contracts.tendering import AUTHORITY, GROUP, SECOND_MEMBER, Tendering
from tests.portals.making import Site, open_site
from tests.portals.posting import DONE, HOUR, act, later, offered, work_of

pytestmark = pytest.mark.trio
OPERATOR = operator("barat")


async def test_roles_are_granted_delegated_and_taken_back() -> None:
    ledger = Tendering()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        new, deputy = address("baru"), address("wakil")
        granting = {"officer": new.hex().upper(), "role": "SELECTION_GROUP"}
        assert await offered(site, GROUP, "/en/people/do/grant") == []
        assert DONE in await act(site, OPERATOR, "/en/people/do/grant", "registry.grant", **granting)
        delegating = {"deputy": deputy.hex(), "role": "SELECTION_GROUP", "until_ms": later(ledger, HOUR)}
        assert DONE in await act(site, GROUP, "/en/people/do/delegate", "registry.delegate", **delegating)
        people = (await site.get("/en/people")).text
        assert new.hex().upper() in people and "delegated until" in people
        assert "PT alfa" not in people and address("timur").hex().upper() not in people
        assert "selection group" in await work_of(site, key("wakil"))
        ending = f"/en/people/{deputy.hex()}/SELECTION_GROUP/end-delegation"
        assert f"/en/people/{deputy.hex()}" in people and ending in (await _page(site, GROUP, deputy))
        assert DONE in await act(site, GROUP, ending, "registry.end_delegation")
        revoking = f"/en/people/{new.hex()}/SELECTION_GROUP/revoke"
        assert revoking in await _page(site, OPERATOR, new)
        assert DONE in await act(site, OPERATOR, revoking, "registry.revoke")
        assert new.hex().upper() not in (await site.get("/en/people")).text
        assert "2. A role" in await work_of(site, key("baru"))


async def _page(site: Site, who: SigningKey, officer: bytes) -> str:
    site.act_as(who)
    return (await site.get(f"/en/people/{officer.hex()}")).text


async def test_what_an_agency_states_is_shown() -> None:
    ledger = Tendering()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        for path, call, fields in (
            ("appoint-treasury", "registry.appoint_treasury", {"treasury": TREASURY.address.hex()}),
            ("set-document-key", "registry.set_document_key", {"public": "cd" * 32}),
            ("set-time-zone", "governance.set_time_zone", {"minutes": "540"}),
        ):
            assert DONE in await act(site, OPERATOR, f"/en/people/do/{path}", call, **fields)
        page = (await site.get("/en/people")).text
        assert TREASURY.address.hex().upper() in page and "cd" * 32 in page and "WIT, UTC+9" in page


async def test_a_lost_key_is_replaced_after_the_wait_or_kept_by_who_has_it() -> None:
    ledger = Tendering()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        for number, (old, new) in enumerate(((GROUP, "satu"), (SECOND_MEMBER, "dua")), 1):
            path = f"/en/people/keys/{old.address.hex()}/replace"
            asking = {"new": address(new).hex(), "reason": "Laptop hilang"}
            assert DONE in await act(site, OPERATOR, path, "registry.request_replacement", **asking)
            assert f"/en/people/replacements/{number}" in await work_of(site, old)
        assert await offered(site, OPERATOR, "/en/people/replacements/1") == [], "it waits"
        assert DONE in await act(site, GROUP, "/en/people/replacements/1", "registry.object_replacement")
        ledger.wait(KEY_REPLACEMENT_MS)
        completing = "registry.complete_replacement"
        assert DONE in await act(site, OPERATOR, "/en/people/replacements/2", completing)
        assert "selection group" in await work_of(site, key("dua"))
        assert "2. A role" in await work_of(site, SECOND_MEMBER)


async def test_a_supplier_is_found_barred_and_let_in_again() -> None:
    ledger = Tendering()
    path = f"/en/suppliers/{address('beta').hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        found = (await site.get("/en/suppliers?q=pt+BETA")).text
        assert path in found and "PT alfa" not in found
        barring = {"until_ms": later(ledger, HOUR), "reason": "Dokumen palsu"}
        assert await offered(site, GROUP, f"{path}/bar") == []
        assert DONE in await act(site, AUTHORITY, f"{path}/bar", "registry.bar", **barring)
        assert "Dokumen palsu" in (await site.get(path)).text
        assert "blacklisted until" in (await site.get("/en/suppliers")).text
        assert DONE in await act(
            site, AUTHORITY, f"{path}/end-barring", "registry.end_barring", reason="Keliru"
        )
        assert "It was in the blacklist" in (await site.get(path)).text


async def test_a_suppliers_lost_key_is_replaced_by_the_registry_officer() -> None:
    ledger = Tendering()
    ledger.do(OPERATOR, "registry", "grant", address("registrar"), 9)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        path = f"/en/people/keys/{address('beta').hex()}/replace"
        site.act_as(key("registrar"))
        assert path in (await site.get(f"/en/suppliers/{address('beta').hex()}")).text
        asking = {"new": address("beta baru").hex(), "reason": "Ponsel rusak"}
        assert DONE in await act(site, key("registrar"), path, "registry.request_replacement", **asking)
        ledger.wait(KEY_REPLACEMENT_MS)
        replacement = "/en/people/replacements/1"
        assert replacement in await work_of(site, key("registrar"))
        assert DONE in await act(site, key("registrar"), replacement, "registry.complete_replacement")
        assert ledger.view("registry", "supplier_of", address("beta baru")) == address("beta")


CHANGES: tuple[tuple[str, str, dict[str, str], str], ...] = (
    ("rule/standstill_days", "propose_rule", {"value": "5"}, "working days"),
    ("rule/opening_ms", "propose_rule", {"value": "3", "value__unit": "days"}, "3 days"),
    ("rule/penalty_bps", "propose_rule", {"value": "0,20"}, "0.2%"),
    ("parameter/heartbeat_ms", "propose_parameter", {"value": "90", "value__unit": "seconds"}, "90 seconds"),
    ("parameter/block_transactions_max", "propose_parameter", {"value": "2.000"}, "2,000"),
    ("holiday", "propose_holiday", {"day": "2027-03-09", "name": "Nyepi"}, "9 March 2027"),
    ("power/timur", "propose_power", {"power": "12"}, "voting power 12"),
    ("removal/timur", "propose_removal", {}, "timur"),
    ("node", "propose_node", {"name": "pengawas", "node_key": "ab" * 32}, "pengawas"),
    ("node-removal/auditor", "propose_node_removal", {}, "auditor"),
    (
        "member",
        "propose_member",
        {
            "name": "tengah / baru",
            "operator": "12" * 20,
            "consensus_key": "cd" * 32,
            "node_key": "ef" * 32,
            "power": "10",
        },
        "tengah / baru, voting power 10",
    ),
)


@pytest.mark.parametrize(("path", "method", "fields", "told"), CHANGES)
async def test_each_change_is_proposed_voted_on_and_told(
    path: str, method: str, fields: dict[str, str], told: str
) -> None:
    ledger = Tendering()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        page = f"/en/governance/propose/{path}"
        assert await offered(site, GROUP, page) == []
        assert DONE in await act(site, OPERATOR, page, f"governance.{method}", **fields)
        proposal = "/en/governance/proposals/1"
        assert await offered(site, OPERATOR, proposal) == [], "who proposes has voted"
        assert told in (await site.get("/en/governance")).text
        for voter in ("selatan", "timur"):
            assert proposal in await work_of(site, operator(voter))
            assert DONE in await act(site, operator(voter), proposal, "governance.vote", approve="yes")
        carried = (await site.get(proposal)).text
        assert "carried" in carried and "barat, selatan, timur" in carried and told in carried
        assert (await site.get("/en/governance/proposals")).text.count(told) == 1


async def test_a_member_of_any_name_is_reached_by_the_links_of_the_page() -> None:
    ledger, name = Tendering(), 'Dinas "PUPR" / 100 % & <utama>?'
    number = ledger.do(OPERATOR, "governance", "propose_member", name, address("x"), b"c" * 32, b"n" * 32, 1)
    for voter in ("selatan", "timur"):
        ledger.do(operator(voter), "governance", "vote", number, True)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(OPERATOR)
        page = (await site.get("/en/governance")).text
        links = [
            unescape(link) for link in re.findall(r'href="(/en/governance/propose/[^"]*PUPR[^"]*)"', page)
        ]
        assert len(links) == 2
        power, removal = links
        assert "<utama>" not in (await site.get(power)).text
        assert DONE in await act(site, OPERATOR, removal, "governance.propose_removal")
        rows = ledger.view("governance", "proposal_list", 2, 1)
        assert isinstance(rows, tuple) and isinstance(rows[0], tuple) and rows[0][2] == name


async def test_a_holiday_becomes_a_working_day_again() -> None:
    ledger = Tendering()
    day = ledger.now_ms // 86_400_000 + 30
    number = ledger.do(OPERATOR, "governance", "propose_holiday", day, "Cuti bersama")
    for voter in ("selatan", "timur"):
        ledger.do(operator(voter), "governance", "vote", number, True)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(OPERATOR)
        path = f"/en/governance/propose/workday/{day}"
        page = (await site.get("/en/governance")).text
        assert "Cuti bersama" in page and path in page
        assert DONE in await act(site, OPERATOR, path, "governance.propose_workday")
