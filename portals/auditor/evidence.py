"""The evidence of transactions as a node hands it over, checked here: nothing that a node says is shown as checked before.

What held in every step from the genesis document on stays so, and is remembered. Everything else is asked for again.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from chain.errors import Malformed
from chain.hashing import Digest
from chain.limits import PORTAL_BLOCKS_REMEMBERED_MAX, PORTAL_PROOFS_REMEMBERED_MAX
from chain.merkle import InclusionProof, compute_inclusion_proof
from chain.record import Checked, Decided, Evidence, check_decided, check_evidence, holds
from chain.result import TransactionResult, encode_result
from chain.transaction import TxId
from chain.validators import ValidatorSet
from chain.vote import Height
from portals.auditor.auditing import Auditing
from portals.ledger import Ledger, ask_each
from rpc import requests
from rpc.answers import TxAnswer
from rpc.exact import proof_of, signed_header_of, transaction_of, validators_of, whole
from rpc.lineage import Ancestry, Lineage
from rpc.requests import BadAnswer, CallRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A transaction with what was checked of it and what became of it. `result_proof`: that the result stands under the
    results root of the block `after`, None where that is not there yet.
    """

    id: TxId
    raw: bytes
    proof: InclusionProof
    decided: Decided
    after: Decided | None
    result: TransactionResult
    result_proof: InclusionProof
    steps: tuple[Checked, ...]
    ancestry: Ancestry

    @property
    def height(self) -> Height:
        """The height that the header says."""
        return self.decided.header.height

    @property
    def time_ms(self) -> int:
        """The time that the header says."""
        return self.decided.header.time_ms

    @property
    def is_checked(self) -> bool:
        """Whether every step holds, as far as a genesis document was given to this portal."""
        return all(checked.holds for checked in self.steps) and not self.ancestry.is_broken

    @property
    def has_failed(self) -> bool:
        """Whether something is wrong."""
        return not holds(self.steps) or self.ancestry.is_broken


class NoEvidence(Exception):
    """What the node hands over is no evidence of this transaction; the message says of what it is none."""


