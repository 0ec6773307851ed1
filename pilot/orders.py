"""Payment orders as the payment contract's record has them."""

from dataclasses import dataclass
from enum import Enum

from chain.codec import Value, as_array, as_bytes, as_text, as_uint
from chain.keys import ADDRESS_BYTES, Address

_TEXT_MAX = 500  # bytes of the contract's longest text


class OrderState(Enum):
    """Where a payment order stands, by the contract's numbers."""

    REQUESTED = 1
    APPROVED = 2
    SENT = 3
    SETTLED = 4
    RETURNED = 5
    DECLINED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: amounts in minor units, and how often it was released. `reference` is the bank's: of the payment where it
    is settled, and where it came back the code of why.
    """

    number: int
    supplier: Address
    currency: str
    gross: int
    net: int
    state: OrderState
    attempt: int
    reference: str
    reason: str

    @property
    def returns(self) -> int:
        """How many of its attempts came back."""
        is_back = self.state in (OrderState.RETURNED, OrderState.DECLINED)
        return self.attempt if is_back else max(0, self.attempt - 1)


def read_order(value: Value) -> Order:
    """An order of the contract's record; raises `Malformed`."""
    fields = as_array(value, "order", 23)
    return Order(
        number=as_uint(fields[0], "number"),
        supplier=Address(as_bytes(fields[6], "supplier", ADDRESS_BYTES)),
        currency=as_text(fields[7], "currency", length_max=3),
        gross=_amount(fields[8]),
        net=_amount(fields[12]),
        state=OrderState(as_uint(fields[13], "state", len(OrderState))),
        attempt=as_uint(fields[14], "attempt"),
        reference=as_text(fields[21], "reference", length_max=_TEXT_MAX),
        reason=as_text(fields[22], "reason", length_max=_TEXT_MAX),
    )


def read_orders(value: Value) -> tuple[Order, ...]:
    """A list of them."""
    return tuple(read_order(row) for row in as_array(value, "orders"))


def _amount(value: Value) -> int:
    """A uint in its ABI form: beyond 64 bits as 32 bytes."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) else as_uint(value, "amount")
