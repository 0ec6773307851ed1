"""The light client as its HTTP side sees it: a `Backend` that proves each answer or refuses it with the reason.

The methods are those of a node, and so are their shapes; only where the answers come from differs. What is asked of this
very process is answered as it is: it has no links, no mempool and no vote. What would have to be believed (a view, a search,
a list of contracts) is refused.

Called from worker threads of the HTTP side, which cross over to the loop that owns the follower.
"""

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import NoReturn, TypeVar

import trio

from chain.block import NO_BLOCK_ID, CertifiedBlock, Header, compute_block_id
from chain.certificate import Certificate
from chain.codec import Value
from chain.document import Credential, Receipt
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.ics23_codec import encode_proof
from chain.parameters import Parameters
from chain.record import Decided
from chain.result import TransactionResult
from chain.transaction import TxId
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height
from light.claims import Conduct
from light.dispute import Unsettled
from light.follower import Follower, Forked, NotTrusted
from light.reads import NotProven, Reads
from rpc.backend import (
    ConsensusStanding,
    DocumentKeeper,
    Found,
    NodeInfo,
    Peer,
    Place,
    Refused,
    Search,
    Standing,
    StateAnswer,
    Waiting,
)
from rpc.documents import DocumentRefused
from rpc.errors import not_done
from rpc.values import Admitted, ContractDescription, ContractInfo, ViewAnswer

T = TypeVar("T")
_REFUSALS = (NotProven, NotTrusted, Unsettled, Forked)


