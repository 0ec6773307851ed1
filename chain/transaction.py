"""A signed order of calls to contracts, carried out all or nothing.

There are no sequence numbers: a random nonce makes a transaction its own, a validity window bounds for how long its id
must be remembered, and sending it again is always safe. Its id is SHA-256 of its bytes, as in CometBFT.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NewType

from chain.codec import Value, as_array, as_bytes, as_text, as_uint, decode, encode
from chain.errors import BadSignature, Malformed, WrongChain
from chain.hashing import sha256, tagged
from chain.keys import (
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    Address,
    PublicKey,
    Signature,
    SigningKey,
    address_of,
    is_signed,
)
from chain.limits import (
    ARGUMENTS_MAX,
    CHAIN_ID_BYTES_MAX,
    GAS_LIMIT_MAX,
    NAME_BYTES_MAX,
    NONCE_BYTES,
    TRANSACTION_BYTES_MAX,
    TRANSACTION_CALLS_MAX,
)

TxId = NewType("TxId", bytes)
"""SHA-256 of a transaction's bytes."""

TRANSACTION_VERSION = 1
NO_SIGNATURE = Signature(bytes(SIGNATURE_BYTES))
"""What stands where nobody has signed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: which contract, which of its methods, with what arguments (already in their ABI form)."""

    contract: str
    method: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What a sender signed. `valid_until_ms` is block time: valid in blocks with t < valid_until <= t + window."""

    chain_id: str
    sender: PublicKey
    nonce: bytes
    valid_until_ms: int
    gas_limit: int
    calls: tuple[Call, ...]
    signature: Signature

    @property
    def sender_address(self) -> Address:
        """Address of the sender's key."""
        return address_of(self.sender)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTransaction:
    """A transaction whose form, chain and signature have been checked, with its bytes and id beside it."""

    raw: bytes
    id: TxId
    transaction: Transaction


def compute_transaction_id(raw: bytes) -> TxId:
    """The id of a transaction's bytes."""
    return TxId(sha256(raw))


def _content(transaction: Transaction) -> tuple[Value, ...]:
    calls = tuple((call.contract, call.method, call.arguments) for call in transaction.calls)
    return (
        TRANSACTION_VERSION,
        transaction.chain_id,
        transaction.sender,
        transaction.nonce,
        transaction.valid_until_ms,
        transaction.gas_limit,
        calls,
    )


def transaction_sign_bytes(transaction: Transaction) -> bytes:
    """What the sender signs: everything but the signature, in the domain of transactions."""
    return tagged("transaction", encode(_content(transaction)))


def encode_unsigned(transaction: Transaction) -> bytes:
    """What is handed to whoever holds the key: everything but the signature."""
    return encode(_content(transaction))


def decode_unsigned(content: bytes) -> Transaction:
    """Inverse of `encode_unsigned`: its signature is empty. Raises `Malformed`."""
    items = as_array(decode(content, bytes_max=TRANSACTION_BYTES_MAX), "unsigned transaction", 7)
    return _transaction_from((*items, NO_SIGNATURE))


def encode_transaction(transaction: Transaction) -> bytes:
    """Canonical bytes, signature last."""
    return encode((*_content(transaction), transaction.signature))


def decode_transaction(raw: bytes) -> Transaction:
    """Inverse of `encode_transaction`; checks form and bounds, not the signature. Raises `Malformed`."""
    return _transaction_from(as_array(decode(raw, bytes_max=TRANSACTION_BYTES_MAX), "transaction", 8))


def _transaction_from(items: tuple[Value, ...]) -> Transaction:
    version, chain_id, sender, nonce, valid_until_ms, gas_limit, calls, signature = items
    if as_uint(version, "transaction version") != TRANSACTION_VERSION:
        raise Malformed(f"transaction version: expected {TRANSACTION_VERSION}, got {version!r}")
    call_items = as_array(calls, "calls", length_max=TRANSACTION_CALLS_MAX)
    if not call_items:
        raise Malformed("calls: expected at least one, got none")
    return Transaction(
        chain_id=as_text(chain_id, "chain id", length_max=CHAIN_ID_BYTES_MAX),
        sender=PublicKey(as_bytes(sender, "sender key", PUBLIC_KEY_BYTES)),
        nonce=as_bytes(nonce, "nonce", NONCE_BYTES),
        valid_until_ms=as_uint(valid_until_ms, "valid until"),
        gas_limit=as_uint(gas_limit, "gas limit", GAS_LIMIT_MAX),
        calls=tuple(_call_from(item) for item in call_items),
        signature=Signature(as_bytes(signature, "signature", SIGNATURE_BYTES)),
    )


def _call_from(value: Value) -> Call:
    contract, method, arguments = as_array(value, "call", 3)
    return Call(
        contract=as_text(contract, "contract", length_max=NAME_BYTES_MAX),
        method=as_text(method, "method", length_max=NAME_BYTES_MAX),
        arguments=as_array(arguments, "arguments", length_max=ARGUMENTS_MAX),
    )


def sign_transaction(
    key: SigningKey,
    *,
    chain_id: str,
    nonce: bytes,
    valid_until_ms: int,
    gas_limit: int,
    calls: Sequence[Call],
) -> Transaction:
    """A transaction of these calls signed by `key`; `nonce` is 16 bytes of chance from the caller."""
    assert len(nonce) == NONCE_BYTES, f"nonce of {len(nonce)} bytes"
    unsigned = Transaction(
        chain_id=chain_id,
        sender=key.public,
        nonce=nonce,
        valid_until_ms=valid_until_ms,
        gas_limit=gas_limit,
        calls=tuple(calls),
        signature=NO_SIGNATURE,
    )
    return sign_unsigned(key, unsigned)


def sign_unsigned(key: SigningKey, unsigned: Transaction) -> Transaction:
    """The same transaction with the signature of `key`, which must be its sender's."""
    assert key.public == unsigned.sender, "a transaction is signed by its sender"
    return replace(unsigned, signature=key.sign(transaction_sign_bytes(unsigned)))


def check_transaction(raw: bytes, chain_id: str) -> CheckedTransaction:
    """Decodes and checks form, chain and signature.

    Raises:
        Malformed: not a transaction.
        WrongChain: made for another network.
        BadSignature: not signed by its sender.
    """
    transaction = decode_transaction(raw)
    if transaction.chain_id != chain_id:
        raise WrongChain(f"transaction: expected chain {chain_id!r}, got {transaction.chain_id!r}")
    if not is_signed(transaction.sender, transaction_sign_bytes(transaction), transaction.signature):
        raise BadSignature(f"transaction: the signature is not by {transaction.sender.hex()}")
    return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=transaction)


def is_in_window(valid_until_ms: int, block_time_ms: int, window_ms: int) -> bool:
    """Whether a transaction may stand in a block of that time: t < valid_until <= t + W."""
    return block_time_ms < valid_until_ms <= block_time_ms + window_ms
