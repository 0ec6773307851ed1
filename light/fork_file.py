"""A fork as a file that anybody can check: JSON, every part as the bytes that are hashed and signed, in hexadecimal digits.

    {"terang": "fork", "version": 1, "chain_id": …, "genesis": …, "validators": …,
     "blocks": [{"header": …, "certificate": …}, {…}], "evidence": [ … ]}

Whoever reads it trusts nothing in it but the genesis hash, and that only where it is the one of his own document: the
certificates are verified again, and the evidence follows from them.
"""

import json

from chain.block import decode_header, encode_header
from chain.certificate import decode_certificate, encode_certificate
from chain.errors import Malformed
from chain.evidence import encode_evidence
from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import FORK_FILE_BYTES_MAX
from chain.record import Decided
from chain.validators import ValidatorSet, decode_validators, encode_validators
from light.fork import Fork, prove_fork

_KIND = ("fork", 1)


def render_fork(fork: Fork) -> str:
    """The text of a fork."""
    kind, version = _KIND
    shown = {
        "terang": kind,
        "version": version,
        "chain_id": fork.chain_id,
        "genesis": fork.genesis_hash.hex(),
        "validators": encode_validators(fork.validators).hex(),
        "blocks": [
            {
                "header": encode_header(decided.header).hex(),
                "certificate": encode_certificate(decided.certificate).hex(),
            }
            for decided in (fork.one, fork.other)
        ],
        "evidence": [encode_evidence(one).hex() for one in fork.evidence],
    }
    return json.dumps(shown, indent=1) + "\n"


def parse_fork(data: bytes) -> Fork:
    """Inverse of `render_fork`, verified; raises `Malformed`."""
    if len(data) > FORK_FILE_BYTES_MAX:
        raise Malformed(f"fork: expected at most {FORK_FILE_BYTES_MAX} bytes, got {len(data)}")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"fork: expected JSON: {str(error)[:200]}") from error
    match found:
        case {"terang": "fork", "version": 1, "chain_id": str() as chain_id, "blocks": [one, other]}:
            validators = decode_validators(_bytes(found, "validators"))
            genesis_hash = _bytes(found, "genesis")
            if len(genesis_hash) != DIGEST_BYTES:
                raise Malformed(f"fork: expected a genesis hash of {DIGEST_BYTES} bytes")
            blocks = _decided(one, validators), _decided(other, validators)
            fork = prove_fork(chain_id, Digest(genesis_hash), *blocks)
        case _:
            raise Malformed("fork: expected a fork of version 1 with two blocks, got something else")
    if render_fork(fork).encode() != data:
        raise Malformed("fork: expected the text that the command writes, got another of the same meaning")
    return fork


def _decided(shown: object, validators: ValidatorSet) -> Decided:
    return Decided(
        header=decode_header(_bytes(shown, "header")),
        certificate=decode_certificate(_bytes(shown, "certificate")),
        validators=validators,
    )


def _bytes(shown: object, name: str) -> bytes:
    text = shown.get(name) if isinstance(shown, dict) else None
    try:
        return bytes.fromhex(text if isinstance(text, str) else "-")
    except ValueError:
        raise Malformed(f"fork: expected {name} in hexadecimal digits") from None
