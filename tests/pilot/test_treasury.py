"""The pilot's side of a payment gateway: what each of its answers means for a run."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chain.keys import format_address
from chain.payment import BankAccount
from pilot.ledger import GatewayAway, ViewRefused
from pilot.treasury import MISFITS_MAX, connect_gateway
from rpc.run import RpcThread
from tests.contracts.ledger import address

TREASURY, SUPPLIER = address("treasury"), address("PT Alfa")
ACCOUNT = BankAccount(holder="PT Alfa", bank="BMRIIDJA", number="123", salt=b"s" * 32)


class Gateway:
    """One that gives the answers it is told to."""

    def __init__(self) -> None:
        self.health: object = {"status": "ok", "treasury": format_address(TREASURY)}
        self.answer: Response = JSONResponse({"commitment": "00"})
        self.taken: list[object] = []

    async def tell_health(self, _: Request) -> Response:
        """GET /health."""
        return JSONResponse(self.health)

    async def take(self, request: Request) -> Response:
        """POST /accounts."""
        self.taken.append(await request.json())
        return self.answer


@contextmanager
def serving(gateway: Gateway) -> Iterator[str]:
    """Where it is."""
    routes = [
        Route("/health", gateway.tell_health),
        Route("/accounts", gateway.take, methods=["POST"]),
    ]
    thread = RpcThread(Starlette(routes=routes), "127.0.0.1", 0)
    thread.start()
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.stop()


async def test_an_account_is_handed_over_in_whole_and_the_treasury_is_known() -> None:
    gateway = Gateway()
    with serving(gateway) as place:
        async with connect_gateway(place) as treasury:
            assert treasury.address == TREASURY
            await treasury.hand_over(SUPPLIER, ACCOUNT)
    assert gateway.taken == [
        {
            "supplier": format_address(SUPPLIER),
            "holder": "PT Alfa",
            "bank": "BMRIIDJA",
            "number": "123",
            "salt": "73" * 32,
        }
    ]


async def test_an_account_that_does_not_fit_yet_is_handed_over_again_and_one_that_never_does_is_refused() -> (
    None
):
    gateway = Gateway()
    gateway.answer = JSONResponse({"error": "state it there first"}, status_code=409)
    with serving(gateway) as place:
        async with connect_gateway(place) as treasury:
            for _ in range(MISFITS_MAX):
                with pytest.raises(GatewayAway, match="state it there first"):
                    await treasury.hand_over(SUPPLIER, ACCOUNT)
            with pytest.raises(ViewRefused, match="state it there first"):
                await treasury.hand_over(SUPPLIER, ACCOUNT)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (JSONResponse({"error": "holder: expected text"}, status_code=400), ViewRefused),
        (JSONResponse({"error": "try again"}, status_code=503), GatewayAway),
        (JSONResponse({"other": 1}, status_code=400), GatewayAway),
        (Response("nonsense", status_code=500), GatewayAway),
    ],
)
async def test_a_refusal_ends_a_tender_and_trouble_is_waited_out(
    answer: Response, error: type[Exception]
) -> None:
    gateway = Gateway()
    gateway.answer = answer
    with serving(gateway) as place:
        async with connect_gateway(place) as treasury:
            with pytest.raises(error):
                await treasury.hand_over(SUPPLIER, ACCOUNT)


@pytest.mark.parametrize("health", [{}, [], {"treasury": 7}, {"treasury": "no address"}])
async def test_what_is_no_gateway_is_said(health: object) -> None:
    gateway = Gateway()
    gateway.health = health
    with serving(gateway) as place, pytest.raises(GatewayAway, match="expected a payment gateway's"):
        async with connect_gateway(place):
            pass


async def test_a_gateway_that_is_not_there_is_said() -> None:
    with pytest.raises(GatewayAway, match="does not answer"):
        async with connect_gateway("http://127.0.0.1:1"):
            pass
