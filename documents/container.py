"""One document as nodes keep it: a header in clear and the rest under a content key; SHA-256 of the whole is its name.

    container   length of the header, 4 bytes big-endian | header | chunks
    header      CBOR array (`chain.codec`): format 1 | owner, 20 bytes | agency, text | bytes of padded content
                | content key, 32 bytes, of a public document; else no bytes
                | readers: arrays of public key, ephemeral key, wrapped content key
    content     length of the description, 4 bytes big-endian | description | document | zeros up to its size class
    description CBOR array: file name, media type, bytes of the document
    chunks      each 64 KiB of content, the last one what is left, XChaCha20-Poly1305: nonce 20 zero bytes and the chunk's
                number from 0 in 4 bytes big-endian; associated data "terang:document" 0 | SHA-256 of the header

In clear stands only what a node needs to decide who may read: name and type can betray a person and are inside. Header and
chunks hold each other: neither can be given another half. A nonce comes once, since a content key seals one document.
A document without readers is opened by who is handed its key elsewhere: a bid's proposal, whose key lies in the bid's
envelope and becomes known when that is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from chain.codec import as_array, as_bytes, as_text, as_uint, decode, encode
from chain.document import DocumentFacts
from chain.errors import Invalid, Malformed
from chain.hashing import Digest, sha256, tagged
from chain.keys import ADDRESS_BYTES, Address
from chain.limits import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_CHUNK_BYTES,
    DOCUMENT_CONTAINER_BYTES_MAX,
    DOCUMENT_CONTENT_BYTES_MAX,
    DOCUMENT_HEADER_BYTES_MAX,
    DOCUMENT_NAME_BYTES_MAX,
    DOCUMENT_READERS_MAX,
    DOCUMENT_SIZE_CLASS_MIN,
    DOCUMENT_TYPE_BYTES_MAX,
    NAME_BYTES_MAX,
)
from documents.readers import KEY_BYTES, NONCE_BYTES, TAG_BYTES, WRAPPED_BYTES, Wrap, unwrap_key

FORMAT = 1
LENGTH_BYTES = 4
HEAD_BYTES_MAX = LENGTH_BYTES + DOCUMENT_HEADER_BYTES_MAX
"""So many bytes from the start hold the header, whatever is in it."""

_SIZE_BITS = 4
_DESCRIPTION_BYTES_MAX = DOCUMENT_NAME_BYTES_MAX + DOCUMENT_TYPE_BYTES_MAX + 16


class DoesNotOpen(Invalid):
    """A container that this key does not open, or that was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is in a container."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What stands in clear. `owner` put it there: a supplier's id, or an officer's address. `agency`: whose officers may
    fetch it. `public_key` is the content key of a public document, None otherwise.
    """

    owner: Address
    agency: str
    content_bytes: int
    public_key: bytes | None
    readers: tuple[Wrap, ...]

    @property
    def chunks(self) -> int:
        """How many there are."""
        return -(-self.content_bytes // DOCUMENT_CHUNK_BYTES)

    @property
    def body_bytes(self) -> int:
        """Bytes of all chunks with their tags."""
        return self.content_bytes + self.chunks * TAG_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container whose form was checked; whether it opens only its key tells."""

    header: Header
    raw_header: bytes
    body: bytes
    hash: Digest

    @property
    def facts(self) -> DocumentFacts:
        """What a receipt for it says."""
        return DocumentFacts(
            hash=self.hash,
            size=LENGTH_BYTES + len(self.raw_header) + len(self.body),
            owner=self.header.owner,
            agency=self.header.agency,
            is_public=self.header.public_key is not None,
        )


def compute_size_class(length: int) -> int:
    """The padded size of a content: rounded up to four significant bits, so that it grows by an eighth at most."""
    step = max(DOCUMENT_SIZE_CLASS_MIN, 1 << max(0, length.bit_length() - _SIZE_BITS))
    return -(-length // step) * step


def seal_document(
    document: Document,
    content_key: bytes,
    *,
    owner: Address,
    agency: str,
    is_public: bool,
    readers: Sequence[Wrap] = (),
) -> bytes:
    """The container of a document. A content key must never be used twice.

    Raises:
        Malformed: document, name, type or agency are too long, or there are too many readers.

    """
    assert len(content_key) == KEY_BYTES, "a content key has 32 bytes"
    content = _encode_content(document)
    header = Header(
        owner=owner,
        agency=agency,
        content_bytes=len(content),
        public_key=content_key if is_public else None,
        readers=tuple(readers),
    )
    raw = _encode_header(header)
    decode_header(raw)  # what we write, we can read
    bound = _bind(raw)
    chunks = (
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            content[number * DOCUMENT_CHUNK_BYTES : (number + 1) * DOCUMENT_CHUNK_BYTES],
            bound,
            _nonce(number),
            content_key,
        )
        for number in range(header.chunks)
    )
    return len(raw).to_bytes(LENGTH_BYTES, "big") + raw + b"".join(chunks)


def parse_container(data: bytes) -> Container:
    """A container of any origin, checked as far as anybody can without its key. Raises `Malformed`."""
    if len(data) > DOCUMENT_CONTAINER_BYTES_MAX:
        raise Malformed(f"container: expected at most {DOCUMENT_CONTAINER_BYTES_MAX} bytes, got {len(data)}")
    raw = cut_header(data)
    header = decode_header(raw)
    body = data[LENGTH_BYTES + len(raw) :]
    if len(body) != header.body_bytes:
        raise Malformed(f"container: expected {header.body_bytes} bytes of chunks, got {len(body)}")
    return Container(header=header, raw_header=raw, body=body, hash=sha256(data))


