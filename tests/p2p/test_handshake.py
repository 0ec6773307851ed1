"""The handshake: who is let in, and that nothing else than a peer's own fresh words lets anybody in."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.hashing import sha256
from chain.limits import HANDSHAKE_BYTES_MAX
from p2p.errors import LinkRefused, PeerMisbehaved
from p2p.handshake import MAGIC, Handshake, Identity, Side
from tests.chain.making import make_key
from tests.p2p.making import make_handshake, make_identity, make_sessions, shake


def test_both_sides_know_each_other_and_share_both_directions() -> None:
    first, second = make_sessions()
    assert (first.peer, second.peer) == (make_key(2).public, make_key(1).public)
    for sender, receiver in ((first, second), (second, first)):
        receiver.opener.feed(sender.sealer.seal(b"words"))
        assert receiver.opener.next_frame() == b"words"


def test_bytes_that_come_one_by_one_make_the_same_session() -> None:
    dialler, listener = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    answer = b"".join(listener.receive(bytes([byte])) for byte in dialler.hello)
    reply = b"".join(dialler.receive(bytes([byte])) for byte in listener.hello + answer)
    for byte in reply:
        listener.receive(bytes([byte]))
    assert dialler.session is not None and listener.session is not None


def test_frames_right_behind_the_handshake_are_kept() -> None:
    dialler, listener = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    answer = listener.receive(dialler.hello)
    reply = dialler.receive(listener.hello + answer)
    assert dialler.session is not None
    listener.receive(reply + dialler.session.sealer.seal(b"first words"))
    assert listener.session is not None
    assert listener.session.opener.next_frame() == b"first words"


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        (b"GET / HTTP/1.1\r\nhost: terang\r\naccept: */*\r\n", "expected a Terang node"),
        (MAGIC + bytes([2]) + bytes(32), "expected protocol version 1, got 2"),
        (MAGIC + bytes([1]) + bytes(32), "small order"),
        (MAGIC + bytes([1]) + bytes([1]) + bytes(31), "small order"),
        (b"G", "expected a Terang node, got something else that begins with b'G'"),
        (bytes(HANDSHAKE_BYTES_MAX + 1), "expected a Terang node"),
        (MAGIC + bytes(HANDSHAKE_BYTES_MAX), "at most 1024 bytes"),
    ],
)
def test_refused_by_its_first_bytes(hello: bytes, reason: str) -> None:
    with pytest.raises(LinkRefused, match=reason):
        make_handshake(2, Side.LISTENER).receive(hello)


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (replace(make_identity(1), chain_id="another"), "expected chain"),
        (replace(make_identity(1), genesis_hash=sha256(b"another")), "expected genesis"),
        (make_identity(2), "this node itself"),
    ],
)
def test_another_network_and_oneself_are_refused(identity: Identity, reason: str) -> None:
    dialler = Handshake(identity, Side.DIALLER, sha256(b"seed"))
    with pytest.raises(LinkRefused, match=reason):
        shake(dialler, make_handshake(2, Side.LISTENER))


def test_two_callers_do_not_come_together() -> None:
    with pytest.raises((LinkRefused, PeerMisbehaved)):
        shake(make_handshake(1, Side.DIALLER), make_handshake(2, Side.DIALLER))


def test_our_own_words_sent_back_do_not_let_anybody_in() -> None:
    victim = make_handshake(1, Side.DIALLER)
    proof = victim.receive(victim.hello)
    with pytest.raises((LinkRefused, PeerMisbehaved)):
        victim.receive(proof)


def test_a_recorded_handshake_is_useless() -> None:
    dialler, listener = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    recorded = dialler.hello + dialler.receive(listener.hello + listener.receive(dialler.hello))
    later = Handshake(make_identity(2), Side.LISTENER, sha256(b"fresh"))
    with pytest.raises((LinkRefused, PeerMisbehaved)):
        later.receive(recorded)


def test_a_proof_for_one_node_does_not_serve_with_another() -> None:
    """Whoever is called may not present the caller's proof to a third node."""
    caller, called = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    caller_proof = caller.receive(called.hello)
    third = make_handshake(3, Side.LISTENER)
    third.receive(caller.hello)
    with pytest.raises((LinkRefused, PeerMisbehaved)):
        third.receive(caller_proof)


@given(at=st.integers(min_value=0, max_value=10_000), flip=st.integers(min_value=1, max_value=255))
def test_no_changed_byte_passes(at: int, flip: int) -> None:
    dialler, listener = make_handshake(1, Side.DIALLER), make_handshake(2, Side.LISTENER)
    answer = listener.hello + listener.receive(dialler.hello)
    changed = bytearray(answer)
    changed[at % len(answer)] ^= flip
    with suppress(LinkRefused, PeerMisbehaved):
        dialler.receive(bytes(changed))
    assert dialler.session is None


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_are_refused_in_words(pieces: list[bytes]) -> None:
    listener = make_handshake(2, Side.LISTENER)
    try:
        for piece in pieces:
            listener.receive(piece)
    except (LinkRefused, PeerMisbehaved):
        pass
    assert listener.session is None
