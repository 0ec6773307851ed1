"""Reading one field of a JSON document at a time, with a message that names the place of a misfit."""

from dataclasses import dataclass
from decimal import Decimal

AMOUNT_DIGITS_MAX = 24  # far above any price; keeps decimal arithmetic exact, which has 28


class Incomplete(Exception):
    """A document does not say what is needed; the message names the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value that should be an object, and the way to it."""

    value: object
    name: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, dict):
            raise Incomplete(f"{self.name}: expected an object, got {_kind(self.value)}")

    def _get(self, key: str) -> object:
        assert isinstance(self.value, dict)  # as checked when made
        return self.value.get(key)

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self._get(key) is not None

    def child(self, key: str) -> "Node":
        """A field that is an object."""
        return Node(self._get(key), f"{self.name}.{key}")

    def children(self, key: str) -> tuple["Node", ...]:
        """A field that is an array of objects."""
        value = self._get(key)
        if not isinstance(value, list):
            raise Incomplete(f"{self.name}.{key}: expected an array, got {_kind(value)}")
        return tuple(Node(item, f"{self.name}.{key}[{index}]") for index, item in enumerate(value))

    def text(self, key: str, length_max: int) -> str:
        """A field that is a text, not empty, of at most `length_max` characters."""
        value = self._get(key)
        if not isinstance(value, str):
            raise Incomplete(f"{self.name}.{key}: expected text, got {_kind(value)}")
        if not 1 <= len(value) <= length_max:
            raise Incomplete(f"{self.name}.{key}: expected 1 to {length_max} characters, got {len(value)}")
        return value

    def text_or(self, key: str, default: str) -> str:
        """A field that is a text, or the default where there is none."""
        return self.text(key, 10_000) if self.has(key) else default

    def number(self, key: str) -> Decimal:
        """A field that is a number of zero or more, exact."""
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Incomplete(f"{self.name}.{key}: expected a number, got {_kind(value)}")
        number = Decimal(value)
        if (
            number < 0
            or number.adjusted() >= AMOUNT_DIGITS_MAX
            or len(number.as_tuple().digits) > AMOUNT_DIGITS_MAX
        ):
            raise Incomplete(f"{self.name}.{key}: expected 0 or more, of at most {AMOUNT_DIGITS_MAX} digits")
        return number

    def whole_or(self, key: str, default: int) -> int:
        """A field that is a whole number, or the default where there is none."""
        if not self.has(key):
            return default
        number = self.number(key)
        if number != number.to_integral_value():
            raise Incomplete(f"{self.name}.{key}: expected a whole number, got {number}")
        return int(number)


def _kind(value: object) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "text",
        bool: "a boolean",
        int: "a number",
        Decimal: "a number",
    }
    return names.get(type(value), "nothing")
