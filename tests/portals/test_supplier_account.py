"""A bank account handed to treasuries through the portal: each says what became of it, and nothing of it is shown again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portals.supplier.portal import SUPPLIER, VIEWS, make_views
from portals.treasuries import Treasuries
from tests.contracts.ledger import key
from tests.contracts.tendering import Tendering
from tests.portals.browser import serving
from tests.portals.making import Site, open_site

pytestmark = pytest.mark.trio
ACCOUNT = {"holder": "PT alfa", "bank": "BRINIDJA", "number": "0012345678", "salt": "07" * 32}
NOWHERE = "http://127.0.0.1:1"


class Gateway:
    """A treasury's gateway that answers as it is told, and what it was sent."""

    def __init__(self) -> None:
        self.code = 200
        self.sent: list[object] = []

    async def take(self, request: Request) -> Response:
        """One account."""
        self.sent.append(await request.json())
        return JSONResponse({"error": "<b>told</b>"}, status_code=self.code)


@contextmanager
def running_gateway() -> Iterator[tuple[Gateway, str]]:
    """A gateway, and where it is."""
    gateway = Gateway()
    with serving(Starlette(routes=[Route("/accounts", gateway.take, methods=["POST"])])) as address:
        yield gateway, address


@asynccontextmanager
async def open_portal(*addresses: str) -> AsyncIterator[Site]:
    """A portal that knows these treasuries, and alfa in front of it."""
    ledger = Tendering()
    ledger.do(key("alfa"), "registry", "set_account", bytes(range(32)))
    async with open_site(SUPPLIER, make_views(Treasuries(addresses)), contracts=ledger) as site:
        site.act_as(key("alfa"))
        yield site


@pytest.mark.parametrize(
    ("code", "shown", "said"),
    [
        (200, 200, "It has your account"),
        (400, 400, "It does not understand this account"),
        (409, 409, "This is not the account that is on the record"),
        (413, 413, "more than an account holds"),
        (503, 503, "It does not answer now"),
        (500, 503, "It does not answer now"),
        (302, 503, "It does not answer now"),
    ],
)
async def test_what_the_treasury_says_is_told_in_words(code: int, shown: int, said: str) -> None:
    with running_gateway() as (gateway, address):
        gateway.code = code
        async with open_portal(address) as site:
            answer = await site.post("/en/account", **ACCOUNT)
        assert answer.status_code == shown and said in answer.text
        assert "told" not in answer.text and ACCOUNT["number"] not in answer.text
        assert gateway.sent == [ACCOUNT | {"supplier": key("alfa").address.hex()}]


async def test_each_treasury_is_told_for_itself_and_one_that_is_gone_takes_nothing_from_the_other() -> None:
    with running_gateway() as (gateway, address):
        async with open_portal(NOWHERE, address) as site:
            answer = await site.post("/id/account", **ACCOUNT)
        assert answer.status_code == 503 and len(gateway.sent) == 1
        assert "Rekening Anda sudah diterima" in answer.text and "Tidak menjawab saat ini" in answer.text


@pytest.mark.parametrize(
    "change", [{"salt": ""}, {"holder": "  "}, {"number": "1" * 5_000}, {"bank": ""}], ids=str
)
async def test_half_an_account_is_not_passed_on(change: dict[str, str]) -> None:
    with running_gateway() as (gateway, address):
        async with open_portal(address) as site:
            assert (await site.post("/en/account", **(ACCOUNT | change))).status_code == 400
        assert gateway.sent == []


async def test_strangers_and_portals_without_a_treasury_pass_nothing_on() -> None:
    with running_gateway() as (gateway, address):
        async with open_portal(address) as site:
            site.browser.cookies.clear()
            stranger = await site.post("/en/account", **ACCOUNT)
            assert stranger.status_code == 409 and "Register your business first" in stranger.text
            assert "Register your business first" in (await site.get("/en/account")).text
            elsewhere = {"origin": "http://elsewhere.test"}
            assert (
                await site.browser.post("/en/account", data=ACCOUNT, headers=elsewhere)
            ).status_code == 403
        assert gateway.sent == []
    async with open_site(SUPPLIER, VIEWS, contracts=Tendering()) as site:
        site.act_as(key("alfa"))
        without = await site.post("/en/account", **ACCOUNT)
        assert without.status_code == 409 and "knows no treasury" in without.text
