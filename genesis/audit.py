"""Whether an audit bundle proves what it claims, by the genesis document and nothing else: no node, no network, no clock.

    form          the file is a bundle, in its one form
    genesis       it is of this very genesis document, whose founders are trusted
    validators    each hand-over is signed by more than two thirds of those who were handed over to before it
    block         the block of the claim is decided by those who reign then
    a transaction                                       a state entry
    next          the next block follows                code     the contract's code hash is in the state, and the module has it
    sender        it is signed, and for this network    key      the words name a key of that contract's storage
    transaction   it stands under the block's root      entry    the entry, or its absence, has a proof under the state root
    result        the result stands at its place        record   the value is one of the type that the module declares

The first that fails ends it: what comes after rests on it. Each step is the function by which nodes check.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from chain.block import Header, compute_block_id
from chain.bundle import Bundle, EntryClaim, TransactionClaim, decode_bundle
from chain.bundle_json import parse_bundle
from chain.certificate import compute_signed_power
from chain.codec import decode
from chain.errors import Invalid
from chain.hand_over import Reign, find_following, verify_reign
from chain.hashing import Digest
from chain.ics23 import CommitmentProof, ExistenceProof, NonExistenceProof, verify_absence, verify_existence
from chain.keys import format_address
from chain.limits import STATE_VALUE_BYTES_MAX
from chain.merkle import compute_root_above
from chain.record import Decided
from chain.result import TransactionResult, encode_result, render
from chain.transaction import CheckedTransaction, check_transaction
from chain.validators import ValidatorSet
from chain.vote import Height
from genesis.document import Genesis
from genesis.founders import founders_of
from vm.abi import runtime_from
from vm.keys import contract_key, encode_parts, storage_prefix
from vm.module import Module, StorageType
from vm.module_codec import code_hash, decode_module
from vm.traps import Stop
from vm.types import RuntimeValue
from vm.verify import verify_module


class Step(Enum):
    """What is checked."""

    FORM = "form"
    GENESIS = "genesis"
    VALIDATORS = "validators"
    BLOCK = "block"
    NEXT = "next"
    SENDER = "sender"
    TRANSACTION = "transaction"
    RESULT = "result"
    CODE = "code"
    KEY = "key"
    ENTRY = "entry"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One step that holds, and what it showed."""

    step: Step
    shown: str


class NotProven(Invalid):
    """A step fails: which one, and those that held before it. The message says what was expected and what came."""

    def __init__(self, step: Step, problem: str, passed: tuple[Passed, ...]) -> None:
        super().__init__(problem)
        self.step = step
        self.passed = passed


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenTransaction:
    """A transaction in the block of this header, and what became of it."""

    header: Header
    checked: CheckedTransaction
    result: TransactionResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEntry:
    """What stands in the state under the root of this header: an entry's value, None where there is no such entry."""

    header: Header
    contract: str
    storage: StorageType
    keys: tuple[RuntimeValue, ...]
    value: RuntimeValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """All steps of a bundle, and what they prove."""

    steps: tuple[Passed, ...]
    record: ProvenTransaction | ProvenEntry


def verify_bundle(data: bytes, genesis: Genesis) -> Proven:
    """Checks a bundle's bytes, CBOR or JSON. Raises `NotProven` with the step that fails, and nothing else."""
    walk = _Walk()
    with walk.taking(Step.FORM):
        is_json = data[:1] == b"{"
        bundle = parse_bundle(data) if is_json else decode_bundle(data)
        walk.show(f"{len(data):,} bytes of {'JSON' if is_json else 'CBOR'}, {len(bundle.blocks)} blocks")
    with walk.taking(Step.GENESIS):
        if bundle.genesis_hash != genesis.hash:
            raise Invalid(f"expected {genesis.hash.hex()}, got {bundle.genesis_hash.hex()}")
        founders = founders_of(genesis)
        walk.show(f"{genesis.chain_id}, {genesis.hash.hex()}")
    claim = bundle.claim
    if isinstance(claim, TransactionClaim):
        block, after = _check_blocks(walk, bundle, founders, genesis.chain_id, count=2)
        record: ProvenTransaction | ProvenEntry = _check_transaction(walk, claim, block, after)
    else:
        (last,) = _check_blocks(walk, bundle, founders, genesis.chain_id, count=1)
        record = _check_entry(walk, claim, last, genesis)
    return Proven(steps=tuple(walk.passed), record=record)


@dataclass(slots=True)
class _Walk:
    """The steps so far; what is wrong in one of them is told under its name."""

    passed: list[Passed] = field(default_factory=list)
    step: Step = Step.FORM

    @contextmanager
    def taking(self, step: Step) -> Iterator[None]:
        """What is checked inside is of this step."""
        self.step = step
        try:
            yield
        except Invalid as error:
            raise NotProven(step, str(error), tuple(self.passed)) from error
        except Stop as stop:  # a key that the machine itself would not take
            raise NotProven(step, render(stop.trap()), tuple(self.passed)) from stop

    def show(self, shown: str) -> None:
        """The step holds."""
        self.passed.append(Passed(step=self.step, shown=shown))


# --- Blocks -----------------------------------------------------------------------------------------------------


def _check_blocks(
    walk: _Walk, bundle: Bundle, founders: ValidatorSet, chain_id: str, count: int
) -> tuple[Header, ...]:
    """The headers of the claim, which are the last `count`; those before them are there for the hand-over alone."""
    reign = Reign(validators=founders, since=Height(1))
    first, last = len(bundle.blocks) - count, len(bundle.blocks) - 1
    with walk.taking(Step.BLOCK):
        if first < 0:
            raise Invalid(f"expected {count} blocks or more, got {last + 1}")
    for place, block in enumerate(bundle.blocks):
        with walk.taking(Step.VALIDATORS if place < first else Step.BLOCK if place == first else Step.NEXT):
            decided = verify_reign(reign, block, chain_id)
            if place > first:
                _check_follows(bundle.blocks[place - 1].header, block.header)
            following = find_following(reign, block, is_change=place < first, is_last=place == last)
            walk.show(_tell_block(decided, following.validators))
        reign = following
    return tuple(block.header for block in bundle.blocks[first:])


