"""Envelopes open with their key in their place, and nowhere else; opening is total."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Malformed
from chain.limits import ENVELOPE_DOCUMENT_BYTES_MAX
from sealed.envelope import KEY_BYTES, TAG_BYTES, compute_size_class, is_openable, open_envelope, seal

KEY = bytes(range(KEY_BYTES))
CONTEXT = b"tender 7, envelope 2"


@settings(max_examples=100)
@given(st.binary(max_size=2_000), st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), st.binary(max_size=100))
def test_a_sealed_document_opens_as_it_was(document: bytes, key: bytes, context: bytes) -> None:
    assert open_envelope(seal(document, key, context), key, context) == document


@given(st.binary(max_size=400), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_changed_byte_closes_an_envelope(document: bytes, place: int, change: int) -> None:
    sealed = bytearray(seal(document, KEY, CONTEXT))
    sealed[place % len(sealed)] ^= change
    assert open_envelope(bytes(sealed), KEY, CONTEXT) is None


def test_another_key_or_another_place_does_not_open() -> None:
    sealed = seal(b"price", KEY, CONTEXT)
    assert is_openable(sealed, KEY, CONTEXT)
    assert not is_openable(sealed, KEY[::-1], CONTEXT)
    assert not is_openable(sealed, KEY, b"tender 8, envelope 2")


@given(st.binary(max_size=700), st.binary(max_size=40), st.binary(max_size=40))
def test_opening_is_total(ciphertext: bytes, key: bytes, context: bytes) -> None:
    assert open_envelope(ciphertext, key, context) is None


@pytest.mark.parametrize(
    ("length", "padded"), [(0, 256), (1, 256), (256, 256), (257, 512), (512, 512), (513, 1024)]
)
def test_lengths_fall_into_classes(length: int, padded: int) -> None:
    assert compute_size_class(length) == padded


def test_documents_of_one_class_cannot_be_told_apart_by_length() -> None:
    assert len(seal(b"1", KEY, CONTEXT)) == len(seal(b"1" * 250, KEY, CONTEXT)) == 256 + TAG_BYTES


def test_a_document_too_long_and_a_short_key_are_refused() -> None:
    with pytest.raises(Malformed, match="document: expected at most"):
        seal(bytes(ENVELOPE_DOCUMENT_BYTES_MAX + 1), KEY, CONTEXT)
    with pytest.raises(Malformed, match="envelope key: expected 32 bytes, got 31"):
        seal(b"", KEY[1:], CONTEXT)


def test_the_derivation_is_fixed() -> None:
    """RFC 5869 with salt `terang:envelope\\0`; other implementations must find the same bytes."""
    assert seal(b"", KEY, b"").hex()[:32] == "abd97583b96e55b889d8e0d7a8a520d6"
