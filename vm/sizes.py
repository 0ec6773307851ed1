"""What work costs that grows with its input, in gas of 10 ns: charged before the work is done.

Every formula is a straight line in bytes, items or rows; sorting is n log n. Prices are first estimates on the reference
machine, kept in one place for the calibration to correct.
"""

from collections.abc import Sequence

from vm.types import RuntimeValue

_BYTES_PER_GAS_COPIED = 32
_BYTES_PER_GAS_STORED = 1  # encode, hash into the root, one synced write shared by a block
_BYTES_PER_GAS_READ = 4
_GAS_PER_PART_CODED = 10  # of a value that becomes bytes, or comes from them
_CHARACTERS_PER_GAS_CODED = 8  # of a text made into UTF-8
_GAS_PER_WORD_HASHED = 4  # of 64 bytes
_GAS_PER_ITEM_COPIED = 1
_GAS_PER_ITEM_SORTED = 12  # times log2 of their number
_GAS_PER_ROW = 300
_GAS_PER_ROW_REMOVED = 10  # passed over, since the block has removed it


def cost_of_copy(size: int) -> int:
    """Bytes or text of this size made anew."""
    return size // _BYTES_PER_GAS_COPIED


def cost_of_text(text: RuntimeValue) -> int:
    """A text made into UTF-8, if it is one: also to count its bytes. Its characters are known without that."""
    return len(text) // _CHARACTERS_PER_GAS_CODED if isinstance(text, str) else 0


def cost_of_items(count: int) -> int:
    """A list or record of so many items made anew."""
    return count * _GAS_PER_ITEM_COPIED


def cost_of_hash(size: int) -> int:
    """SHA-256 over bytes, also as a part of signatures and seals."""
    return (size // 64 + 1) * _GAS_PER_WORD_HASHED


def cost_of_sort(count: int) -> int:
    """A stable sort of so many items, keys included."""
    return count * max(1, count.bit_length()) * _GAS_PER_ITEM_SORTED


def cost_of_comparing(keys: Sequence[RuntimeValue]) -> int:
    """What a sort by these keys costs on top where they are texts or bytes: each is compared log n times."""
    length = sum(len(key) for key in keys if isinstance(key, bytes | str))
    return cost_of_copy(length) * max(1, len(keys).bit_length())


def cost_of_parts(count: int) -> int:
    """So many parts of a value encoded or decoded; their bytes come on top."""
    return count * _GAS_PER_PART_CODED


def cost_of_read(size: int) -> int:
    """A stored value of this size read and decoded."""
    return size // _BYTES_PER_GAS_READ


def cost_of_write(size: int) -> int:
    """A value of this size encoded and stored."""
    return size // _BYTES_PER_GAS_STORED


def cost_of_rows(count: int) -> int:
    """So many rows found under a prefix; their bytes are charged as reads."""
    return count * _GAS_PER_ROW


def cost_of_removed(count: int) -> int:
    """So many removed rows under a prefix, which a search has to pass over."""
    return count * _GAS_PER_ROW_REMOVED


def cost_of_wide(*numbers: int) -> int:
    """Arithmetic on numbers beyond 256 bits, by their words."""
    words = max(number.bit_length() for number in numbers) // 256
    return words * words


def compute_size(value: RuntimeValue) -> int:
    """Bytes of a text or byte string; 0 for all else."""
    if isinstance(value, bytes):
        return len(value)
    return len(value.encode()) if isinstance(value, str) else 0


def compute_sizes(values: Sequence[RuntimeValue]) -> int:
    """Sum of `compute_size`."""
    return sum(compute_size(value) for value in values)
