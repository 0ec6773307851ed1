"""Arguments and values by name, from the description that a node gives of a contract."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import Value, encode
from chain.errors import Malformed
from chain.result import Event
from rpc import requests
from rpc.contracts import Contract, Given, Record, record_of, records_of
from rpc.errors import RpcError
from rpc.requests import decode_answer
from rpc.schema import METHODS
from rpc.service import encode_result
from rpc.values import ContractDescription
from tests.rpc.memory import DESCRIPTION, MemoryBackend

WHO = b"\x07" * 20
TENDER = Contract(DESCRIPTION)


def describe(contract: str) -> ContractDescription:
    """A description on its way over the wire and back."""
    answer = METHODS["abi"].run(MemoryBackend(), {"contract": contract})
    return decode_answer(requests.abi(contract), encode_result(1, answer))


def test_a_description_comes_over_the_wire_as_it_was() -> None:
    assert describe("tender") == DESCRIPTION
    with pytest.raises(RpcError, match="there is no contract nope"):
        METHODS["abi"].run(MemoryBackend(), {"contract": "nope"})


def test_arguments_stand_in_their_order_whatever_the_order_they_are_given_in() -> None:
    call = TENDER.call("submit", bid={"stage": "OPEN", "price": 5, "bidder": WHO}, tender=b"\x01")
    assert (call.contract, call.method, call.arguments) == ("tender", "submit", (b"\x01", (WHO, 5, 1)))


def test_a_views_value_is_read_by_name() -> None:
    request = TENDER.view("bid_list", tender=b"\x01", after=-1)
    value: Value = ((WHO, 5, 1), (WHO, bytes(22) + b"\x01" + bytes(9), 0))
    answer = {"value": msgspec.to_builtins(encode(value)), "shown": None, "height": 3}
    first, second = records_of(request.read(json.loads(msgspec.json.encode(answer))))
    assert (first.data("bidder"), first.number("price"), first.text("stage")) == (WHO, 5, "OPEN")
    assert second["price"] == 2**72
    assert request.params["method"] == "bid_list"


def test_a_record_that_was_read_can_be_given_back() -> None:
    arguments = (b"\x01", (WHO, (2**80).to_bytes(32, "big"), 0))
    read = TENDER.decode_arguments("submit", arguments)
    assert TENDER.call("submit", tender=b"\x01", bid=record_of(read["bid"])).arguments == arguments
    assert record_of(read["bid"]) == Record("Bid", {"bidder": WHO, "price": 2**80, "stage": "NONE"})
    with pytest.raises(AttributeError):
        read.anything = 1


def test_events_have_names_too() -> None:
    event = Event(contract="tender", name="Opened", fields=(("bid", (WHO, 1, 0)),))
    assert record_of(TENDER.decode_event(event)["bid"])["price"] == 1
    with pytest.raises(Malformed, match="no event Closed"):
        TENDER.decode_event(Event(contract="tender", name="Closed", fields=()))


@pytest.mark.parametrize(
    ("bid", "told"),
    [
        ({"bidder": WHO, "price": -1, "stage": "OPEN"}, "tender.submit.bid.price: expected uint, got -1"),
        ({"bidder": WHO, "price": True, "stage": "OPEN"}, "expected uint, got True"),
        ({"bidder": WHO, "price": 2**255, "stage": "OPEN"}, "expected uint"),
        ({"bidder": b"\x07", "price": 1, "stage": "OPEN"}, "expected 20 bytes, got 1"),
        ({"bidder": "A", "price": 1, "stage": "OPEN"}, "expected addr, got str"),
        ({"bidder": WHO, "price": 1, "stage": "SHUT"}, "expected one of NONE, OPEN, got 'SHUT'"),
        ({"bidder": WHO, "price": 1}, "expected bidder, price, stage, got bidder, price"),
        (5, "expected Bid, got int"),
    ],
)
def test_what_does_not_fit_names_its_field(bid: Given, told: str) -> None:
    with pytest.raises(Malformed, match=told):
        TENDER.call("submit", tender=b"", bid=bid)


@pytest.mark.parametrize(
    "value",
    [5, ((WHO, -1, 0),), ((WHO, 1, 2),), ((WHO, 1),), ((WHO, 1, 0),) * 3, ((b"", 1, 0),), (("", 1, 0),)],
)
def test_answers_that_do_not_fit_are_refused(value: Value) -> None:
    with pytest.raises(Malformed):
        TENDER.decode_result("bid_list", value)


def test_unknown_methods_are_named() -> None:
    with pytest.raises(Malformed, match="no method bar"):
        TENDER.call("bar")
    assert TENDER.has_method("submit") and not TENDER.has_method("bar")
    assert TENDER.decode_result("submit", None) is None


@given(st.integers(-(2**255), 2**255 - 1))
def test_numbers_of_any_size_come_back(number: int) -> None:
    arguments = TENDER.encode_arguments("bid_list", {"tender": b"", "after": number})
    assert TENDER.decode_arguments("bid_list", arguments)["after"] == number
