"""A snapshot: what a node needs to go on from a height, without the blocks before it; in chunks, under one manifest.

    manifest     ["terang-snapshot", 1, genesis hash, app version, last, following, validators, parameters,
                  rows, bytes, hand-overs, window, state]
    last         [header H, certificate H]              the block after which the state is taken
    following    [header H+1, certificate H+1]          its header has the roots of state and results after H
    validators   [of H, of H+1, of H+2]
    parameters   those in force at H+1
    rows         how many entries the state has
    bytes        of all chunks
    hand-overs, window, state      SHA-256 of the chunks of each part, joined, in the order in which they are read

Headers, certificates, validators and parameters stand as the bytes that are hashed and signed. The parts are described in
`chain.snapshot_chunks`; what is to be believed of them, and why, in `chain.snapshot_check`. The manifest itself has no
signature and needs none: what does not lead to the roots of header H+1 is refused.
"""

from dataclasses import dataclass, replace

from chain.block import APP_VERSION, compute_block_id, decode_header, encode_header
from chain.certificate import Certificate, decode_certificate, encode_certificate
from chain.codec import Encodable, Value, as_array, as_bytes, as_hashes, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.limits import (
    SNAPSHOT_CHUNK_BYTES_MAX,
    SNAPSHOT_CHUNKS_MAX,
    SNAPSHOT_MANIFEST_BYTES_MAX,
    SNAPSHOT_ROWS_MAX,
)
from chain.parameters import Parameters, decode_parameters, encode_parameters
from chain.record import Decided
from chain.validators import ValidatorSet, decode_validators, encode_validators
from chain.vote import Height, Round

KIND, VERSION = "terang-snapshot", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """See the module. `next_validators` decide H+2."""

    genesis_hash: Digest
    last: Decided
    following: Decided
    next_validators: ValidatorSet
    parameters: Parameters
    rows: int
    bytes: int
    hand_overs: tuple[Digest, ...]
    window: tuple[Digest, ...]
    state: tuple[Digest, ...]

    @property
    def height(self) -> Height:
        """The height after which the state is taken."""
        return self.last.header.height

    @property
    def chunks(self) -> tuple[Digest, ...]:
        """Hashes of all chunks, in the order in which they are read."""
        return self.hand_overs + self.window + self.state


def encode_manifest(manifest: Manifest) -> bytes:
    """Canonical bytes."""
    sets = (manifest.last.validators, manifest.following.validators, manifest.next_validators)
    parts = (manifest.hand_overs, manifest.window, manifest.state)
    return encode(
        [
            KIND,
            VERSION,
            manifest.genesis_hash,
            APP_VERSION,
            _decided_value(manifest.last),
            _decided_value(manifest.following),
            [encode_validators(found) for found in sets],
            encode_parameters(manifest.parameters),
            manifest.rows,
            manifest.bytes,
            *(b"".join(part) for part in parts),
        ]
    )


def snapshot_id(manifest: Manifest) -> Digest:
    """SHA-256 of all but the certificate of H+1, of which every node has its own: by this, nodes offer the same snapshot."""
    following = manifest.following
    none = Certificate(
        height=following.header.height,
        round=Round(0),
        block_id=compute_block_id(following.header),
        signatures=(),
    )
    return sha256(encode_manifest(replace(manifest, following=replace(following, certificate=none))))


def decode_manifest(data: bytes) -> Manifest:
    """Inverse of `encode_manifest`: form and bounds alone. Raises `Malformed`."""
    items = as_array(decode(data, bytes_max=SNAPSHOT_MANIFEST_BYTES_MAX), "manifest", 13)
    if items[0] != KIND or as_uint(items[1], "snapshot version") != VERSION:
        raise Malformed(f"manifest: expected {KIND} of version {VERSION}, got another kind or version")
    if as_uint(items[3], "app version") != APP_VERSION:
        raise Malformed(
            f"manifest: this release goes on from app version {APP_VERSION}, this is {items[3]!r}"
        )
    last_validators, validators, next_validators = (
        decode_validators(as_bytes(item, "validators")) for item in as_array(items[6], "validators", 3)
    )
    hand_overs, window, state = (
        tuple(Digest(one) for one in as_hashes(item, what, length_max=SNAPSHOT_CHUNKS_MAX))
        for item, what in zip(items[10:], ("hand-overs", "window", "state"), strict=True)
    )
    manifest = Manifest(
        genesis_hash=Digest(as_bytes(items[2], "genesis hash", DIGEST_BYTES)),
        last=_decided_from(items[4], last_validators),
        following=_decided_from(items[5], validators),
        next_validators=next_validators,
        parameters=decode_parameters(as_bytes(items[7], "parameters")),
        rows=as_uint(items[8], "rows", SNAPSHOT_ROWS_MAX),
        bytes=as_uint(items[9], "bytes", SNAPSHOT_CHUNKS_MAX * SNAPSHOT_CHUNK_BYTES_MAX),
        hand_overs=hand_overs,
        window=window,
        state=state,
    )
    if not 1 <= len(manifest.chunks) <= SNAPSHOT_CHUNKS_MAX:
        raise Malformed(f"manifest: expected 1 to {SNAPSHOT_CHUNKS_MAX} chunks, got {len(manifest.chunks)}")
    return manifest


def _decided_value(decided: Decided) -> Encodable:
    return [encode_header(decided.header), encode_certificate(decided.certificate)]


def _decided_from(value: Value, validators: ValidatorSet) -> Decided:
    header, certificate = as_array(value, "decided header", 2)
    return Decided(
        header=decode_header(as_bytes(header, "header")),
        certificate=decode_certificate(as_bytes(certificate, "certificate")),
        validators=validators,
    )
