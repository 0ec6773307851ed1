"""What a person writes for an argument, and what the method is given."""

import pytest

from cli.arguments import parse_arguments
from cli.errors import NotDone
from vm.types import Field, Scalar

OFFICER = (Field(name="officer", kind=Scalar.ADDR),)
SHOWN = "A01CFE451676BA3BC09DD7E898B676AEC7B84BED"


@pytest.mark.parametrize("text", [SHOWN, SHOWN.lower(), f"0x{SHOWN}"])
def test_an_address_with_or_without_its_mark(text: str) -> None:
    assert parse_arguments("registry.grant", OFFICER, [text]) == (bytes.fromhex(SHOWN),)


@pytest.mark.parametrize("text", ["", "0x", SHOWN[1:], f"0x0x{SHOWN}"])
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(NotDone, match="officer: address: expected 40 hexadecimal digits"):
        parse_arguments("registry.grant", OFFICER, [text])