class LightBackend:
    """See the module and `rpc.backend.Backend`. Beside what that raises, every method may raise `RpcError`."""

    def __init__(
        self, *, follower: Follower, genesis: bytes, info: NodeInfo, token: trio.lowlevel.TrioToken
    ) -> None:
        self.info = info
        self.documents: DocumentKeeper = _NoDocuments()
        self._follower = follower
        self._reads = Reads(follower)
        self._genesis = genesis
        self._token = token
        self._grown = threading.Condition()
        self._earliest: Header | None = None

    async def begin(self) -> None:
        """Finds the first block that can be told. Where no node shows the very first one, it is the last."""
        for height in (self._follower.anchor.since, self._reads.height):
            if height > 0 and self._earliest is None:
                with suppress(*_REFUSALS):
                    self._earliest = (await self._reads.decided(height)).header

    def on_step(self) -> None:
        """The follower has heard the nodes once more."""
        with self._grown:
            self._grown.notify_all()

    def basis(self) -> str:
        """The block on which answers rest now: height and id."""
        head = self._follower.head
        assert head is not None, "it serves from the first trusted block on"
        return f"{head.header.height}/{compute_block_id(head.header).hex().upper()}"

    # --- Where it stands --------------------------------------------------------------------------------------------

    def standing(self) -> Standing:
        """The block below the head, the last whose results and state are proven."""
        head = self._follower.head
        assert head is not None, "it serves from the first trusted block on"
        height = Height(self._reads.height)
        time_ms = 0
        if height > 0:
            time_ms = self._cross(self._reads.decided, height).header.time_ms
        return Standing(
            height=height,
            block_id=head.header.previous_block_id if height > 0 else NO_BLOCK_ID,
            time_ms=time_ms,
            state_root=head.header.state_root,
            earliest=self._earliest,
            headers_since=Height(self._follower.anchor.since),
            is_behind=not any(one.conduct is Conduct.AGREES for one in self._follower.standings),
        )

    def wait_above(self, height: Height, timeout_s: float) -> Height:
        """See `Backend`."""
        with self._grown:
            self._grown.wait_for(lambda: self._reads.height > height, timeout_s)
        return Height(max(height, self._reads.height))

    def genesis(self) -> bytes:
        """The document from which trust begins, from this machine's own disk."""
        return self._genesis

    # --- What is proven ---------------------------------------------------------------------------------------------

    def block(self, height: Height) -> CertifiedBlock | None:
        """See `Backend`."""
        return self._ask(self._reads.block, height)

    def certificate(self, height: Height) -> Certificate | None:
        """See `Backend`."""
        return self._decided(height).certificate

    def header(self, height: Height) -> Header | None:
        """See `Backend`."""
        return self._decided(height).header if height > 0 else None

    def height_of(self, block_id: BlockId) -> Height | None:
        """See `Backend`. That no node knows a block is refused, since it proves nothing."""
        return Height(self._ask(self._reads.height_of, block_id))

    def results(self, height: Height) -> tuple[TransactionResult, ...] | None:
        """See `Backend`."""
        return self._ask(self._reads.content, height).results

    def state_root_after(self, height: Height) -> Digest | None:
        """See `Backend`: what the next header says."""
        return self._decided(height + 1).header.state_root

    def validators(self, height: Height) -> ValidatorSet | None:
        """See `Backend`."""
        return self._ask(self._reads.validators, height)

    def parameters(self, height: Height) -> Parameters | None:
        """See `Backend`."""
        return self._ask(self._reads.parameters, height)

    def place_of(self, id_: TxId) -> Place | None:
        """See `Backend`. None says that no node shows it."""
        found = self._ask(self._reads.find, id_)
        return None if found is None else Place(height=Height(found[0]), index=found[1])

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        """See `Backend`. It is proven whether the asker wants to see the proof or not."""
        last = self._reads.height
        if height is None:
            height = Height(last - 1 if prove else last)
        if not 1 <= height <= last:
            raise Refused(f"height: the state of heights 1 to {last} is proven here, got {height}")
        entry = self._ask(self._reads.state_entry, key, height)
        assert entry.proof is not None, "it was verified"
        return StateAnswer(
            value=entry.value, height=entry.height, proof=encode_proof(entry.proof) if prove else None
        )

    def submit(self, raws: Sequence[bytes]) -> Sequence[Admitted]:
        """See `Backend`: hands them on."""
        return self._ask(self._reads.submit, raws)

    def accuse(self, evidence: DuplicateVote) -> None:
        """See `Backend`: hands it on."""
        self._ask(self._reads.accuse, evidence)

    # --- What this process itself is --------------------------------------------------------------------------------

    def peers(self) -> Sequence[Peer]:
        """It has no links."""
        return ()

    def waiting(self, limit: int) -> Waiting:
        """It has no mempool."""
        return Waiting(count=0, bytes_total=0, first=())

    def room(self) -> None:
        """See `Backend`: a light client keeps no ledger."""

    def measured(self) -> Mapping[str, float]:
        """It counts nothing."""
        return {}

    # --- What would have to be believed -----------------------------------------------------------------------------

    def consensus(self) -> ConsensusStanding | None:
        """A height under decision has no certificate yet."""
        raise not_done("a height that is not decided cannot be proven: ask a node")

    def search(self, search: Search) -> Found:
        """A list may lack something."""
        raise Refused(
            "that a search lacks nothing cannot be proven: ask a node, and prove what it finds by tx"
        )

    def contracts(self) -> Sequence[ContractInfo]:
        """A list, too."""
        raise not_done("that a list of contracts lacks none cannot be proven: ask a node")

    def describe(self, contract: str) -> ContractDescription | None:
        """Code is read by nodes."""
        raise not_done(
            "a description is a node's own reading of the code: the code's hash has a proof (abci_query)"
        )

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        """A view is computed."""
        raise Refused(
            "a view's answer is computed and has no proof; the entries that it reads have (abci_query)"
        )

    def state_page(self, height: Height, path: bytes) -> bytes | None:
        """Nor is the tree itself, which is for whoever compares two nodes."""
        raise Refused("pages of the state tree are for whoever compares two nodes: ask one of them")

    def state_leaf(self, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
        """Likewise."""
        raise Refused("leaves of the state tree are for whoever compares two nodes: ask one of them")

    def simulate(self, raw: bytes) -> TransactionResult:
        """So is what a transaction would do."""
        raise Refused("what a transaction would do is computed and has no proof: ask a node")

    # --- Crossing over ----------------------------------------------------------------------------------------------

    def _decided(self, height: int) -> Decided:
        return self._ask(self._reads.decided, height)

    def _ask(self, question: Callable[..., Awaitable[T]], *given: object) -> T:
        if self._follower.doubt:
            raise not_done(f"nothing is answered while nodes contradict each other: {self._follower.doubt}")
        return self._cross(question, *given)

    def _cross(self, question: Callable[..., Awaitable[T]], *given: object) -> T:
        try:
            return trio.from_thread.run(question, *given, trio_token=self._token)
        except _REFUSALS as refusal:
            raise not_done(str(refusal)) from None


class _NoDocuments:
    """Documents are files of members' nodes."""

    def check_put(self, hash_: Digest, credential: Credential, size: int) -> None:
        """See `DocumentKeeper`."""
        self._refuse()

    def put(self, hash_: Digest, credential: Credential, data: bytes) -> Receipt:
        """See `DocumentKeeper`."""
        self._refuse()

    def check_get(self, hash_: Digest, credential: Credential | None) -> int:
        """See `DocumentKeeper`."""
        self._refuse()

    def piece(self, hash_: Digest, offset: int) -> bytes:
        """See `DocumentKeeper`."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise DocumentRefused(HTTPStatus.NOT_FOUND, "a light client keeps no documents: ask a member's node")