def cut_header(data: bytes) -> bytes:
    """The header's bytes from the beginning of a container. Raises `Malformed`."""
    length = int.from_bytes(data[:LENGTH_BYTES], "big")
    raw = data[LENGTH_BYTES : LENGTH_BYTES + length]
    if len(data) < LENGTH_BYTES or length > DOCUMENT_HEADER_BYTES_MAX or len(raw) != length:
        raise Malformed(f"container: expected a header of at most {DOCUMENT_HEADER_BYTES_MAX} bytes")
    return raw


def decode_header(raw: bytes) -> Header:
    """A header. Raises `Malformed`."""
    fields = as_array(decode(raw, bytes_max=DOCUMENT_HEADER_BYTES_MAX), "header", 6)
    format_ = as_uint(fields[0], "header: format")
    if format_ != FORMAT:
        raise Malformed(f"header: expected format {FORMAT}, got {format_}")
    content_bytes = as_uint(fields[3], "header: content", DOCUMENT_CONTENT_BYTES_MAX)
    if content_bytes == 0 or content_bytes != compute_size_class(content_bytes):
        raise Malformed(f"header: expected the length of a size class, got {content_bytes}")
    agency = as_text(fields[2], "header: agency", length_max=NAME_BYTES_MAX)
    if not agency:
        raise Malformed("header: expected an agency, got an empty name")
    key = as_bytes(fields[4], "header: content key", length_max=KEY_BYTES)
    readers = as_array(fields[5], "header: readers", length_max=DOCUMENT_READERS_MAX)
    if len(key) not in (0, KEY_BYTES) or (key and readers):
        raise Malformed("header: expected a key of 32 bytes and no readers, or readers and no key")
    return Header(
        owner=Address(as_bytes(fields[1], "header: owner", ADDRESS_BYTES)),
        agency=agency,
        content_bytes=content_bytes,
        public_key=key or None,
        readers=tuple(_decode_reader(reader) for reader in readers),
    )


def find_content_key(header: Header, secret: bytes | None) -> bytes | None:
    """The content key: in the header of a public document, else by the reader's X25519 secret; None where it opens none."""
    if header.public_key is not None or secret is None:
        return header.public_key
    for wrap in header.readers:
        key = unwrap_key(wrap, secret, header.owner, header.agency)
        if key is not None:
            return key
    return None


def open_container(container: Container, content_key: bytes) -> Document:
    """What is in it. Raises `DoesNotOpen`."""
    bound = _bind(container.raw_header)
    step = DOCUMENT_CHUNK_BYTES + TAG_BYTES
    try:
        content = b"".join(
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                container.body[number * step : (number + 1) * step], bound, _nonce(number), content_key
            )
            for number in range(container.header.chunks)
        )
        return _decode_content(content)
    except (CryptoError, Malformed) as error:
        raise DoesNotOpen(
            f"document {container.hash.hex()}: this key does not open it, or it was changed"
        ) from error


def _encode_header(header: Header) -> bytes:
    readers = tuple((wrap.reader, wrap.ephemeral, wrap.wrapped) for wrap in header.readers)
    key = header.public_key or b""
    return encode((FORMAT, header.owner, header.agency, header.content_bytes, key, readers))


def _decode_reader(value: object) -> Wrap:
    fields = as_array(value, "reader", 3)  # type: ignore[arg-type]  # an item of a decoded array is a value
    return Wrap(
        reader=as_bytes(fields[0], "reader: key", KEY_BYTES),
        ephemeral=as_bytes(fields[1], "reader: ephemeral key", KEY_BYTES),
        wrapped=as_bytes(fields[2], "reader: wrapped key", WRAPPED_BYTES),
    )


def _encode_content(document: Document) -> bytes:
    if len(document.data) > DOCUMENT_BYTES_MAX:
        raise Malformed(f"document: expected at most {DOCUMENT_BYTES_MAX} bytes, got {len(document.data)}")
    description = encode((document.name, document.media_type, len(document.data)))
    _decode_description(description)  # what we write, we can read
    content = len(description).to_bytes(LENGTH_BYTES, "big") + description + document.data
    return content.ljust(compute_size_class(len(content)), b"\x00")


def _decode_content(content: bytes) -> Document:
    """One document has one content: zeros behind it, to its own size class."""
    start = LENGTH_BYTES + int.from_bytes(content[:LENGTH_BYTES], "big")
    name, media_type, length = _decode_description(content[LENGTH_BYTES:start])
    end = start + length
    if end > len(content) or compute_size_class(end) != len(content) or any(content[end:]):
        raise Malformed("content: expected zeros behind the document, up to its size class")
    return Document(name=name, media_type=media_type, data=content[start:end])


def _decode_description(raw: bytes) -> tuple[str, str, int]:
    fields = as_array(decode(raw, bytes_max=_DESCRIPTION_BYTES_MAX), "description", 3)
    return (
        as_text(fields[0], "description: name", length_max=DOCUMENT_NAME_BYTES_MAX),
        as_text(fields[1], "description: media type", length_max=DOCUMENT_TYPE_BYTES_MAX),
        as_uint(fields[2], "description: bytes", DOCUMENT_BYTES_MAX),
    )


def _bind(raw_header: bytes) -> bytes:
    return tagged("document", sha256(raw_header))


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")
