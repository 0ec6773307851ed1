"""Small chain objects for tests: keys from numbers, a validator set, a block and what surrounds it."""

from collections.abc import Sequence

from chain.block import NO_BLOCK_ID, Block, Header, compute_block_id, compute_transactions_root
from chain.certificate import NO_CERTIFICATE_HASH, Certificate, certificate_of
from chain.codec import Value
from chain.evidence import evidence_root
from chain.keys import SigningKey
from chain.merkle import EMPTY_ROOT
from chain.parameters import Parameters, parameters_hash
from chain.transaction import Call, compute_transaction_id, encode_transaction, sign_transaction
from chain.validators import Validator, ValidatorSet
from chain.vote import BlockId, Height, Round, SignedVote, Vote, VoteKind, sign_vote

CHAIN = "terang-test"


def make_key(number: int) -> SigningKey:
    """The key with this number."""
    return SigningKey.from_seed(number.to_bytes(32, "big"))


def make_validators(powers: Sequence[int] = (10, 10, 10, 10)) -> tuple[ValidatorSet, list[SigningKey]]:
    """A validator set of these powers, and its keys in the order of the set."""
    keys = [make_key(number + 1) for number in range(len(powers))]
    validators = ValidatorSet.of(
        Validator(public=key.public, power=power, name=f"agency-{number}")
        for number, (key, power) in enumerate(zip(keys, powers, strict=True))
    )
    by_address = {key.address: key for key in keys}
    return validators, [by_address[validator.address] for validator in validators.validators]


def make_transaction(
    number: int = 1, *, valid_until_ms: int = 500_000, arguments: tuple[Value, ...] = ()
) -> bytes:
    """Bytes of a signed transaction; `number` picks key and nonce."""
    return encode_transaction(
        sign_transaction(
            make_key(1_000 + number),
            chain_id=CHAIN,
            nonce=number.to_bytes(16, "big"),
            valid_until_ms=valid_until_ms,
            gas_limit=100_000,
            calls=[Call(contract="tender", method="publish", arguments=arguments)],
        )
    )


def make_block(validators: ValidatorSet, transactions: Sequence[bytes] = (), height: int = 1) -> Block:
    """A block whose header commits to its content; the roots before it are those of nothing."""
    header = Header(
        chain_id=CHAIN,
        height=Height(height),
        time_ms=1_000 * height,
        previous_block_id=NO_BLOCK_ID,
        last_certificate_hash=NO_CERTIFICATE_HASH,
        transactions_root=compute_transactions_root([compute_transaction_id(raw) for raw in transactions]),
        results_root=EMPTY_ROOT,
        state_root=EMPTY_ROOT,
        validators_hash=validators.hash,
        next_validators_hash=validators.hash,
        parameters_hash=parameters_hash(Parameters()),
        evidence_root=evidence_root([]),
        proposer=validators.validators[0].address,
    )
    return Block(header=header, transactions=tuple(transactions), evidence=(), last_certificate=None)


def make_vote(
    key: SigningKey,
    block_id: BlockId | None,
    *,
    kind: VoteKind = VoteKind.PRECOMMIT,
    height: int = 1,
    round_: int = 0,
    chain_id: str = CHAIN,
) -> SignedVote:
    """A signed vote."""
    vote = Vote(
        kind=kind, height=Height(height), round=Round(round_), block_id=block_id, validator=key.address
    )
    return sign_vote(key, vote, chain_id)


def make_certificate(block: Block, validators: ValidatorSet, keys: Sequence[SigningKey]) -> Certificate:
    """A certificate of `block` by these keys, which must be a quorum."""
    block_id, height = compute_block_id(block.header), block.header.height
    chain_id = block.header.chain_id
    votes = [make_vote(key, block_id, height=height, chain_id=chain_id) for key in keys]
    return certificate_of(votes, validators)