def _check_follows(before: Header, after: Header) -> None:
    expected = compute_block_id(before)
    if after.height != before.height + 1 or after.previous_block_id != expected:
        raise Invalid(
            f"expected block {before.height + 1} after {expected.hex()}, "
            f"got {after.height} after {after.previous_block_id.hex()}"
        )


def _tell_block(decided: Decided, following: ValidatorSet) -> str:
    validators = decided.validators
    power = compute_signed_power(decided.certificate, validators)
    told = f"block {decided.header.height}, signed by {power} of {validators.total_power}"
    if following is validators:
        return told
    return f"{told}, hands over to {', '.join(one.name for one in following.validators)}"


# --- A transaction ------------------------------------------------------------------------------------------------


def _check_transaction(
    walk: _Walk, claim: TransactionClaim, header: Header, after: Header
) -> ProvenTransaction:
    with walk.taking(Step.SENDER):
        checked = check_transaction(claim.raw, header.chain_id)
        walk.show(f"signed by {format_address(checked.transaction.sender_address)}")
    with walk.taking(Step.TRANSACTION):
        _check_root(header.transactions_root, compute_root_above(checked.id, claim.path))
        walk.show(f"{checked.id.hex()} stands in block {header.height}")
    with walk.taking(Step.RESULT):
        places = [[turn.is_left for turn in path] for path in (claim.path, claim.result_path)]
        if places[0] != places[1]:
            raise Invalid("expected the result at the place of the transaction, got one at another")
        _check_root(after.results_root, compute_root_above(encode_result(claim.result), claim.result_path))
        walk.show(f"{claim.result.code.name}, {len(claim.result.events)} events")
    return ProvenTransaction(header=header, checked=checked, result=claim.result)


def _check_root(expected: Digest, found: Digest) -> None:
    if found != expected:
        raise Invalid(f"expected the root {expected.hex()}, got {found.hex()}")


# --- A state entry ------------------------------------------------------------------------------------------------


def _check_entry(walk: _Walk, claim: EntryClaim, header: Header, genesis: Genesis) -> ProvenEntry:
    with walk.taking(Step.CODE):
        code = _find_code(claim, header, genesis)
        module = decode_module(code)
        verify_module(
            module
        )  # whoever signs with old keys may have made it: see the reference on what is trusted
        walk.show(f"{claim.contract} runs {code_hash(code).hex()}")
    with walk.taking(Step.KEY):
        number, storage = _find_storage(module, claim)
        if len(claim.keys) != len(storage.keys):
            raise Invalid(f"{storage.name}: expected {len(storage.keys)} keys, got {len(claim.keys)}")
        keys = tuple(
            runtime_from(kind, value, f"{storage.name}, key {place}")
            for place, (kind, value) in enumerate(zip(storage.keys, claim.keys, strict=True), 1)
        )
        key = storage_prefix(claim.contract, number) + encode_parts(storage.keys, keys)
        walk.show(f"{claim.contract}.{storage.name} is {key.hex()}")
    with walk.taking(Step.ENTRY):
        _check_proof(claim.proof, header.state_root, key, claim.value)
        there = "there is none" if claim.value is None else f"{len(claim.value)} bytes"
        walk.show(f"{there} after block {header.height - 1}")
    with walk.taking(Step.RECORD):
        value = None
        if claim.value is not None:
            value = runtime_from(
                storage.value, decode(claim.value, bytes_max=STATE_VALUE_BYTES_MAX), storage.name
            )
        walk.show("nothing stands there" if value is None else f"a value of {storage.value}")
    return ProvenEntry(header=header, contract=claim.contract, storage=storage, keys=keys, value=value)


def _find_code(claim: EntryClaim, header: Header, genesis: Genesis) -> bytes:
    proof, key = claim.code_proof, contract_key(claim.contract)
    if not isinstance(proof, ExistenceProof):
        raise Invalid(f"expected a proof that there is a contract {claim.contract}, got one of absence")
    verify_existence(proof, header.state_root, key, proof.value)
    founding = [one.module for one in genesis.contracts if code_hash(one.module) == proof.value]
    if claim.module is not None and founding:
        raise Invalid("expected no module, since the genesis document has it, got one")
    code = claim.module if claim.module is not None else next(iter(founding), None)
    if code is None:
        raise Invalid(f"expected the module {proof.value.hex()}, which the genesis document does not have")
    if code_hash(code) != proof.value:
        raise Invalid(f"expected the module {proof.value.hex()}, got {code_hash(code).hex()}")
    return code


def _find_storage(module: Module, claim: EntryClaim) -> tuple[int, StorageType]:
    for number, storage in enumerate(module.storage):
        if storage.name == claim.storage:
            return number, storage
    names = ", ".join(storage.name for storage in module.storage)
    raise Invalid(f"{claim.contract}: expected one of {names}, got {claim.storage!a}")


def _check_proof(proof: CommitmentProof, root: Digest, key: bytes, value: bytes | None) -> None:
    match proof:
        case ExistenceProof() if value is not None:
            verify_existence(proof, root, key, value)
        case NonExistenceProof() if value is None:
            verify_absence(proof, root, key)
        case _:
            wanted, got = ("absence", "existence") if value is None else ("existence", "absence")
            raise Invalid(f"expected a proof of {wanted}, got one of {got}")
