"""What the members may change by vote: sizes, windows and time-outs, within walls that no vote moves."""

from dataclasses import dataclass, fields

from chain.codec import Value, as_array, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import Digest, tagged_hash
from chain.limits import (
    BLOCK_BYTES_MAX,
    BLOCK_TRANSACTIONS_MAX,
    GAS_LIMIT_MAX,
    PARAMETERS_BYTES_MAX,
    WINDOW_MS_MAX,
)

_WALLS: dict[str, tuple[int, int]] = {
    "block_bytes_max": (64 * 1024, BLOCK_BYTES_MAX),
    "block_transactions_max": (1, BLOCK_TRANSACTIONS_MAX),
    "block_gas_max": (100_000, 2**40),
    "account_gas_max": (10_000, 2**40),
    "transaction_gas_max": (10_000, GAS_LIMIT_MAX),
    "window_ms": (10_000, WINDOW_MS_MAX),
    "precision_ms": (1, 60_000),
    "message_delay_ms": (1, 60_000),
    "timeout_propose_ms": (1, 600_000),
    "timeout_prevote_ms": (1, 600_000),
    "timeout_precommit_ms": (1, 600_000),
    "timeout_delta_ms": (0, 60_000),
    "timeout_max_ms": (1, 3_600_000),
    "heartbeat_ms": (1_000, 24 * 3_600_000),
}
"""Least and largest value of each parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Governed parameters of one height; the header commits to their hash.

    Gas is counted in units of 10 ns; `window_ms` is the longest validity of a transaction (W in the design).
    """

    block_bytes_max: int = 4 * 1024 * 1024
    block_transactions_max: int = 6_000
    block_gas_max: int = 25_000_000
    account_gas_max: int = 25_000_000
    transaction_gas_max: int = 20_000_000
    window_ms: int = 600_000
    precision_ms: int = 500
    message_delay_ms: int = 2_000
    timeout_propose_ms: int = 3_000
    timeout_prevote_ms: int = 1_000
    timeout_precommit_ms: int = 1_000
    timeout_delta_ms: int = 500
    timeout_max_ms: int = 60_000
    heartbeat_ms: int = 60_000

    def __post_init__(self) -> None:
        for name, (least, most) in _WALLS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise Malformed(f"parameter {name}: expected {least} to {most}, got {value}")


PARAMETER_NAMES = tuple(field.name for field in fields(Parameters))


def parameters_value(parameters: Parameters) -> Value:
    """The positional form, in the order of `PARAMETER_NAMES`."""
    return tuple([getattr(parameters, name) for name in PARAMETER_NAMES])


def encode_parameters(parameters: Parameters) -> bytes:
    """Canonical bytes."""
    return encode(parameters_value(parameters))


def decode_parameters(data: bytes) -> Parameters:
    """Inverse of `encode_parameters`; raises `Malformed`."""
    return parameters_from(decode(data, bytes_max=PARAMETERS_BYTES_MAX))


def parameters_from(value: Value) -> Parameters:
    """Parameters of a decoded array; raises `Malformed`."""
    items = as_array(value, "parameters", len(PARAMETER_NAMES))
    return Parameters(
        **{name: as_uint(item, name) for name, item in zip(PARAMETER_NAMES, items, strict=True)}
    )


def parameters_hash(parameters: Parameters) -> Digest:
    """What a header says of the parameters in force."""
    return tagged_hash("parameters", encode_parameters(parameters))
