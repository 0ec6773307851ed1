"""What the HTTP side needs of a node. The node implements it; tests implement it in memory.

HTTP has its own thread with its own loop, so **every method here may be called from any thread at any time**,
several at once. Reads look at one committed height and take no lock that consensus waits for; `submit` and
`wait_above` may block their thread and are called from worker threads only. Nothing here raises for what is
simply not there: that is None. `Refused` is one exception, and `Pruned` the other: what was there and is not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.block import CertifiedBlock, Header
from chain.certificate import Certificate
from chain.codec import Value
from chain.document import Credential, Receipt
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.keys import Address, PublicKey
from chain.parameters import Parameters
from chain.result import TransactionResult
from chain.transaction import TxId
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round
from rpc.queries import Condition
from rpc.values import Admitted, ContractDescription, ContractInfo, Room, ViewAnswer


class Refused(Exception):
    """The node does not do this; the message tells the asker why (a clause of a contract, no such view, a bad
    argument).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """Who this node is; does not change while it runs. `validator` is its consensus key, if it has one.

    Addresses are written `tcp://host:port`.
    """

    chain_id: str
    moniker: str
    version: str
    node_key: PublicKey
    p2p_address: str
    rpc_address: str
    validator: PublicKey | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where this node stands after block `height` (0: genesis).

    `state_root` is the one **after** that block, what the next header will say. `earliest` is the first block
    that is kept, None where there is none yet. `headers_since` is from which height on headers are kept: 1, unless the
    node began with a snapshot. `is_behind`: a verified certificate above `height` is known.
    """

    height: Height
    block_id: BlockId
    time_ms: int
    state_root: Digest
    earliest: Header | None
    headers_since: Height
    is_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One link. `sent_bytes` and `received_bytes` count since it was made."""

    node_key: PublicKey
    moniker: str
    address: str
    is_outbound: bool
    connected_ms: int
    sent_bytes: int
    received_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundVotes:
    """Which validators' votes are held of one round, by position: the block voted for, `b""` for nil, None
    for none.
    """

    round: Round
    prevotes: tuple[bytes | None, ...]
    precommits: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusStanding:
    """The height that is being decided. `step` is 1 propose, 2 prevote, 3 precommit; `is_awake` is False
    while idle.
    """

    height: Height
    round: Round
    step: int
    is_awake: bool
    start_ms: int
    proposal: BlockId | None
    locked: BlockId | None
    valid: BlockId | None
    proposer: Address
    rounds: tuple[RoundVotes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for a block: how many, how many bytes, and the oldest of them."""

    count: int
    bytes_total: int
    first: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a transaction stands."""

    height: Height
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Events of a contract that have a field: of one name or any, with a value (as `chain.result.render_value` writes it)
    of which the condition holds.
    """

    contract: str
    event: str | None
    field: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for: transactions with one event of which all of `sought` holds (any transaction, where it is empty),
    in blocks of these heights, perhaps of this id; or with `of_blocks` the blocks of such transactions (any block).

    A page of at most `limit`: after the first `skip` of them, and all are counted; or where `skip` is None those that come
    after a place in the order, and none are counted.
    """

    sought: tuple[Sought, ...]
    height_min: int
    height_max: int
    id: TxId | None = None
    of_blocks: bool = False
    limit: int
    skip: int | None = 0
    after: Place | None = None
    is_newest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of places; a block's has the index 0. `height` is the last block that was searched, `since` the first that is
    kept. `total` says how many there are in all, where they were counted; `next` is where to go on, where there may be more:
    a page by place may be short, and even empty, before its end.
    """

    places: tuple[Place, ...]
    total: int | None
    next: Place | None
    height: Height
    since: Height


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAnswer:
    """A state entry at this height; None where there is none. `proof` is an encoded ICS-23 proof, where one was asked for."""

    value: bytes | None
    height: Height
    proof: bytes | None


class DocumentKeeper(Protocol):
    """The documents that a node keeps. Every method raises `rpc.documents.DocumentRefused`."""

    def check_put(self, hash_: Digest, credential: Credential, size: int) -> None:
        """Whether this key may put a document of this size here now; asked before its bytes come."""
        ...

    def put(self, hash_: Digest, credential: Credential, data: bytes) -> Receipt:
        """Keeps a document, if it is not kept already. On disk when this returns."""
        ...

    def check_get(self, hash_: Digest, credential: Credential | None) -> int:
        """Whether this key, or anybody, may have a document, and whether it is whole; its size."""
        ...

    def piece(self, hash_: Digest, offset: int) -> bytes:
        """Some bytes of it from `offset` on."""
        ...


class Backend(Protocol):
    """A node, as its HTTP side sees it."""

    @property
    def documents(self) -> DocumentKeeper:
        """What it keeps beside the ledger."""
        ...

    @property
    def info(self) -> NodeInfo:
        """Who this node is."""
        ...

    def standing(self) -> Standing:
        """Where it stands now."""
        ...

    def genesis(self) -> bytes:
        """The genesis document as one JSON object."""
        ...

    def block(self, height: Height) -> CertifiedBlock | None:
        """A committed block with its certificate. Raises `Pruned`."""
        ...

    def certificate(self, height: Height) -> Certificate | None:
        """What decided a committed block; kept for longer than the block. Raises `Pruned`."""
        ...

    def header(self, height: Height) -> Header | None:
        """The header alone; cheaper than the block, and kept for longer. Raises `Pruned`."""
        ...

    def height_of(self, block_id: BlockId) -> Height | None:
        """The height of a committed block."""
        ...

    def results(self, height: Height) -> tuple[TransactionResult, ...] | None:
        """Results of a block's transactions, in their order. Raises `Pruned`."""
        ...

    def state_root_after(self, height: Height) -> Digest | None:
        """The state root after a committed block."""
        ...

    def validators(self, height: Height) -> ValidatorSet | None:
        """Who decides a height, up to two above the last block. Raises `Pruned` as `header`."""
        ...

    def parameters(self, height: Height) -> Parameters | None:
        """The parameters in force at a height, up to one above the last block. Raises `Pruned` as `header`."""
        ...

    def place_of(self, id_: TxId) -> Place | None:
        """Where a transaction was committed, if its block is kept."""
        ...

    def search(self, search: Search) -> Found:
        """Transactions or blocks by events. Takes some seconds at most; raises `Refused` where that is not enough, and
        while there is more to index.
        """
        ...

    def peers(self) -> Sequence[Peer]:
        """The links of this moment."""
        ...

    def consensus(self) -> ConsensusStanding | None:
        """The height under decision; None where none is known yet."""
        ...

    def waiting(self, limit: int) -> Waiting:
        """The mempool, with at most `limit` bodies."""
        ...

    def contracts(self) -> Sequence[ContractInfo]:
        """Deployed contracts, in order of their ids."""
        ...

    def describe(self, contract: str) -> ContractDescription | None:
        """What a deployed contract takes and gives; None where there is no such contract."""
        ...

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        """Runs a view on the last committed state. Raises `Refused`."""
        ...

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        """One entry of the contracts' state, by its whole key, after a height that is kept.

        Without a height it is that of the last block; with a proof that of the one before, whose root the last block's
        header has. Raises `Refused` where that height's state is not kept, or is empty and so has no proof.
        """
        ...

    def state_page(self, height: Height, path: bytes) -> bytes | None:
        """A page of the state tree after a height, encoded, by its way from the root; None where none begins there.

        Raises `Refused` where that height's state is not kept.
        """
        ...

    def state_leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
        """Key and value under a key's hash after a height. Raises `Refused` where that height's state is not kept."""
        ...

    def simulate(self, raw: bytes) -> TransactionResult:
        """Checks and executes a transaction on the last committed state, for nothing. Raises `Refused` where
        it is not admissible.
        """
        ...

    def submit(self, raws: Sequence[bytes]) -> Sequence[Admitted]:
        """Hands transactions to admission and tells what became of each. Blocks its thread for the checks,
        not for a block.
        """
        ...

    def accuse(self, evidence: DuplicateVote) -> None:
        """Hands over evidence against a validator; on disk when this returns, or known before. Raises `Refused`."""
        ...

    def wait_above(self, height: Height, timeout_s: float) -> Height:
        """Blocks its thread until a block above `height` is committed, or so long; the last committed height."""
        ...

    def room(self) -> Room | None:
        """What it keeps, and how much room that takes, as of a minute ago at most; None for who keeps no ledger."""
        ...

    def measured(self) -> Mapping[str, float]:
        """Counters that only the node keeps, by their names in `rpc.metrics.MEASURED`; what it does not keep
        is left out.
        """
        ...
