"""Containers: what goes in comes out, nothing else opens, and nothing in clear betrays what is inside."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import decode, encode
from chain.errors import Malformed
from chain.hashing import sha256
from chain.limits import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_CHUNK_BYTES,
    DOCUMENT_CONTAINER_BYTES_MAX,
    DOCUMENT_CONTENT_BYTES_MAX,
    DOCUMENT_HEADER_BYTES_MAX,
    DOCUMENT_READERS_MAX,
    DOCUMENT_SIZE_CLASS_MIN,
)
from documents.container import (
    LENGTH_BYTES,
    Document,
    DoesNotOpen,
    compute_size_class,
    cut_header,
    find_content_key,
    open_container,
    parse_container,
    seal_document,
)
from documents.readers import document_secret, unwrap_key, wrap_key
from tests.documents.making import AGENCY, AGENCY_KEY, OWNER, STRANGER, content_key, make_container, wrap_for


@settings(max_examples=40, deadline=None)
@given(
    size=st.one_of(
        st.integers(0, 3_000),
        st.integers(-300, 300).map(lambda off: DOCUMENT_CHUNK_BYTES + off),
        st.integers(0, 5 * DOCUMENT_CHUNK_BYTES),
    ),
    name=st.text(max_size=50),
)
def test_what_goes_in_comes_out(size: int, name: str) -> None:
    document = Document(name=name, media_type="text/plain", data=bytes([size % 251]) * size)
    raw = seal_document(document, content_key(), owner=OWNER.address, agency=AGENCY, is_public=False)
    container = parse_container(raw)
    assert open_container(container, content_key()) == document
    assert container.hash == sha256(raw) and container.facts.size == len(raw)


def test_the_largest_document_fits_and_one_byte_more_does_not() -> None:
    raw = make_container(bytes(DOCUMENT_BYTES_MAX))
    assert len(raw) <= DOCUMENT_CONTAINER_BYTES_MAX
    assert parse_container(raw).header.content_bytes == DOCUMENT_CONTENT_BYTES_MAX
    with pytest.raises(Malformed, match="expected at most"):
        make_container(bytes(DOCUMENT_BYTES_MAX + 1))


def test_readers_find_the_key_and_others_do_not() -> None:
    header = parse_container(make_container()).header
    assert find_content_key(header, document_secret(OWNER.seed)) == content_key()
    assert find_content_key(header, document_secret(AGENCY_KEY.seed)) == content_key()
    assert find_content_key(header, document_secret(STRANGER.seed)) is None
    assert find_content_key(header, None) is None


def test_a_public_document_carries_its_key() -> None:
    container = parse_container(make_container(is_public=True))
    assert container.facts.is_public and container.header.readers == ()
    key = find_content_key(container.header, None)
    assert key is not None and open_container(container, key).data == b"Isi dokumen"


def test_a_document_without_readers_opens_with_the_key_that_is_handed_over() -> None:
    container = parse_container(make_container(readers=()))
    assert find_content_key(container.header, document_secret(OWNER.seed)) is None
    assert open_container(container, content_key()).name == "penawaran.pdf"


def test_a_key_is_wrapped_for_one_place() -> None:
    wrap, secret = wrap_for(OWNER, content_key()), document_secret(OWNER.seed)
    assert unwrap_key(wrap, secret, OWNER.address, AGENCY) == content_key()
    assert unwrap_key(wrap, secret, STRANGER.address, AGENCY) is None
    assert unwrap_key(wrap, secret, OWNER.address, "timur") is None


@pytest.mark.parametrize("reader", [bytes(32), b"\x01" + bytes(31), b"", bytes(31)])
def test_what_is_no_key_wraps_nothing(reader: bytes) -> None:
    with pytest.raises(Malformed, match="X25519"):
        wrap_key(content_key(), reader, sha256(b"chance"), OWNER.address, AGENCY)


def test_every_changed_byte_shows() -> None:
    raw = make_container(b"x" * 100, readers=(OWNER,))
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            container = parse_container(changed)
        except Malformed:
            continue
        assert container.hash != sha256(raw)
        with pytest.raises(DoesNotOpen):
            open_container(container, content_key())


def test_chunks_cannot_be_moved_or_left_out() -> None:
    step = DOCUMENT_CHUNK_BYTES + 16
    raw = make_container(bytes(3 * DOCUMENT_CHUNK_BYTES), readers=())
    start = LENGTH_BYTES + len(cut_header(raw))
    swapped = (
        raw[:start]
        + raw[start + step : start + 2 * step]
        + raw[start : start + step]
        + raw[start + 2 * step :]
    )
    with pytest.raises(DoesNotOpen):
        open_container(parse_container(swapped), content_key())
    with pytest.raises(Malformed, match="bytes of chunks"):
        parse_container(raw[: start + step])


def test_another_header_does_not_fit_the_same_chunks() -> None:
    raw, other = make_container(readers=()), make_container(readers=(), owner=STRANGER.address)
    start = LENGTH_BYTES + len(cut_header(raw))
    forged = other[:start] + raw[start:]
    with pytest.raises(DoesNotOpen):
        open_container(parse_container(forged), content_key())


def test_nothing_in_clear_tells_name_type_or_text() -> None:
    raw = make_container(b"NIK 3201234567890001 atas nama Budi")
    for part in (b"3201234567890001", b"Budi", b"penawaran", b"pdf"):
        assert part not in raw


@given(st.integers(1, DOCUMENT_CONTENT_BYTES_MAX))
def test_a_size_class_hides_an_eighth_at_most(length: int) -> None:
    found = compute_size_class(length)
    assert (
        length <= found <= max(DOCUMENT_SIZE_CLASS_MIN, length + length // 8 + 1, 1024 * -(-length // 1024))
    )
    assert compute_size_class(found) == found


def header_with(**changes: object) -> bytes:
    """A container with another header and no chunks' worth of care."""
    usual: dict[str, object] = {
        "format": 1,
        "owner": OWNER.address,
        "agency": AGENCY,
        "content": 1024,
        "key": b"",
        "readers": (),
    }
    raw = encode(tuple((usual | changes).values()))  # type: ignore[arg-type]  # whatever a test wants to try
    return len(raw).to_bytes(4, "big") + raw + bytes(1024 + 16)


WRAP = (bytes(32), bytes(32), bytes(48))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"owner": bytes(19)},
        {"agency": ""},
        {"agency": "x" * 65},
        {"content": 0},
        {"content": 1023},
        {"content": DOCUMENT_CONTENT_BYTES_MAX + 1024 * 1024},
        {"key": bytes(31)},
        {"key": bytes(32), "readers": (WRAP,)},
        {"readers": (WRAP,) * (DOCUMENT_READERS_MAX + 1)},
        {"readers": ((bytes(32), bytes(32)),)},
        {"readers": ((bytes(31), bytes(32), bytes(48)),)},
        {"content": 2048},
        {"more": 1},
    ],
)
def test_headers_that_are_none(changes: dict[str, object]) -> None:
    parse_container(header_with())
    with pytest.raises(Malformed):
        parse_container(header_with(**changes))


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x05\x86", bytes(200)]
)
def test_bytes_that_are_no_container(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_container(data)


def test_a_full_header_fits() -> None:
    assert decode(
        cut_header(header_with(readers=(WRAP,) * DOCUMENT_READERS_MAX)), bytes_max=DOCUMENT_HEADER_BYTES_MAX
    )
    with pytest.raises(Malformed):
        parse_container(bytes(DOCUMENT_CONTAINER_BYTES_MAX + 1))
