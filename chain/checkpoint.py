"""A block that somebody vouches for, and the invitation that carries it to a node which has nothing yet.

Whoever once decided blocks and has left may still have the keys: with enough of them together, another history could be
signed that begins at the same genesis document (the *long-range attack*). No signature in a chain tells the two apart. A
checkpoint does: one block that a member of today vouches for, and that the joining node's chain must contain.

The *join bundle* holds a checkpoint with an audit bundle as its evidence: it proves, by the genesis document alone, that
the key which signs the join bundle is the operator of a member in the state under that very block. The signature is over

    ["1", genesis hash, addresses of nodes, when it was made, until when it should be used,
     SHA-256 of the evidence, the validators of the height after the block, operator's key]
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import compute_block_id
from chain.bundle import Bundle, encode_bundle
from chain.codec import encode
from chain.errors import Malformed
from chain.hashing import Digest, sha256, tagged
from chain.keys import PublicKey, Signature, SigningKey, is_signed
from chain.limits import JOIN_NODES_MAX
from chain.time import TIME_MS_MAX
from chain.validators import ValidatorSet, encode_validators
from chain.vote import BlockId, Height

NODE_ADDRESS = r"[0-9a-f]{40}@[0-9A-Za-z.:\-\[\]]{1,255}:\d{1,5}"
"""How people write where a node is called: its id, lower-case hex of its node key's address, and its place."""
_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A block of a network that is trusted, and who decides the height after it."""

    chain_id: str
    genesis_hash: Digest
    height: Height
    block_id: BlockId
    validators: ValidatorSet


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinBundle:
    """An invitation. `evidence` ends with the checkpoint's block; `validators` decide the height after it.

    Whether it holds is for `genesis.joining.verify_join` to say.
    """

    nodes: tuple[str, ...]
    made_ms: int
    until_ms: int
    evidence: Bundle
    validators: ValidatorSet
    operator: PublicKey
    signature: Signature

    @property
    def genesis_hash(self) -> Digest:
        """Of whose network it was made."""
        return self.evidence.genesis_hash

    @property
    def checkpoint(self) -> Checkpoint:
        """The block that it vouches for."""
        header = self.evidence.blocks[-1].header
        return Checkpoint(
            chain_id=header.chain_id,
            genesis_hash=self.genesis_hash,
            height=header.height,
            block_id=compute_block_id(header),
            validators=self.validators,
        )


def sign_join(
    key: SigningKey,
    *,
    nodes: Sequence[str],
    made_ms: int,
    until_ms: int,
    evidence: Bundle,
    validators: ValidatorSet,
) -> JoinBundle:
    """The invitation that an operator signs; raises `Malformed` for what nobody could join by."""
    check_nodes(nodes)
    if not 0 <= made_ms < until_ms <= TIME_MS_MAX:
        raise Malformed(f"join bundle: expected an end after {made_ms}, got {until_ms}")
    message = _message(evidence, nodes, made_ms, until_ms, validators, key.public)
    return JoinBundle(
        nodes=tuple(nodes),
        made_ms=made_ms,
        until_ms=until_ms,
        evidence=evidence,
        validators=validators,
        operator=key.public,
        signature=key.sign(message),
    )


def is_join_signed(bundle: JoinBundle) -> bool:
    """Whether the operator that it names signed all of it."""
    message = _message(
        bundle.evidence, bundle.nodes, bundle.made_ms, bundle.until_ms, bundle.validators, bundle.operator
    )
    return is_signed(bundle.operator, message, bundle.signature)


def check_nodes(nodes: Sequence[str]) -> None:
    """Raises `Malformed` for anything but some addresses."""
    if not 1 <= len(nodes) <= JOIN_NODES_MAX:
        raise Malformed(f"nodes: expected 1 to {JOIN_NODES_MAX} addresses, got {len(nodes)}")
    for node in nodes:
        if re.fullmatch(NODE_ADDRESS, node) is None:
            raise Malformed(
                f'nodes: expected "id@host:port" with an id of 40 lower-case digits, got {node!a}'
            )


def _message(
    evidence: Bundle,
    nodes: Sequence[str],
    made_ms: int,
    until_ms: int,
    validators: ValidatorSet,
    operator: PublicKey,
) -> bytes:
    return tagged(
        "join bundle",
        encode(
            (
                _VERSION,
                evidence.genesis_hash,
                tuple(nodes),
                made_ms,
                until_ms,
                sha256(encode_bundle(evidence)),
                encode_validators(validators),
                operator,
            )
        ),
    )
