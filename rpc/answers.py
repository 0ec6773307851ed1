"""Answers as they go over the wire: CometBFT v0.38's shapes where the concept is the same, ours beside them.

In CometBFT's shapes integers of 64 bits are texts, hashes and addresses upper-case hexadecimal, transactions
and keys base64, node ids lower-case. `parts` of a block id are not ours: a block is one part, whose hash is
the block's own. Decoded strictly by the client.
"""

from typing import Any, Literal

from msgspec import Struct, field


class PartSetHeader(Struct, frozen=True, kw_only=True):
    """Always one part, or none where there is no block."""

    total: int
    hash: str


class BlockIdJson(Struct, frozen=True, kw_only=True):
    """A block's id."""

    hash: str
    parts: PartSetHeader


class VersionJson(Struct, frozen=True, kw_only=True):
    """Versions of the block's form and of the contracts' machine."""

    block: str
    app: str


class HeaderJson(Struct, frozen=True, kw_only=True):
    """A header. `app_hash` is the state root and `last_results_hash` the results root, both after the block
    before.
    """

    version: VersionJson
    chain_id: str
    height: str
    time: str
    last_block_id: BlockIdJson
    last_commit_hash: str
    data_hash: str
    validators_hash: str
    next_validators_hash: str
    consensus_hash: str
    app_hash: str
    last_results_hash: str
    evidence_hash: str
    proposer_address: str


class CommitSignature(Struct, frozen=True, kw_only=True):
    """One place of a certificate: flag 2 with a signature, flag 1 without. Our votes carry no time of their
    own.
    """

    block_id_flag: int
    validator_address: str
    timestamp: str
    signature: str | None


class CommitJson(Struct, frozen=True, kw_only=True):
    """A certificate."""

    height: str
    round: int
    block_id: BlockIdJson
    signatures: list[CommitSignature]


class DataJson(Struct, frozen=True, kw_only=True):
    """Transactions of a block."""

    txs: list[str]


class EvidenceListJson(Struct, frozen=True, kw_only=True):
    """Evidence of a block, each in our canonical encoding, as base64."""

    evidence: list[str]


class BlockJson(Struct, frozen=True, kw_only=True):
    """A whole block."""

    header: HeaderJson
    data: DataJson
    evidence: EvidenceListJson
    last_commit: CommitJson


class BlockAnswer(Struct, frozen=True, kw_only=True):
    """`block`, `block_by_hash`: null where the hash is unknown."""

    block_id: BlockIdJson
    block: BlockJson | None


class HeaderAnswer(Struct, frozen=True, kw_only=True):
    """`header`, `header_by_hash`."""

    header: HeaderJson | None


class SignedHeader(Struct, frozen=True, kw_only=True):
    """A header and what decided it."""

    header: HeaderJson
    commit: CommitJson


class CommitAnswer(Struct, frozen=True, kw_only=True):
    """`commit`. Always canonical: a height's certificate is written with its block."""

    signed_header: SignedHeader
    canonical: bool


class BlockMeta(Struct, frozen=True, kw_only=True):
    """A block in a list."""

    block_id: BlockIdJson
    block_size: str
    header: HeaderJson
    num_txs: str


class BlockchainAnswer(Struct, frozen=True, kw_only=True):
    """`blockchain`: newest first."""

    last_height: str
    block_metas: list[BlockMeta]


class EventAttribute(Struct, frozen=True, kw_only=True):
    """One field of an event, as text."""

    key: str
    value: str
    index: bool


class EventJson(Struct, frozen=True, kw_only=True):
    """An event; `type` is contract and event with a dot between them."""

    type: str
    attributes: list[EventAttribute]


class TxResultJson(Struct, frozen=True, kw_only=True):
    """A transaction's result. `data`: the calls' values in our encoding, base64; `log`: the clause that
    refused it.
    """

    code: int
    data: str | None
    log: str
    info: str
    gas_wanted: str
    gas_used: str
    events: list[EventJson]
    codespace: str


class BlockResultsAnswer(Struct, frozen=True, kw_only=True):
    """`block_results`. `app_hash` is the state root after this very block, base64 as in CometBFT."""

    height: str
    txs_results: list[TxResultJson] | None
    finalize_block_events: None
    validator_updates: None
    consensus_param_updates: None
    app_hash: str


class PubKeyJson(Struct, frozen=True, kw_only=True):
    """An Ed25519 key."""

    type: str
    value: str


class ValidatorJson(Struct, frozen=True, kw_only=True):
    """A validator. Turns are no running priorities with us: always 0. `name` is ours."""

    address: str
    pub_key: PubKeyJson
    voting_power: str
    proposer_priority: str
    name: str


class ValidatorsAnswer(Struct, frozen=True, kw_only=True):
    """`validators`, a page of them."""

    block_height: str
    validators: list[ValidatorJson]
    count: str
    total: str


class ProtocolVersion(Struct, frozen=True, kw_only=True):
    """Versions of the links, blocks and the contracts' machine."""

    p2p: str
    block: str
    app: str


class NodeInfoOther(Struct, frozen=True, kw_only=True):
    """More of a node."""

    tx_index: str
    rpc_address: str


