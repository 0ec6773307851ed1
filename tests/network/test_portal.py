"""A portal as its own process on a real network: a person registers in a real browser, also when a node is gone."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.network.running import running_network, running_portal, wait_until
from tests.portals.browser import PHONE, open_page
from tests.portals.walking import fill_registration, make_a_key, sign


def read_footer(page: Page, address: str) -> str:
    """What a page says of the node it was read from."""
    page.goto(f"{address}/en/network")
    return page.inner_text("footer")


def test_a_supplier_registers_on_a_network_of_which_a_node_is_gone(browser: Browser, tmp_path: Path) -> None:
    with (
        running_network(tmp_path, full_nodes=0) as network,
        running_portal(network.testnet.rpc_addresses) as address,
        open_page(browser, PHONE) as page,
    ):
        home = f"{address}/id"
        make_a_key(page, home, tmp_path)
        fill_registration(page, home, "CV Mitra Lestari")
        sign(page)
        assert "2 simpul" in page.inner_text("main")
        page.goto(f"{home}/")
        assert page.inner_text("h1") == "CV Mitra Lestari"
        height = network.assert_agreed()
        assert height >= 1 and "agency-1" in read_footer(page, address)

        network.processes[0].kill()
        wait_until(lambda: "agency-1" not in read_footer(page, address), "another node is read")
        fill_registration(page, home, "CV Mitra Lestari")
        page.click("#sign")
        page.wait_for_selector(".notice.bad")
        assert "sudah terdaftar" in page.inner_text("main"), "committed by the three others, and refused"
