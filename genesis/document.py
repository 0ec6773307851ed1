"""The genesis document: everything a network agrees on before its first block.

Whoever holds this one document can verify all that follows: it names the founding members with their keys and powers, the
full nodes, the parameters, the rules of procurement, and the contracts as the very modules that run. Its hash is over the
canonical encoding of these values, so that spaces and the order of keys in the file do not matter; handshakes carry it,
and nodes of different documents never speak with each other.
"""

from dataclasses import astuple, dataclass

from chain.bundle import BundleBlock
from chain.codec import Value, encode
from chain.hashing import Digest, tagged_hash
from chain.keys import Address, PublicKey, Signature
from chain.parameters import Parameters, parameters_value
from chain.vote import BlockId, Height

_SECOND = 1_000
_DAY = 24 * 3_600 * _SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A founding agency: who acts for it, the keys of its validator, and its voting power."""

    name: str
    operator: Address
    consensus_key: PublicKey
    node_key: PublicKey
    power: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullNode:
    """An observer's node: it receives everything and decides nothing."""

    name: str
    node_key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Numbers of procurement: milliseconds, working days, basis points.

    Clause 3.2 of the governance contract says what members may change.
    """

    publication_min_ms: int = 3 * _DAY
    addendum_notice_ms: int = 2 * _DAY
    opening_ms: int = _DAY
    standstill_ms: int = 0
    vote_ms: int = 7 * _DAY
    blacklist_max_ms: int = 730 * _DAY
    standstill_days: int = 5
    questions_notice_ms: int = _DAY
    delegation_max_ms: int = 180 * _DAY
    key_replacement_ms: int = 3 * _DAY
    penalty_bps: int = 10
    penalty_max_bps: int = 500


FULL_RULES = Rules()
DEMO_RULES = Rules(
    publication_min_ms=_SECOND,
    addendum_notice_ms=_SECOND,
    opening_ms=600 * _SECOND,
    standstill_ms=_SECOND,
    vote_ms=600 * _SECOND,
    standstill_days=0,
    questions_notice_ms=0,
    key_replacement_ms=_SECOND,
)
"""Whole procurements in seconds: for demonstrations on one machine. Only to open their bids people have minutes, for some do it
by hand in a browser.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract that genesis deploys: its id and its module, which binds source and line table by hash."""

    id: str
    module: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That an agency goes on with a succession: its operator's signature over the document's hash."""

    operator: PublicKey
    signature: Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """Of a network that goes on from another's end: which network, after which block, and the root of its state then.

    `hand_overs` and `last` show that its validators decided that block (`genesis.succession`); they and the consents are not
    part of what is hashed, since each shows by itself whether it holds.
    """

    chain_id: str
    genesis_hash: Digest
    height: Height
    block_id: BlockId
    state_root: Digest
    hand_overs: tuple[BundleBlock, ...]
    last: BundleBlock
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """The document's values. Whether they can found a network is for `genesis.ceremony.check_genesis` to say."""

    chain_id: str
    time_ms: int
    members: tuple[Member, ...]
    full_nodes: tuple[FullNode, ...]
    parameters: Parameters
    rules: Rules
    contracts: tuple[Contract, ...]
    succession: Succession | None = None

    @property
    def hash(self) -> Digest:
        """What names this network to others."""
        return tagged_hash("genesis", encode(_genesis_value(self)))


def members_value(genesis: Genesis) -> Value:
    """The founders as governance's `setup` takes them."""
    return tuple(
        (member.name, member.operator, member.consensus_key, member.node_key, member.power)
        for member in genesis.members
    )


def full_nodes_value(genesis: Genesis) -> Value:
    """The full nodes as governance's `setup` takes them."""
    return tuple((node.name, node.node_key) for node in genesis.full_nodes)


def rules_value(rules: Rules) -> Value:
    """The rules as governance's `setup` takes them."""
    return astuple(rules)


def _genesis_value(genesis: Genesis) -> Value:
    founded = _founded_value(genesis)
    end = genesis.succession
    if end is None:
        return founded
    return (*founded, (end.chain_id, end.genesis_hash, end.height, end.block_id, end.state_root))


def _founded_value(genesis: Genesis) -> tuple[Value, ...]:
    return (
        genesis.chain_id,
        genesis.time_ms,
        members_value(genesis),
        full_nodes_value(genesis),
        parameters_value(genesis.parameters),
        rules_value(genesis.rules),
        tuple((contract.id, contract.module) for contract in genesis.contracts),
    )