class Proofs:
    """What this portal has checked. One for the whole application."""

    def __init__(self, lineage: Lineage, auditing: Auditing | None = None) -> None:
        """`auditing` makes bundles, where the genesis document was given."""
        self.lineage = lineage
        self.auditing = auditing
        self._sets: dict[Digest, ValidatorSet] = {}
        self._decided: OrderedDict[int, Decided] = OrderedDict()
        self._proven: OrderedDict[TxId, Proven] = OrderedDict()

    async def prove(self, ledger: Ledger, found: TxAnswer) -> Proven:
        """One transaction that a node showed with its proof. Raises `NoEvidence`."""
        (proven,) = await self.prove_all(ledger, [found])
        return proven

    async def prove_all(self, ledger: Ledger, found: Sequence[TxAnswer]) -> list[Proven]:
        """The same of several, in their order. Raises `NoEvidence`."""
        try:
            read = [_Shown.of(one) for one in found]
            missing = [shown for shown in read if shown.id not in self._proven]
            chain_id = (await ledger.standing()).chain_id
            heights = sorted({shown.height for shown in missing})

            async def load(height: int) -> _Surroundings:
                return await self._load(ledger, height)

            surroundings = await ask_each(heights, load)
            proven = {shown.id: self._proven[shown.id] for shown in read if shown.id in self._proven}
            ancestries: dict[int, Ancestry] = {}
            for shown in missing:
                around = surroundings[shown.height]
                if shown.height not in ancestries:
                    ancestries[shown.height] = await self.lineage.trace(
                        ledger, around.decided.validators, shown.height
                    )
                proven[shown.id] = _prove(shown, around, chain_id, ancestries[shown.height])
                self._remember(proven[shown.id])
        except (Malformed, BadAnswer, CallRefused) as error:
            raise NoEvidence(str(error)) from error
        return [proven[shown.id] for shown in read]

    async def _load(self, ledger: Ledger, height: int) -> "_Surroundings":
        last = (await ledger.standing()).height
        after = await self.read_decided(ledger, height + 1) if height < last else None
        committed = await ledger.call(requests.committed(height))
        return _Surroundings(
            decided=await self.read_decided(ledger, height),
            after=after,
            results=tuple(result for _, result in committed.transactions),
        )

    async def read_decided(self, ledger: Ledger, height: int) -> Decided:
        """A header with what decided it, as the node shows them. Raises `Malformed`."""
        if height in self._decided:
            self._decided.move_to_end(height)
            return self._decided[height]
        shown = (await ledger.call(requests.commit(height))).signed_header
        header, certificate = signed_header_of(shown)
        if header.validators_hash not in self._sets:
            validators = validators_of(await ledger.call(requests.validators(height)))
            if validators.hash != header.validators_hash:
                return Decided(header=header, certificate=certificate, validators=validators)
            self._sets[header.validators_hash] = validators
        validators = self._sets[header.validators_hash]
        return Decided(header=header, certificate=certificate, validators=validators)

    async def check_block(self, ledger: Ledger, height: int) -> tuple[tuple[Checked, ...], Ancestry]:
        """The steps of a header alone, and where its validators come from. Raises `NoEvidence`."""
        try:
            decided = await self.read_decided(ledger, height)
            chain_id = (await ledger.standing()).chain_id
            ancestry = await self.lineage.trace(ledger, decided.validators, height)
        except (Malformed, BadAnswer) as error:
            raise NoEvidence(str(error)) from error
        return check_decided(decided, chain_id), ancestry

    async def is_decided(self, ledger: Ledger, decided: Decided) -> bool:
        """Whether these validators signed this header, and follow from the genesis document where there is one."""
        chain_id = (await ledger.standing()).chain_id
        ancestry = await self.lineage.trace(ledger, decided.validators, decided.header.height)
        return holds(check_decided(decided, chain_id)) and not ancestry.is_broken

    def _remember(self, proven: Proven) -> None:
        """What holds in every step from the genesis document on, with its block."""
        if not proven.is_checked or self.lineage.anchor is None:
            return
        self._decided[proven.height] = proven.decided
        self._proven[proven.id] = proven
        while len(self._decided) > PORTAL_BLOCKS_REMEMBERED_MAX:
            self._decided.popitem(last=False)
        while len(self._proven) > PORTAL_PROOFS_REMEMBERED_MAX:
            self._proven.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """A transaction as a node shows it."""

    id: TxId
    raw: bytes
    height: int
    found: TxAnswer

    @classmethod
    def of(cls, found: TxAnswer) -> "_Shown":
        """Raises `Malformed`."""
        try:
            id_ = TxId(bytes.fromhex(found.hash))
        except ValueError:
            raise Malformed(f"transaction: expected an id, got {found.hash[:80]!r}") from None
        return cls(
            id=id_,
            raw=transaction_of(found.tx),
            height=whole(found.height, "height"),
            found=found,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What a node says of a block and of the one after it."""

    decided: Decided
    after: Decided | None
    results: tuple[TransactionResult, ...]


def _prove(shown: _Shown, around: _Surroundings, chain_id: str, ancestry: Ancestry) -> Proven:
    if shown.found.proof is None:
        raise NoEvidence(f"transaction {shown.found.hash}: the node shows no proof")
    proof = proof_of(shown.found.proof)
    if not 0 <= proof.index < len(around.results) or around.decided.header.height != shown.height:
        raise NoEvidence(
            f"transaction {shown.found.hash}: expected place {proof.index} of {len(around.results)} "
            f"in block {shown.height}, got block {around.decided.header.height}"
        )
    evidence = Evidence(
        id=shown.id,
        raw=shown.raw,
        proof=proof,
        decided=around.decided,
        after=around.after,
        results=around.results,
    )
    steps = check_evidence(evidence, chain_id)
    return Proven(
        id=shown.id,
        raw=shown.raw,
        proof=proof,
        decided=around.decided,
        after=around.after,
        result=around.results[proof.index],
        result_proof=compute_inclusion_proof(
            [encode_result(result) for result in around.results], proof.index
        ),
        steps=steps,
        ancestry=ancestry,
    )