class NodeInfoJson(Struct, frozen=True, kw_only=True):
    """Who a node is; `id` is the address of its node key, lower-case."""

    protocol_version: ProtocolVersion
    id: str
    listen_addr: str
    network: str
    version: str
    channels: str
    moniker: str
    other: NodeInfoOther


class SyncInfo(Struct, frozen=True, kw_only=True):
    """Where a node stands; `latest_app_hash` is what its last header says."""

    latest_block_hash: str
    latest_app_hash: str
    latest_block_height: str
    latest_block_time: str
    earliest_block_hash: str
    earliest_app_hash: str
    earliest_block_height: str
    earliest_block_time: str
    catching_up: bool


class ValidatorInfo(Struct, frozen=True, kw_only=True):
    """This node as a validator; power 0 where it is none."""

    address: str
    pub_key: PubKeyJson | None
    voting_power: str


class StatusAnswer(Struct, frozen=True, kw_only=True):
    """`status`. `state_root` is ours: the root after the last block, hexadecimal."""

    node_info: NodeInfoJson
    sync_info: SyncInfo
    validator_info: ValidatorInfo
    state_root: str


class MonitorJson(Struct, frozen=True, kw_only=True, rename={"bytes_total": "Bytes"}):
    """Bytes of one direction of a link."""

    bytes_total: str


class ConnectionStatus(
    Struct,
    frozen=True,
    kw_only=True,
    rename={"duration": "Duration", "send_monitor": "SendMonitor", "receive_monitor": "RecvMonitor"},
):
    """A link's age in nanoseconds and its bytes."""

    duration: str
    send_monitor: MonitorJson
    receive_monitor: MonitorJson


class PeerJson(Struct, frozen=True, kw_only=True):
    """One link."""

    node_info: NodeInfoJson
    is_outbound: bool
    connection_status: ConnectionStatus
    remote_ip: str


class ClassJson(Struct, frozen=True, kw_only=True):
    """A class of what a node has on disk."""

    name: str
    bytes: str


class StorageAnswer(Struct, frozen=True, kw_only=True):
    """`storage`: what this node keeps of the past, the room it takes and how long the disk lasts.

    `blocks_since`, `headers_since` and `states_since` are the oldest heights of each. Growth is that of the last day, or of
    the last `growth_over_seconds`; null while nothing is known of it. `days_to_full` is null where the disk does not fill.
    """

    role: str
    blocks_since: str
    headers_since: str
    states_since: str
    classes: list[ClassJson]
    total_bytes: str
    free_bytes: str
    growth_bytes_per_day: str | None
    growth_over_seconds: str
    days_to_full: str | None


class NetInfoAnswer(Struct, frozen=True, kw_only=True):
    """`net_info`."""

    listening: bool
    listeners: list[str]
    n_peers: str
    peers: list[PeerJson]


class BroadcastAnswer(Struct, frozen=True, kw_only=True):
    """`broadcast_tx_sync`, `broadcast_tx_async`."""

    code: int
    data: str
    log: str
    codespace: str
    hash: str


class BroadcastEvidenceAnswer(Struct, frozen=True, kw_only=True):
    """`broadcast_evidence`."""

    hash: str


class StatePageAnswer(Struct, frozen=True, kw_only=True):
    """`state_page`: a page in our encoding as base64; null where none begins at that way."""

    page: str | None


class StateLeafAnswer(Struct, frozen=True, kw_only=True):
    """`state_leaf`: both as base64."""

    key: str
    value: str


class BroadcastCommitAnswer(Struct, frozen=True, kw_only=True):
    """`broadcast_tx_commit`; height "0" where it was not let in."""

    check_tx: TxResultJson
    tx_result: TxResultJson
    hash: str
    height: str


class MerkleProofJson(Struct, frozen=True, kw_only=True):
    """RFC 6962 audit path."""

    total: str
    index: str
    leaf_hash: str
    aunts: list[str]


class TxProofJson(Struct, frozen=True, kw_only=True):
    """That a transaction stands under a header's `data_hash`. The leaf is SHA-256 of the transaction."""

    root_hash: str
    data: str
    proof: MerkleProofJson


class TxAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`tx`."""

    hash: str
    height: str
    index: int
    tx_result: TxResultJson
    tx: str
    proof: TxProofJson | None = None


class TxSearchAnswer(Struct, frozen=True, kw_only=True):
    """`tx_search`, a page of them; `total_count` of all pages, null where pages are by `cursor`.

    `index_base_height` and `index_height` are the first and the last block that were searched.
    """

    txs: list[TxAnswer]
    total_count: str | None
    next_cursor: str | None
    index_height: str
    index_base_height: str


class BlockSearchAnswer(Struct, frozen=True, kw_only=True):
    """`block_search`, a page of them, with what `tx_search` says beside."""

    blocks: list[BlockAnswer]
    total_count: str | None
    next_cursor: str | None
    index_height: str
    index_base_height: str


class UnconfirmedAnswer(Struct, frozen=True, kw_only=True):
    """`unconfirmed_txs`, `num_unconfirmed_txs` (null bodies)."""

    n_txs: str
    total: str
    total_bytes: str
    txs: list[str] | None


class AbciInfo(Struct, frozen=True, kw_only=True):
    """The contracts' machine and its last block."""

    data: str
    version: str
    app_version: str
    last_block_height: str
    last_block_app_hash: str


