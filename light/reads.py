"""Reads of the ledger, each of which is verified under a trusted header before it is told.

    block                ids, evidence and last certificate are those that its header commits to
    ids and results      under the transactions root of its header and the results root of the next
    state entry          an ICS-23 proof, of existence or absence, under the state root of the next header
    validators           the set that the header names, or for the height above the head the one before
    parameters           those that the header names

So everything is told up to the height below the head, whose results and state the head's header proves. A node that answers
something else is named, and the next one is asked. That no node shows a transaction is no proof that there is none.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import trio

from chain.block import CertifiedBlock, check_commitments, compute_block_id, compute_transactions_root
from chain.errors import Malformed
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.ics23 import CommitmentProof, ExistenceProof, NonExistenceProof, verify_absence, verify_existence
from chain.limits import LIGHT_BLOCKS_REMEMBERED_MAX, LIGHT_NODE_SECONDS, LIGHT_RESULTS_REMEMBERED_MAX
from chain.parameters import Parameters, parameters_hash
from chain.record import Decided
from chain.result import TransactionResult, compute_results_root, encode_result
from chain.transaction import TxId, compute_transaction_id
from chain.validators import ValidatorSet
from chain.vote import BlockId
from light.claims import Conduct
from light.dispute import LIES, NO_ANSWER, NOT_SHOWN
from light.follower import Follower
from light.party import Node
from rpc import requests
from rpc.answers import BlockAnswer, ConsensusParamsAnswer, HeaderAnswer, ValidatorsAnswer
from rpc.exact import block_of, header_of, parameters_of, validators_of
from rpc.requests import CallRefused, Request, StateEntry, Unreachable
from rpc.values import AdmissionCode, Admitted

Answer = TypeVar("Answer")
Checked = TypeVar("Checked")
_TAKEN = (AdmissionCode.OK, AdmissionCode.COMMITTED, AdmissionCode.WAITING)


class NotProven(Exception):
    """No node shows it with a proof; the message has each node's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a block did: its transactions and what became of each, in their order."""

    ids: tuple[TxId, ...]
    results: tuple[TransactionResult, ...]


class _Lately(Generic[Answer]):
    """The last few answers by height."""

    def __init__(self, items_max: int) -> None:
        self._items: OrderedDict[int, Answer] = OrderedDict()
        self._items_max = items_max

    def get(self, height: int) -> Answer | None:
        return self._items.get(height)

    def put(self, height: int, answer: Answer) -> Answer:
        self._items[height] = answer
        while len(self._items) > self._items_max:
            self._items.popitem(last=False)
        return answer


