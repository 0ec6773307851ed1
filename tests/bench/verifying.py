"""This machine's measure: how many signatures libsodium verifies in a second on one core, by the node's own way to it."""

import time

from chain.keys import SigningKey, is_signed

_MESSAGE_BYTES = 230  # what is signed of a supplier's registration
_BATCH = 500


def measure_verify_per_s(rounds: int, round_s: float) -> tuple[float, ...]:
    """Verifications per second, once for each round."""
    key = SigningKey.from_seed(bytes(32))
    message = bytes(_MESSAGE_BYTES)
    signature = key.sign(message)
    found = []
    for _ in range(rounds):
        done, began = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - began) < round_s:
            for _ in range(_BATCH):
                assert is_signed(key.public, message, signature)
            done += _BATCH
        found.append(done / elapsed)
    return tuple(found)
