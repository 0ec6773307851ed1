"""Operations on records, lists, bytes and texts."""

from collections.abc import Callable

from chain.keys import ADDRESS_BYTES
from chain.limits import STATE_VALUE_BYTES_MAX
from vm.engine_a.frame import Frame, shown
from vm.opcodes import Instruction
from vm.sizes import (
    compute_size,
    cost_of_comparing,
    cost_of_copy,
    cost_of_items,
    cost_of_sort,
    cost_of_text,
)
from vm.traps import trapped
from vm.types import ListType, RuntimeValue


def on_build(frame: Frame, i: Instruction) -> int:
    frame.charge(cost_of_items(len(i) - 2))
    frame.registers[i[1]] = tuple(frame.values(i[2:]))
    return frame.pc + 1


def on_get_field(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.items(i[2])[i[3]]
    return frame.pc + 1


def _replaced(frame: Frame, items: tuple[RuntimeValue, ...], index: int, value: RuntimeValue) -> RuntimeValue:
    frame.charge(cost_of_items(len(items)))
    return (*items[:index], value, *items[index + 1 :])


def on_set_field(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = _replaced(frame, frame.items(i[2]), i[3], frame.registers[i[4]])
    return frame.pc + 1


def on_len(frame: Frame, i: Instruction) -> int:
    value = frame.registers[i[2]]
    frame.charge(cost_of_text(value))
    frame.registers[i[1]] = len(value) if isinstance(value, tuple) else compute_size(value)
    return frame.pc + 1


def _check_index(index: int, length: int) -> int:
    if index >= length:
        raise trapped("there is no item {}: there are {}", shown(index), length)
    return index


def on_item(frame: Frame, i: Instruction) -> int:
    items = frame.items(i[2])
    frame.registers[i[1]] = items[_check_index(frame.number(i[3]), len(items))]
    return frame.pc + 1


def on_set_item(frame: Frame, i: Instruction) -> int:
    items = frame.items(i[2])
    index = _check_index(frame.number(i[3]), len(items))
    frame.registers[i[1]] = _replaced(frame, items, index, frame.registers[i[4]])
    return frame.pc + 1


def on_append(frame: Frame, i: Instruction) -> int:
    items, kind = frame.items(i[2]), frame.types[i[1]]
    assert isinstance(kind, ListType), "verified to be a list"
    if len(items) >= kind.bound:
        raise trapped("the list is full: it holds at most {} items", kind.bound)
    frame.charge(cost_of_items(len(items)))
    frame.registers[i[1]] = (*items, frame.registers[i[3]])
    return frame.pc + 1


def on_sort(frame: Frame, i: Instruction) -> int:
    """Stable: the last key is sorted by first. Descending keeps equal items in their order, as `reverse` does."""
    items = list(frame.items(i[2]))
    keys = list(zip(i[3::2], i[4::2], strict=True))
    frame.charge(cost_of_sort(len(items)) * len(keys))
    for position, is_descending in reversed(keys):
        key = _sort_key(position)
        frame.charge(cost_of_comparing([key(item) for item in items]))
        items.sort(key=key, reverse=is_descending == 1)
    frame.registers[i[1]] = tuple(items)
    return frame.pc + 1


def _sort_key(position: int) -> "Callable[[RuntimeValue], int | bytes | str]":
    def key(record: RuntimeValue) -> int | bytes | str:
        assert isinstance(record, tuple), "verified to be a record"
        value = record[position]
        assert isinstance(value, int | bytes | str), "verified to have an order"
        return value

    return key


def on_byte(frame: Frame, i: Instruction) -> int:
    data = frame.binary(i[2])
    frame.registers[i[1]] = data[_check_index(frame.number(i[3]), len(data))]
    return frame.pc + 1


def on_slice(frame: Frame, i: Instruction) -> int:
    value, start, end = frame.registers[i[2]], frame.number(i[3]), frame.number(i[4])
    frame.charge(cost_of_text(value))
    data = value.encode() if isinstance(value, str) else frame.binary(i[2])
    if not start <= end <= len(data):
        raise trapped("there are no bytes {} to {}: there are {}", shown(start), shown(end), len(data))
    frame.charge(cost_of_copy(end - start))
    piece = data[start:end]
    if not isinstance(value, str):
        frame.registers[i[1]] = piece
        return frame.pc + 1
    try:
        frame.registers[i[1]] = piece.decode()
    except UnicodeDecodeError:
        raise trapped("bytes {} to {} cut a character in two", start, end) from None
    return frame.pc + 1


def on_concat(frame: Frame, i: Instruction) -> int:
    left, right = frame.registers[i[2]], frame.registers[i[3]]
    frame.charge(cost_of_text(left) + cost_of_text(right))
    size = compute_size(left) + compute_size(right)
    frame.charge(cost_of_copy(size))
    if size > STATE_VALUE_BYTES_MAX:
        raise trapped("bytes and texts have at most {} bytes, got {}", STATE_VALUE_BYTES_MAX, size)
    frame.registers[i[1]] = left + right  # type: ignore[operator]  # verified: two bytes or two texts
    return frame.pc + 1


def on_to_bytes(frame: Frame, i: Instruction) -> int:
    value = frame.registers[i[2]]
    frame.charge(cost_of_text(value))
    if isinstance(value, int):
        frame.registers[i[1]] = value.to_bytes(32, "big")
    else:
        frame.registers[i[1]] = value.encode() if isinstance(value, str) else value
    return frame.pc + 1


def on_bytes_to_uint(frame: Frame, i: Instruction) -> int:
    data = frame.binary(i[2])
    if len(data) > 32:
        raise trapped("a number has at most 32 bytes, got {}", len(data))
    frame.store_number(i[1], int.from_bytes(data, "big"))
    return frame.pc + 1


def on_to_addr(frame: Frame, i: Instruction) -> int:
    data = frame.binary(i[2])
    if len(data) != ADDRESS_BYTES:
        raise trapped("an address has {} bytes, got {}", ADDRESS_BYTES, len(data))
    frame.registers[i[1]] = data
    return frame.pc + 1
