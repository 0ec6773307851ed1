"""Results, parameters and times: round trips and their edges."""

from dataclasses import replace

import pytest

from chain.codec import encode
from chain.errors import Malformed
from chain.parameters import (
    Parameters,
    decode_parameters,
    encode_parameters,
    parameters_hash,
    parameters_value,
)
from chain.result import (
    Event,
    ResultCode,
    TransactionResult,
    Trap,
    compute_results_root,
    decode_result,
    encode_result,
    render,
)
from chain.time import format_time, parse_time

_TRAP = Trap(
    contract="tender", function="bid", message="clause 3: {} is after {}", values=(5, b"\xab"), line=9
)


def test_result_round_trip() -> None:
    event = Event(contract="tender", name="Published", fields=(("tender", b"t"), ("ceiling", 5)))
    for result in (
        TransactionResult(
            code=ResultCode.OK, gas_wanted=9, gas_used=5, data=(None, 7, (1, "a")), events=(event,)
        ),
        TransactionResult(code=ResultCode.REFUSED, gas_wanted=9, gas_used=5, trap=_TRAP),
    ):
        assert decode_result(encode_result(result)) == result


def test_root_covers_code_gas_and_events() -> None:
    result = TransactionResult(code=ResultCode.OK, gas_wanted=9, gas_used=5)
    others = [
        replace(result, code=ResultCode.TRAPPED),
        replace(result, gas_used=6),
        replace(result, data=(1,)),
    ]
    roots = {compute_results_root([encode_result(item)]) for item in [result, *others]}
    assert len(roots) == 4


@pytest.mark.parametrize(
    ("message", "values", "expected"),
    [
        ("no values", (), "no values"),
        ("{} and {}", (1, "two"), "1 and two"),
        ("{}", (b"\x0f",), "0F"),
        ("{}!", ((1, True, None),), "[1, true, null]!"),
        ("missing {}", (), "missing "),
        ("spare", (1,), "spare"),
    ],
)
def test_rendering_a_clause(message: str, values: tuple[int | str | bytes, ...], expected: str) -> None:
    assert render(replace(_TRAP, message=message, values=values)) == expected


def test_unknown_code_is_refused() -> None:
    with pytest.raises(Malformed, match="result code: expected 0 to"):
        decode_result(encode((99, 0, 0, (), (), None)))


def test_parameters_round_trip_hash_and_walls() -> None:
    parameters = Parameters(window_ms=20_000)
    assert decode_parameters(encode_parameters(parameters)) == parameters
    assert parameters_hash(parameters) != parameters_hash(Parameters())
    with pytest.raises(Malformed, match="parameter window_ms: expected 10000 to 3600000, got 1"):
        Parameters(window_ms=1)
    value = parameters_value(parameters)
    assert isinstance(value, tuple)
    with pytest.raises(Malformed, match="parameters: expected 14 items, got 13"):
        decode_parameters(encode(value[:-1]))


def test_times() -> None:
    assert format_time(1_764_000_000_007) == "2025-11-24T16:00:00.007Z"
    assert parse_time("2025-11-24T23:00:00.007+07:00") == 1_764_000_000_007
    for text in ("2025-11-24", "yesterday", "2025-11-24T23:00:00"):
        with pytest.raises(Malformed, match="time: expected"):
            parse_time(text)
