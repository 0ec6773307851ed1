"""Values at the border have one form each, and nothing else is taken for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import Value, decode, encode
from chain.errors import Malformed
from chain.limits import STATE_VALUE_BYTES_MAX
from vm.abi import runtime_fields, runtime_from, value_from
from vm.types import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    EnumType,
    Field,
    ListType,
    RecordType,
    RuntimeValue,
    Scalar,
    Type,
)

STAGE = EnumType(name="Stage", members=("OPEN", "CLOSED"))
BID = RecordType(name="Bid", fields=(Field(name="price", kind=Scalar.UINT), Field(name="stage", kind=STAGE)))
PLAIN: dict[Type, st.SearchStrategy[RuntimeValue]] = {
    Scalar.UINT: st.integers(0, UINT_MAX) | st.sampled_from([0, 2**63, 2**64 - 1, 2**64, UINT_MAX]),
    Scalar.INT: st.integers(INT_MIN, INT_MAX) | st.sampled_from([-(2**63), -(2**63) - 1, INT_MIN, INT_MAX]),
    Scalar.BOOL: st.booleans(),
    Scalar.BYTES: st.binary(max_size=40),
    Scalar.STR: st.text(max_size=9),
    Scalar.ADDR: st.binary(min_size=20, max_size=20),
    STAGE: st.integers(0, 1),
}
records = st.tuples(PLAIN[Scalar.UINT], PLAIN[STAGE])
ALL: dict[Type, st.SearchStrategy[RuntimeValue]] = PLAIN | {
    BID: records,
    ListType(item=BID, bound=3): st.lists(records, max_size=3).map(tuple),
    ListType(item=Scalar.INT, bound=2): st.lists(PLAIN[Scalar.INT], max_size=2).map(tuple),
}


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_values_come_back_through_the_codec(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(ALL)))
    runtime = data.draw(ALL[kind])
    value = value_from(kind, runtime)
    assert runtime_from(kind, decode(encode((value,)), bytes_max=4_096)[0], "x") == runtime  # type: ignore[index]  # a tuple


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=33)
    | st.binary(min_size=32, max_size=32)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(ALL)), anything)
def test_what_is_taken_is_the_one_form_of_its_value(kind: Type, value: Value) -> None:
    try:
        runtime = runtime_from(kind, value, "x")
    except Malformed:
        return
    again = value_from(kind, runtime)
    assert (again, type(again)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Scalar.UINT, -1, "out of its range"),
        (Scalar.UINT, True, "expected uint, got bool"),
        (Scalar.UINT, "1", "expected uint, got str"),
        (Scalar.UINT, (2**64 - 1).to_bytes(32, "big"), "fits 64 bits"),
        (Scalar.UINT, (2**255).to_bytes(32, "big"), "out of its range"),
        (Scalar.UINT, (2**64).to_bytes(31, "big"), "31 bytes"),
        (Scalar.UINT, (2**64).to_bytes(33, "big"), "33 bytes"),
        (Scalar.INT, (-1).to_bytes(32, "big", signed=True), "fits 64 bits"),
        (Scalar.INT, False, "expected int, got bool"),
        (STAGE, 2, "out of its range"),
        (STAGE, (2**64).to_bytes(32, "big"), "out of its range"),
        (Scalar.BOOL, 1, "expected bool, got int"),
        (Scalar.BYTES, "a", "expected bytes, got str"),
        (Scalar.BYTES, bytes(STATE_VALUE_BYTES_MAX + 1), "at most"),
        (Scalar.STR, b"a", "expected str, got bytes"),
        (Scalar.STR, "é" * (STATE_VALUE_BYTES_MAX // 2 + 1), "at most"),
        (Scalar.STR, None, "expected str, got NoneType"),
        (Scalar.ADDR, bytes(19), "20 bytes, got 19"),
        (Scalar.ADDR, bytes(21), "20 bytes, got 21"),
        (BID, (1,), "expected 2 values"),
        (BID, (1, 1, 1), "expected 2 values"),
        (BID, (1, 2), "x.stage"),
        (BID, b"\x01\x01", "expected Bid, got bytes"),
        (ListType(item=BID, bound=3), ((1, 1),) * 4, "at most 3 items"),
        (ListType(item=BID, bound=3), ((1, 1), (1, -1)), r"x\[1\].stage"),
    ],
)
def test_refused(kind: Type, value: Value, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        runtime_from(kind, value, "x")


def test_arguments_are_as_many_as_parameters() -> None:
    assert runtime_fields(BID.fields, (5, 1), "tender.act") == (5, 1)
    for wrong in ((), (5,), (5, 1, 1)):
        with pytest.raises(Malformed, match=r"tender.act: expected 2 values \(price: uint, stage: Stage\)"):
            runtime_fields(BID.fields, wrong, "tender.act")


def test_half_a_character_is_refused() -> None:
    """JSON can say what UTF-8 cannot."""
    with pytest.raises(Malformed, match="name: expected whole characters"):
        runtime_from(Scalar.STR, "\ud800", "name")
