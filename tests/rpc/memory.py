"""A node in memory for the HTTP side: a chain of real blocks and results, grown by hand."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from chain.block import Block, CertifiedBlock, Header, compute_block_id
from chain.certificate import Certificate, certificate_hash
from chain.codec import Value
from chain.document import Credential, Receipt
from chain.errors import Invalid
from chain.evidence import DuplicateVote, verify_evidence
from chain.hashing import Digest, sha256
from chain.parameters import Parameters
from chain.pruned import Pruned
from chain.result import (
    Event,
    ResultCode,
    TransactionResult,
    Trap,
    compute_results_root,
    encode_result,
)
from chain.transaction import TxId, compute_transaction_id, decode_transaction
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round
from rpc.backend import (
    ConsensusStanding,
    DocumentKeeper,
    Found,
    NodeInfo,
    Peer,
    Place,
    Refused,
    RoundVotes,
    Search,
    Standing,
    StateAnswer,
    Waiting,
)
from rpc.documents import DocumentRefused
from rpc.metrics import MEASURED
from rpc.values import (
    Admitted,
    ContractDescription,
    ContractInfo,
    EnumInfo,
    FieldInfo,
    FieldsInfo,
    MethodInfo,
    Room,
    ViewAnswer,
)
from tests.chain.making import CHAIN, make_block, make_certificate, make_key, make_validators
from tests.rpc.searching import search_plainly

PROOF = b"a proof of the entry"
OK = TransactionResult(
    code=ResultCode.OK,
    gas_wanted=100_000,
    gas_used=4_321,
    data=(7, b"\x01"),
    events=(
        Event(
            contract="tender",
            name="Published",
            fields=(("title", "Jalan"), ("tender", b"\xab")),
        ),
    ),
)
REFUSED = TransactionResult(
    code=ResultCode.REFUSED,
    gas_wanted=100_000,
    gas_used=99,
    trap=Trap(contract="tender", function="publish", message="clause 2.1: {} may not", values=("A",), line=9),
)
DESCRIPTION = ContractDescription(
    id="tender",
    code_hash=sha256(b"code"),
    source_hash=sha256(b"source"),
    enums=(EnumInfo(name="Stage", members=("NONE", "OPEN")),),
    records=(
        FieldsInfo(
            name="Bid",
            fields=(
                FieldInfo(name="bidder", type="addr"),
                FieldInfo(name="price", type="uint"),
                FieldInfo(name="stage", type="Stage"),
            ),
        ),
    ),
    events=(FieldsInfo(name="Opened", fields=(FieldInfo(name="bid", type="Bid"),)),),
    methods=(
        MethodInfo(
            name="submit",
            is_view=False,
            parameters=(FieldInfo(name="tender", type="bytes"), FieldInfo(name="bid", type="Bid")),
            result="",
        ),
        MethodInfo(
            name="bid_list",
            is_view=True,
            parameters=(FieldInfo(name="tender", type="bytes"), FieldInfo(name="after", type="int")),
            result="List[Bid, 2]",
        ),
    ),
)
"""A small contract: every kind of type once."""


class NoDocuments:
    """Keeps and gives nothing."""

    def check_put(self, hash_: Digest, credential: Credential, size: int) -> None:
        raise DocumentRefused(HTTPStatus.INSUFFICIENT_STORAGE, "no documents here")

    def put(self, hash_: Digest, credential: Credential, data: bytes) -> Receipt:
        raise DocumentRefused(HTTPStatus.INSUFFICIENT_STORAGE, "no documents here")

    def check_get(self, hash_: Digest, credential: Credential | None) -> int:
        raise DocumentRefused(HTTPStatus.NOT_FOUND, "no documents here")

    def piece(self, hash_: Digest, offset: int) -> bytes:
        raise DocumentRefused(HTTPStatus.NOT_FOUND, "no documents here")


class MemoryBackend:
    """Blocks appear by `commit`; what is submitted waits until then. The oldest are let go by moving `blocks_since`."""

    def __init__(self) -> None:
        self.set, self.keys = make_validators()
        self.chain: list[CertifiedBlock] = []
        self.outcomes: list[tuple[TransactionResult, ...]] = []
        self.pool: list[bytes] = []
        self.accused: list[DuplicateVote] = []
        self.documents: DocumentKeeper = NoDocuments()
        self.entries = {b"s\x01": b"value"}
        self.blocks_since = self.headers_since = Height(1)
        self.grown = threading.Condition()
        self.info = NodeInfo(
            chain_id=CHAIN,
            moniker="uji",
            version="0.1.0",
            node_key=make_key(77).public,
            p2p_address="tcp://127.0.0.1:26656",
            rpc_address="tcp://127.0.0.1:26657",
            validator=self.keys[0].public,
        )

    def commit(
        self,
        transactions: Sequence[bytes] = (),
        results: Sequence[TransactionResult] = (),
        **changes: Any,
    ) -> Block:
        """Appends a block with these transactions; results are OK unless given. `changes` are of its header."""
        block = make_block(self.set, transactions, height=len(self.chain) + 1)
        header = replace(block.header, chain_id=self.info.chain_id)
        if self.chain:
            before = self.chain[-1]
            last_results = [encode_result(result) for result in self.outcomes[-1]]
            header = replace(
                header,
                previous_block_id=compute_block_id(before.block.header),
                last_certificate_hash=certificate_hash(before.certificate),
                results_root=compute_results_root(last_results),
            )
            block = replace(block, last_certificate=before.certificate)
        block = replace(block, header=replace(header, **changes))
        certificate = make_certificate(block, self.set, self.keys[:3])
        with self.grown:
            self.chain.append(CertifiedBlock(block=block, certificate=certificate))
            self.outcomes.append(tuple(results) or tuple(OK for _ in transactions))
            self.pool = [raw for raw in self.pool if raw not in transactions]
            self.grown.notify_all()
        return block

    def standing(self) -> Standing:
        last = self.chain[-1].block.header if self.chain else None
        return Standing(
            height=Height(len(self.chain)),
            block_id=BlockId(Digest(bytes(32))) if last is None else compute_block_id(last),
            time_ms=0 if last is None else last.time_ms,
            state_root=sha256(b"state"),
            earliest=self.header(self.blocks_since),
            headers_since=self.headers_since,
            is_behind=False,
        )

    def genesis(self) -> bytes:
        return json.dumps({"chain_id": CHAIN}).encode()

    def _find(self, height: Height, since: Height, what: str) -> CertifiedBlock | None:
        if 1 <= height < since:
            raise Pruned(height, since, what)
        return self.chain[height - 1] if 1 <= height <= len(self.chain) else None

    def block(self, height: Height) -> CertifiedBlock | None:
        return self._find(height, self.blocks_since, "blocks")

    def certificate(self, height: Height) -> Certificate | None:
        found = self._find(height, self.headers_since, "headers")
        return None if found is None else found.certificate

    def header(self, height: Height) -> Header | None:
        found = self._find(height, self.headers_since, "headers")
        return None if found is None else found.block.header

    def height_of(self, block_id: BlockId) -> Height | None:
        ids = [compute_block_id(found.block.header) for found in self.chain]
        return Height(ids.index(block_id) + 1) if block_id in ids else None

    def results(self, height: Height) -> tuple[TransactionResult, ...] | None:
        found = self.block(height)
        return None if found is None else self.outcomes[height - 1]

    def state_root_after(self, height: Height) -> Digest | None:
        return sha256(b"state") if 1 <= height <= len(self.chain) else None

    def validators(self, height: Height) -> ValidatorSet | None:
        return self.set if 1 <= height <= len(self.chain) + 2 else None

    def parameters(self, height: Height) -> Parameters | None:
        return Parameters() if 1 <= height <= len(self.chain) + 1 else None

    def place_of(self, id_: TxId) -> Place | None:
        for height, found in enumerate(self.chain[self.blocks_since - 1 :], start=self.blocks_since):
            ids = [compute_transaction_id(raw) for raw in found.block.transactions]
            if id_ in ids:
                return Place(height=Height(height), index=ids.index(id_))
        return None

    def search(self, search: Search) -> Found:
        return search_plainly(
            self.outcomes, search, None if search.id is None else self.place_of(search.id), self.blocks_since
        )

    def peers(self) -> Sequence[Peer]:
        return [
            Peer(
                node_key=make_key(78).public,
                moniker="barat",
                address="tcp://127.0.0.2:26656",
                is_outbound=True,
                connected_ms=1,
                sent_bytes=10,
                received_bytes=20,
            )
        ]

    def consensus(self) -> ConsensusStanding | None:
        votes = RoundVotes(
            round=Round(0), prevotes=(b"\xaa" * 32, b"", None, None), precommits=(None, None, None, None)
        )
        return ConsensusStanding(
            height=Height(len(self.chain) + 1),
            round=Round(0),
            step=2,
            is_awake=True,
            start_ms=1_000,
            proposal=BlockId(Digest(b"\xaa" * 32)),
            locked=None,
            valid=None,
            proposer=self.set.validators[1].address,
            rounds=(votes,),
        )

    def waiting(self, limit: int) -> Waiting:
        return Waiting(
            count=len(self.pool), bytes_total=sum(map(len, self.pool)), first=tuple(self.pool[:limit])
        )

    def contracts(self) -> Sequence[ContractInfo]:
        return [ContractInfo(id="tender", code_hash=sha256(b"code"))]

    def describe(self, contract: str) -> ContractDescription | None:
        return DESCRIPTION if contract == "tender" else None

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        if contract != "tender":
            raise Refused(f"there is no contract {contract}")
        return ViewAnswer(value=(method, *arguments), height=Height(len(self.chain)))

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        of = Height(len(self.chain)) if height is None else height
        if of > len(self.chain):
            raise Refused(f"height: the state of heights 0 to {len(self.chain)} is kept here, got {of}")
        return StateAnswer(value=self.entries.get(key), height=of, proof=PROOF if prove else None)

    def state_page(self, height: Height, path: bytes) -> bytes | None:
        self.state_entry(b"", height, prove=False)
        return b"L" if path == b"" else None

    def state_leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
        self.state_entry(b"", height, prove=False)
        return next(((key, value) for key, value in self.entries.items() if sha256(key) == key_hash), None)

    def simulate(self, raw: bytes) -> TransactionResult:
        try:
            decode_transaction(raw)
        except Invalid as error:
            raise Refused(str(error)) from error
        return OK

    def submit(self, raws: Sequence[bytes]) -> Sequence[Admitted]:
        return [self._admit(raw) for raw in raws]

    def _admit(self, raw: bytes) -> Admitted:
        id_ = compute_transaction_id(raw)
        if raw in self.pool:
            return Admitted(id=id_, code=109, message="it waits for a block already")
        try:
            decode_transaction(raw)
        except Invalid as error:
            return Admitted(id=id_, code=101, message=str(error))
        self.pool.append(raw)
        return Admitted(id=id_, code=0, message="")

    def accuse(self, evidence: DuplicateVote) -> None:
        try:
            verify_evidence(evidence, self.set, CHAIN)
        except Invalid as error:
            raise Refused(str(error)) from error
        self.accused.append(evidence)

    def wait_above(self, height: Height, timeout_s: float) -> Height:
        with self.grown:
            self.grown.wait_for(lambda: len(self.chain) > height, timeout_s)
            return Height(len(self.chain))

    def room(self) -> Room:
        return Room(
            role="full",
            blocks_since=self.blocks_since,
            headers_since=self.headers_since,
            states_since=Height(0),
            classes={"blocks": 700, "state": 300},
            free_bytes=5_000,
            growth_bytes_per_day=1_000,
            growth_over_ms=86_400_000,
        )

    def measured(self) -> Mapping[str, float]:
        return dict.fromkeys(MEASURED, 3)