class AbciInfoAnswer(Struct, frozen=True, kw_only=True):
    """`abci_info`."""

    response: AbciInfo


class ProofOp(Struct, frozen=True, kw_only=True):
    """One proof of a chain of them; ours have one. `data` is an ICS-23 `CommitmentProof` of the type "jmt:v"."""

    type: str
    key: str
    data: str


class ProofOps(Struct, frozen=True, kw_only=True):
    """The proofs of an answer, from the entry up to the root."""

    ops: list[ProofOp]


class AbciQuery(Struct, frozen=True, kw_only=True, rename={"proof_ops": "proofOps"}):
    """A state entry, or a view's value."""

    code: int
    log: str
    info: str
    index: str
    key: str | None
    value: str | None
    proof_ops: ProofOps | None
    height: str
    codespace: str


class AbciQueryAnswer(Struct, frozen=True, kw_only=True):
    """`abci_query`."""

    response: AbciQuery


class GenesisAnswer(Struct, frozen=True, kw_only=True):
    """`genesis`: the document itself."""

    genesis: dict[str, Any]


class ConsensusParamsAnswer(Struct, frozen=True, kw_only=True):
    """`consensus_params`; ours by their own names are under `terang`."""

    block_height: str
    consensus_params: dict[str, dict[str, Any]]


class VoteSetJson(Struct, frozen=True, kw_only=True):
    """Votes of a round: the block's first bytes, or "nil-Vote" where none is held."""

    round: int
    prevotes: list[str]
    prevotes_bit_array: str
    precommits: list[str]
    precommits_bit_array: str


class ProposerJson(Struct, frozen=True, kw_only=True):
    """Whose turn it is."""

    address: str
    index: int


class RoundStateJson(Struct, frozen=True, kw_only=True, rename={"height_round_step": "height/round/step"}):
    """The height under decision."""

    height_round_step: str
    start_time: str
    proposal_block_hash: str
    locked_block_hash: str
    valid_block_hash: str
    height_vote_set: list[VoteSetJson]
    proposer: ProposerJson


class ConsensusStateAnswer(Struct, frozen=True, kw_only=True):
    """`consensus_state`."""

    round_state: RoundStateJson


class Empty(Struct, frozen=True, kw_only=True):
    """`health`, and a subscription taken or left."""


# --- Ours ---------------------------------------------------------------------------------------------------


class QueryAnswer(Struct, frozen=True, kw_only=True):
    """`query`: a view's value in our encoding (base64), the same for people, and its height."""

    value: str
    shown: Any
    height: int


class ContractJson(Struct, frozen=True, kw_only=True):
    """A deployed contract."""

    id: str
    code_hash: str


class ContractsAnswer(Struct, frozen=True, kw_only=True):
    """`contracts`."""

    contracts: list[ContractJson]


class FieldJson(Struct, frozen=True, kw_only=True):
    """A field or parameter; its type as the contract language writes it."""

    name: str
    type: str


class FieldsJson(Struct, frozen=True, kw_only=True):
    """A record or an event."""

    name: str
    fields: list[FieldJson]


class EnumJson(Struct, frozen=True, kw_only=True):
    """An enum, its members by their numbers from 0."""

    name: str
    members: list[str]


class MethodJson(Struct, frozen=True, kw_only=True):
    """A method: `call` in a transaction or `view` by `query`; `result` is "" where it gives none."""

    name: str
    kind: Literal["call", "view"]
    parameters: list[FieldJson]
    result: str


class AbiAnswer(Struct, frozen=True, kw_only=True):
    """`abi`: what a contract takes and gives, by name. `source_hash` binds it to its text."""

    id: str
    code_hash: str
    source_hash: str
    enums: list[EnumJson]
    records: list[FieldsJson]
    events: list[FieldsJson]
    methods: list[MethodJson]


class BroadcastTxsAnswer(Struct, frozen=True, kw_only=True):
    """`broadcast_txs`: one answer for each, in their order."""

    answers: list[BroadcastAnswer]


class TxStatus(Struct, frozen=True, kw_only=True):
    """Where one transaction is: `committed` with height and result (our encoding, base64), or `unknown`."""

    hash: str
    state: str
    height: int = 0
    result: str = ""


class TxStatusAnswer(Struct, frozen=True, kw_only=True):
    """`tx_status`, in the order asked; `height` is the node's last block, `blocks_since` the first that it looked in."""

    height: int
    blocks_since: int = 1
    statuses: list[TxStatus]


class CommittedTx(Struct, frozen=True, kw_only=True):
    """A transaction's id and its result in our encoding, base64."""

    hash: str
    result: str


class CommittedAnswer(Struct, frozen=True, kw_only=True):
    """`committed`: what a follower needs of one block, exactly."""

    height: int
    time_ms: int
    block_id: str
    state_root: str
    transactions: list[CommittedTx] = field(default_factory=list)
