"""What the network is given to do: suppliers register, each with a key of its own, signed before anything is measured.

A registration is the plainest act that still is one of procurement: the registry is asked twice whether the sender may,
a record is written, an event is announced. Nothing of it can be shared between two transactions but the block.
"""

import os
import time

from chain.keys import SEED_BYTES, SigningKey
from chain.limits import NONCE_BYTES
from chain.transaction import encode_transaction, sign_transaction
from pilot.calls import register
from pilot.gas import REGISTER

NAME = "registry.register: one transaction of each of so many new suppliers"
_COMMITMENT_BYTES = 32
_VALID_MS = 540_000
"""Within the window of ten minutes, and longer than any run."""


def make_transactions(count: int, chain_id: str) -> list[bytes]:
    """So many registrations, valid from now on."""
    valid_until_ms = time.time_ns() // 1_000_000 + _VALID_MS
    return [_make_registration(number, chain_id, valid_until_ms) for number in range(count)]


def _make_registration(number: int, chain_id: str, valid_until_ms: int) -> bytes:
    commitments = os.urandom(_COMMITMENT_BYTES), os.urandom(_COMMITMENT_BYTES)
    transaction = sign_transaction(
        SigningKey.from_seed(os.urandom(SEED_BYTES)),
        chain_id=chain_id,
        nonce=os.urandom(NONCE_BYTES),
        valid_until_ms=valid_until_ms,
        gas_limit=REGISTER,
        calls=(register(f"PT Maju Jaya {number}", *commitments),),
    )
    return encode_transaction(transaction)
