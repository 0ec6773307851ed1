"""Signatures as digests, so that what two contracts think of one method is compared in one step.

Types may be wide and nested, and two modules hold equal types as different objects: comparing them part by part at each call
would be work without a price. A digest is made once, when a module is made ready, from the digests of the types before it.
"""

from collections.abc import Sequence

from chain.codec import Encodable, encode
from chain.hashing import sha256
from vm.module import Module
from vm.types import EnumType, ListType, RecordType, Scalar, Type


class Signatures:
    """Digests of one module's types. Equal exactly where the types are, whichever module they stand in."""

    def __init__(self, module: Module) -> None:
        self._enums = {found.name: _digest("enum", found.name, found.members) for found in module.enums}
        self._records: dict[str, bytes] = {}
        for found in module.records:
            fields = tuple((field.name, self._of(field.kind)) for field in found.fields)
            self._records[found.name] = _digest("record", found.name, fields)

    def compute(self, parameters: Sequence[Type], result: Type | None) -> bytes:
        """The digest of a method's types. Records of this module stand before those that hold them."""
        given = None if result is None else self._of(result)
        return _digest("method", tuple(self._of(kind) for kind in parameters), given)

    def _of(self, kind: Type) -> bytes:
        match kind:
            case Scalar():
                return _digest("scalar", kind.value)
            case EnumType(name=name):
                return self._enums[name]
            case RecordType(name=name):
                return self._records[name]
            case ListType(item=item, bound=bound):
                return _digest("list", self._of(item), bound)


def _digest(*parts: Encodable) -> bytes:
    return sha256(encode(parts))