class Reads:
    """See the module. Methods raise `NotProven` where no node shows what holds, and like `Follower.decided`."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._blocks: _Lately[CertifiedBlock] = _Lately(LIGHT_BLOCKS_REMEMBERED_MAX)
        self._contents: _Lately[Content] = _Lately(LIGHT_RESULTS_REMEMBERED_MAX)

    @property
    def height(self) -> int:
        """The last block that can be told whole: below the head. 0 before the second."""
        head = self._follower.head
        return 0 if head is None else max(0, head.header.height - 1)

    async def decided(self, height: int) -> Decided:
        """A header with its certificate."""
        return await self._follower.decided(height)

    async def block(self, height: int) -> CertifiedBlock:
        """A whole block."""
        found = self._blocks.get(height)
        if found is not None:
            return found
        decided = await self.decided(height)

        def check(answer: BlockAnswer) -> CertifiedBlock:
            if answer.block is None:
                raise Malformed(f"block {height}: expected it, got none")
            block = block_of(answer.block)
            if block.header != decided.header:
                raise Malformed(f"block {height}: expected the one that was decided, got another")
            check_commitments(block.compact())
            return CertifiedBlock(block=block, certificate=decided.certificate)

        return self._blocks.put(height, await self._first(requests.block(height), check))

    async def content(self, height: int) -> Content:
        """Ids and results of a block."""
        found = self._contents.get(height)
        if found is not None:
            return found
        decided, after = await self.decided(height), await self.decided(height + 1)

        def check(answer: requests.Committed) -> Content:
            ids = tuple(id_ for id_, _ in answer.transactions)
            results = tuple(result for _, result in answer.transactions)
            if compute_transactions_root(ids) != decided.header.transactions_root:
                raise Malformed(f"block {height}: its ids do not fit its transactions root")
            if compute_results_root([encode_result(one) for one in results]) != after.header.results_root:
                raise Malformed(f"block {height}: its results do not fit the results root of the next block")
            return Content(ids=ids, results=results)

        return self._contents.put(height, await self._first(requests.committed(height), check))

    async def validators(self, height: int) -> ValidatorSet:
        """Who decides a height, up to one above the head."""
        head = self._follower.head
        if head is not None and height == head.header.height + 1:
            wanted = head.header.next_validators_hash
        else:
            decided = await self.decided(height)
            return decided.validators

        def check(answer: ValidatorsAnswer) -> ValidatorSet:
            found = validators_of(answer)
            if found.hash != wanted:
                raise Malformed(
                    f"validators of block {height}: expected those that the head names, got others"
                )
            return found

        if head.validators.hash == wanted:
            return head.validators
        return await self._first(requests.validators(height), check)

    async def parameters(self, height: int) -> Parameters:
        """The parameters in force at a height."""
        wanted = (await self.decided(height)).header.parameters_hash

        def check(answer: ConsensusParamsAnswer) -> Parameters:
            found = parameters_of(answer)
            if parameters_hash(found) != wanted:
                raise Malformed(f"parameters of block {height}: expected those of its header, got others")
            return found

        return await self._first(requests.consensus_params(height), check)

    async def state_entry(self, key: bytes, height: int) -> StateEntry:
        """An entry of the state after a height, or that there is none, with its proof."""
        root = (await self.decided(height + 1)).header.state_root

        def check(answer: StateEntry) -> StateEntry:
            if answer.height != height:
                raise Malformed(f"state entry: expected height {height}, got {answer.height}")
            _verify_entry(answer.proof, root, key, answer.value)
            return answer

        return await self._first(requests.state_entry(key, height, prove=True), check)

    async def find(self, id_: TxId) -> tuple[int, int] | None:
        """Height and index of a transaction; None where no node shows it, which proves nothing."""

        def check(answer: tuple[requests.Fate, ...]) -> int | None:
            if len(answer) != 1 or answer[0].id != id_:
                raise Malformed("expected the fate of one transaction, got another")
            return answer[0].height

        for node in self._in_order():
            try:
                height = await self._asked(node, requests.tx_status([id_]), check)
                if height is None or not 1 <= height <= self.height:
                    continue
                ids = (await self.content(height)).ids
                if id_ not in ids:
                    raise Malformed(f"transaction {id_.hex()}: it is not in block {height}")
                return height, ids.index(id_)
            except LIES as lie:
                self._follower.name_wrong(node.address, str(lie))
            except NOT_SHOWN:
                continue
        return None

    async def height_of(self, block_id: BlockId) -> int:
        """The height of the block with this id."""

        def check(answer: HeaderAnswer) -> int:
            if answer.header is None:
                raise CallRefused(0, "it does not know the block")
            header = header_of(answer.header)
            if compute_block_id(header) != block_id:
                raise Malformed("expected the header of this block id, got another")
            return header.height

        height = await self._first(requests.header_by_hash(block_id), check)
        if height > self.height or compute_block_id((await self.decided(height)).header) != block_id:
            raise NotProven(f"block {block_id.hex().upper()}: it is not one that is trusted")
        return height

    async def submit(self, raws: Sequence[bytes]) -> tuple[Admitted, ...]:
        """Hands transactions to f+1 nodes, so that no single one can keep them back; the answer of one that took them, or
        else of the first. That answer is a node's word: whether they are in a block is proven by asking for them.
        """
        head = self._follower.head
        needed = 1 if head is None else (len(head.validators) - 1) // 3 + 1
        ids = tuple(compute_transaction_id(raw) for raw in raws)

        def check(answer: tuple[Admitted, ...]) -> tuple[Admitted, ...]:
            if tuple(one.id for one in answer) != ids:
                raise Malformed("expected an answer for each transaction, got others")
            return answer

        told: list[tuple[Admitted, ...]] = []
        reasons: list[str] = []
        for node in self._in_order():
            try:
                told.append(await self._asked(node, requests.broadcast_txs(raws), check))
            except LIES as lie:
                self._follower.name_wrong(node.address, str(lie))
                reasons.append(f"{node.address}: {lie}")
            except NOT_SHOWN as refused:
                reasons.append(f"{node.address}: {refused}")
            if sum(all(one.code in _TAKEN for one in answer) for answer in told) >= needed:
                break
        if not told:
            raise NotProven(f"no node takes the transactions ({'; '.join(reasons)})")
        return min(told, key=lambda answer: sum(one.code not in _TAKEN for one in answer))

    async def accuse(self, evidence: DuplicateVote) -> None:
        """Hands evidence to every node; raises `NotProven` where none takes it."""
        reasons: list[str] = []
        for node in self._in_order():
            try:
                await self._asked(node, requests.broadcast_evidence(evidence), lambda taken: taken)
            except NO_ANSWER as refused:
                reasons.append(f"{node.address}: {refused}")
        if len(reasons) == len(self._follower.nodes):
            raise NotProven(f"no node takes the evidence ({'; '.join(reasons)})")

    # --- Asking -----------------------------------------------------------------------------------------------------

    def _in_order(self) -> list[Node]:
        """Those that agree first; who was wrong last, since what it says is verified all the same."""
        order = list(Conduct)
        known = {one.address: order.index(one.conduct) for one in self._follower.standings}
        return sorted(self._follower.nodes, key=lambda node: known.get(node.address, 0))

    async def _first(self, request: Request[Answer], check: Callable[[Answer], Checked]) -> Checked:
        """What the first node answers that holds."""
        reasons: list[str] = []
        for node in self._in_order():
            try:
                return await self._asked(node, request, check)
            except LIES as lie:
                self._follower.name_wrong(node.address, str(lie))
                reasons.append(f"{node.address}: {lie}")
            except NOT_SHOWN as refused:
                reasons.append(f"{node.address}: {refused}")
        raise NotProven(f"no node shows it so that it holds ({'; '.join(reasons)})")

    async def _asked(
        self, node: Node, request: Request[Answer], check: Callable[[Answer], Checked]
    ) -> Checked:
        try:
            with trio.fail_after(LIGHT_NODE_SECONDS):
                return check(await node.call(request))
        except trio.TooSlowError:
            raise Unreachable(f"no answer within {LIGHT_NODE_SECONDS:.0f} s") from None


def _verify_entry(proof: CommitmentProof | None, root: Digest, key: bytes, value: bytes | None) -> None:
    if proof is None:
        raise Malformed("state entry: expected a proof, got none")
    match proof:
        case ExistenceProof() if value is not None:
            verify_existence(proof, root, key, value)
        case NonExistenceProof() if value is None:
            verify_absence(proof, root, key)
        case _:
            raise Malformed("state entry: expected a proof of what is told, got one of the contrary")
