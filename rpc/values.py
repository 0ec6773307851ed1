"""What node and client both speak of, in the ledger's own types; how it goes over the wire stands in `rpc.answers`."""

from dataclasses import dataclass

from chain.codec import Value
from chain.hashing import Digest
from chain.transaction import TxId
from chain.vote import Height


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What became of one submitted transaction: code 0 is let in; others are the node's admission codes."""

    id: TxId
    code: int
    message: str


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
