"""Digests of signatures are equal exactly where the types are, in whichever modules."""

from dataclasses import replace

import pytest

from tests.vm.language.running import Ledger, Stopped, function
from vm.language.compile import compile_contract
from vm.module import Module
from vm.signatures import Signatures
from vm.types import EnumType, Field, ListType, RecordType, Scalar, Type

STAGE = EnumType(name="Stage", members=("OPEN", "CLOSED"))
BID = RecordType(name="Bid", fields=(Field(name="price", kind=Scalar.UINT), Field(name="stage", kind=STAGE)))
LOT = RecordType(name="Lot", fields=(Field(name="bids", kind=ListType(item=BID, bound=3)),))

OTHERS: dict[str, tuple[EnumType, RecordType, RecordType]] = {
    "a member more": (replace(STAGE, members=("OPEN", "CLOSED", "LATE")), BID, LOT),
    "members the other way round": (replace(STAGE, members=("CLOSED", "OPEN")), BID, LOT),
    "a field called otherwise": (
        STAGE,
        replace(BID, fields=(Field(name="cost", kind=Scalar.UINT), *BID.fields[1:])),
        LOT,
    ),
    "fields the other way round": (STAGE, replace(BID, fields=BID.fields[::-1]), LOT),
    "a field of another type": (
        STAGE,
        replace(BID, fields=(Field(name="price", kind=Scalar.INT), *BID.fields[1:])),
        LOT,
    ),
    "a record called otherwise": (STAGE, replace(BID, name="Offer"), LOT),
    "another bound": (
        STAGE,
        BID,
        replace(LOT, fields=(Field(name="bids", kind=ListType(item=BID, bound=4)),)),
    ),
}


def holding(stage: EnumType, bid: RecordType, lot: RecordType) -> Module:
    """A module of these types, each record made of those before it."""
    empty = compile_contract(function("return 0"), "case").module
    made = replace(bid, fields=tuple(replace(f, kind=stage) if f.kind == STAGE else f for f in bid.fields))
    (bids,) = lot.fields
    assert isinstance(bids.kind, ListType)
    whole = replace(lot, fields=(replace(bids, kind=replace(bids.kind, item=made)),))
    return replace(empty, enums=(stage,), records=(made, whole))


def digest(module: Module, *parameters: Type, result: Type | None = None) -> bytes:
    """The digest of a method with these parameters."""
    return Signatures(module).compute(parameters, result)


def test_equal_types_of_two_modules_have_one_digest() -> None:
    one, other = holding(STAGE, BID, LOT), holding(replace(STAGE), replace(BID), replace(LOT))
    assert digest(one, one.records[1]) == digest(other, other.records[1])


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_differs_below_differs_above(name: str) -> None:
    one, other = holding(STAGE, BID, LOT), holding(*OTHERS[name])
    assert one.records[1] != other.records[1]
    assert digest(one, one.records[1]) != digest(other, other.records[1])


def test_parameters_and_result_have_their_places() -> None:
    module = holding(STAGE, BID, LOT)
    uint, text = Scalar.UINT, Scalar.STR
    found = {
        digest(module),
        digest(module, uint),
        digest(module, result=uint),
        digest(module, uint, text),
        digest(module, text, uint),
        digest(module, ListType(item=uint, bound=2)),
    }
    assert len(found) == 6


CALLED = """
class Bid(Record):
    price: uint
    late: bool
"""


@pytest.mark.parametrize(
    ("declared", "is_right"),
    [
        (CALLED, True),
        (CALLED.replace("late: bool", "late: uint"), False),
        (CALLED.replace("late", "lost"), False),
    ],
)
def test_a_record_crosses_only_as_it_was_declared(declared: str, is_right: bool) -> None:
    ledger = Ledger()
    ledger.deploy(
        "other",
        function("return Bid(price=price, late=False)", "price: uint", "Bid", top=CALLED, role="view"),
    )
    interface = (
        declared
        + '\n\nclass Other(Interface):\n    @view\n    def act(price: uint) -> Bid: ...\n\n\nother = Other("other")\n'
    )
    ledger.deploy("case", function("return other.act(x).price", "x: uint", top=interface))
    answer = ledger.call("case", "act", 5)
    assert (answer == 5) is is_right
    assert isinstance(answer, Stopped) is not is_right
