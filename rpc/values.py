"""What node and client both speak of, in the ledger's own types; how it goes over the wire stands in `rpc.answers`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from chain.codec import Value
from chain.hashing import Digest
from chain.transaction import TxId
from chain.vote import Height

ASK_AGAIN = "ask again"
"""How a refusal ends that is over soon."""


class AdmissionCode(IntEnum):
    """Why a transaction is not let in; the numbers go to clients."""

    OK = 0
    MALFORMED = 101
    TOO_LARGE = 102
    WRONG_CHAIN = 103
    BAD_SIGNATURE = 104
    EXPIRED = 105
    NOT_YET = 106
    TOO_MUCH_GAS = 107
    COMMITTED = 108
    WAITING = 109
    SENDER_FULL = 110
    FULL = 111


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What became of one submitted transaction; `code` is an `AdmissionCode`."""

    id: TxId
    code: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a node keeps and what it takes: its role, the oldest heights of which it has blocks, headers and states, bytes of
    its directory by class, what is free beside them, and a day's growth by that of the last `growth_over_ms`; None where it
    is not known yet.
    """

    role: str
    blocks_since: Height
    headers_since: Height
    states_since: Height
    classes: Mapping[str, int]
    free_bytes: int
    growth_bytes_per_day: int | None
    growth_over_ms: int

    @property
    def total_bytes(self) -> int:
        """Of all classes."""
        return sum(self.classes.values())

    @property
    def days_to_full(self) -> int | None:
        """Until the disk is full if it goes on so; None where it does not grow, or nothing is known yet."""
        growth = self.growth_bytes_per_day
        return None if growth is None or growth <= 0 else self.free_bytes // growth


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewAnswer:
    """A view's value in its ABI form, at this height."""

    value: Value
    height: Height


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractInfo:
    """A deployed contract."""

    id: str
    code_hash: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """A field of a record or event, or a parameter. `type` as the language writes it: `uint`, `Terms`, `List[Bid, 500]`."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsInfo:
    """A record or an event: its fields in their order."""

    name: str
    fields: tuple[FieldInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumInfo:
    """An enum: its members by their numbers from 0."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodInfo:
    """A method that can be reached from outside. `result` is empty where it gives none."""

    name: str
    is_view: bool
    parameters: tuple[FieldInfo, ...]
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDescription:
    """What a contract takes and gives, by name, from the module that is deployed, which names the hash of its text."""

    id: str
    code_hash: Digest
    source_hash: Digest
    enums: tuple[EnumInfo, ...]
    records: tuple[FieldsInfo, ...]
    events: tuple[FieldsInfo, ...]
    methods: tuple[MethodInfo, ...]
