"""Two nodes prove to each other who they are, and agree on keys that nobody else has. A pure machine: bytes in, bytes out.

    both      "TERANG" || version || ephemeral X25519 key                                   39 bytes, in clear
    both      secretstream header || one frame: [node key, chain id, genesis hash, signature]     encrypted
    signature tagged "handshake" over (version, chain id, genesis hash, side, dialler's and listener's ephemeral, node key)

The keys come from `crypto_kx` (the dialler is its client), so a frame that decrypts was made by the holder of the other
ephemeral; the signature, inside, binds that to a node key, this network and this side. A recorded handshake is useless:
ephemerals are fresh. Who we are is told only under encryption, what network we are on likewise.
"""

from dataclasses import dataclass
from enum import Enum

from nacl.bindings import (
    crypto_kx_client_session_keys,
    crypto_kx_seed_keypair,
    crypto_kx_server_session_keys,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_HEADERBYTES as HEADER_BYTES,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_KEYBYTES as KEY_BYTES,
)
from nacl.exceptions import CryptoError

from chain.codec import as_array, as_bytes, as_text, decode, encode
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, tagged
from chain.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, PublicKey, Signature, SigningKey, is_signed
from chain.limits import CHAIN_ID_BYTES_MAX, HANDSHAKE_BYTES_MAX
from p2p.errors import LinkRefused
from p2p.frames import FrameOpener, FrameSealer

MAGIC = b"TERANG"
PROTOCOL_VERSION = 1
_HELLO_BYTES = len(MAGIC) + 1 + PUBLIC_KEY_BYTES


class Side(Enum):
    """Who called whom."""

    DIALLER = "dialler"
    LISTENER = "listener"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are on this network."""

    key: SigningKey
    chain_id: str
    genesis_hash: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A finished handshake: who the peer is, and the two directions. `opener` keeps what came after it already."""

    peer: PublicKey
    sealer: FrameSealer
    opener: FrameOpener


class Handshake:
    """One attempt. Send `hello`, feed what comes to `receive` and send what it returns, until `session` is there."""

    def __init__(self, identity: Identity, side: Side, ephemeral_seed: bytes) -> None:
        """`ephemeral_seed` is 32 bytes of chance, used for this handshake alone."""
        self._identity = identity
        self._side = side
        self._public, self._secret = crypto_kx_seed_keypair(ephemeral_seed)
        self._received = b""
        self._peer_public: bytes | None = None
        self._sealer: FrameSealer | None = None
        self._receive_key = bytes(KEY_BYTES)
        self.session: Session | None = None

    @property
    def hello(self) -> bytes:
        """The first bytes of either side."""
        return MAGIC + bytes([PROTOCOL_VERSION]) + self._public

    def receive(self, data: bytes) -> bytes:
        """Takes bytes of the peer and returns those to send.

        Raises:
            LinkRefused: with what was expected and what came.
        """
        self._received += data
        if self._peer_public is None:
            self._check_first_bytes()
        answer = b""
        if self._peer_public is None and len(self._received) >= _HELLO_BYTES:
            answer = self._on_hello()
        if self._peer_public is not None and self.session is None:
            self._on_proof()
        return answer

    def _check_first_bytes(self) -> None:
        """Sends another protocol's client away with its first bytes, before it is long waited for."""
        first = self._received[: len(MAGIC)]
        if not MAGIC.startswith(first):
            raise LinkRefused(
                f"handshake: expected a Terang node, got something else that begins with {first!r}"
            )
        if len(self._received) > HANDSHAKE_BYTES_MAX:
            raise LinkRefused(f"handshake: expected at most {HANDSHAKE_BYTES_MAX} bytes, got more")

    def _on_hello(self) -> bytes:
        hello, self._received = self._received[:_HELLO_BYTES], self._received[_HELLO_BYTES:]
        if hello[len(MAGIC)] != PROTOCOL_VERSION:
            raise LinkRefused(
                f"handshake: expected protocol version {PROTOCOL_VERSION}, got {hello[len(MAGIC)]}"
            )
        self._peer_public = hello[len(MAGIC) + 1 :]
        self._receive_key, send_key = self._compute_keys(self._peer_public)
        self._sealer = FrameSealer(send_key)
        return self._sealer.header + self._sealer.seal(self._make_proof())

    def _compute_keys(self, peer_public: bytes) -> tuple[bytes, bytes]:
        exchange = (
            crypto_kx_client_session_keys if self._side is Side.DIALLER else crypto_kx_server_session_keys
        )
        try:
            receive_key, send_key = exchange(self._public, self._secret, peer_public)
        except CryptoError:
            raise LinkRefused("handshake: the peer's ephemeral key is of small order") from None
        return receive_key, send_key

    def _make_proof(self) -> bytes:
        identity = self._identity
        signature = identity.key.sign(self._sign_bytes(self._side, identity.key.public))
        return encode((identity.key.public, identity.chain_id, identity.genesis_hash, signature))

    def _sign_bytes(self, side: Side, node_key: PublicKey) -> bytes:
        assert self._peer_public is not None, "signed after the ephemerals are known"
        mine, theirs = self._public, self._peer_public
        dialler, listener = (mine, theirs) if self._side is Side.DIALLER else (theirs, mine)
        identity = self._identity
        content = (
            PROTOCOL_VERSION,
            identity.chain_id,
            identity.genesis_hash,
            side.value,
            dialler,
            listener,
            node_key,
        )
        return tagged("handshake", encode(content))

    def _on_proof(self) -> None:
        if len(self._received) < HEADER_BYTES:
            return
        opener = FrameOpener(self._receive_key, self._received[:HEADER_BYTES])
        opener.feed(self._received[HEADER_BYTES:])
        proof = opener.next_frame(bytes_max=HANDSHAKE_BYTES_MAX)
        if proof is None:
            return
        peer = self._check_proof(proof)
        assert self._sealer is not None, "our hello went out before"
        self.session = Session(peer=peer, sealer=self._sealer, opener=opener)

    def _check_proof(self, proof: bytes) -> PublicKey:
        identity = self._identity
        try:
            node_key, chain_id, genesis_hash, signature = as_array(
                decode(proof, bytes_max=HANDSHAKE_BYTES_MAX), "handshake proof", 4
            )
            peer = PublicKey(as_bytes(node_key, "node key", PUBLIC_KEY_BYTES))
            chain = as_text(chain_id, "chain id", length_max=CHAIN_ID_BYTES_MAX)
            genesis = as_bytes(genesis_hash, "genesis hash", DIGEST_BYTES)
            signed = Signature(as_bytes(signature, "signature", SIGNATURE_BYTES))
        except Malformed as error:
            raise LinkRefused(f"handshake: {error}") from error
        if chain != identity.chain_id:
            raise LinkRefused(f"handshake: expected chain {identity.chain_id!r}, got {chain!r}")
        if genesis != identity.genesis_hash:
            raise LinkRefused(
                f"handshake: expected genesis {identity.genesis_hash.hex()[:16]}…, got {genesis.hex()[:16]}…: "
                "one of the two nodes starts from another genesis document than its network"
            )
        if peer == identity.key.public:
            raise LinkRefused("handshake: the peer is this node itself")
        other = Side.LISTENER if self._side is Side.DIALLER else Side.DIALLER
        if not is_signed(peer, self._sign_bytes(other, peer), signed):
            raise LinkRefused(f"handshake: the proof is not signed by node {peer.hex()[:16]}…")
        return peer
