"""Documents with nothing by chance in them."""

from chain.hashing import sha256
from chain.keys import Address, SigningKey
from documents.container import Document, seal_document
from documents.readers import Wrap, document_public, document_secret, wrap_key

OWNER, AGENCY_KEY, STRANGER = (SigningKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3))
AGENCY = "barat"


def content_key(number: int = 0) -> bytes:
    """A content key."""
    return sha256(b"content key %d" % number)


def wrap_for(reader: SigningKey, key: bytes, *, owner: Address = OWNER.address, agency: str = AGENCY) -> Wrap:
    """A content key for a reader."""
    ephemeral = sha256(b"ephemeral" + reader.public + key)
    public = document_public(document_secret(reader.seed))
    return wrap_key(key, public, ephemeral, owner, agency)


def make_container(
    data: bytes = b"Isi dokumen",
    *,
    number: int = 0,
    is_public: bool = False,
    owner: Address = OWNER.address,
    agency: str = AGENCY,
    readers: tuple[SigningKey, ...] = (AGENCY_KEY, OWNER),
) -> bytes:
    """A container, for the agency and its owner unless it is public."""
    key = content_key(number)
    wraps = [wrap_for(reader, key, owner=owner, agency=agency) for reader in readers]
    return seal_document(
        Document(name="penawaran.pdf", media_type="application/pdf", data=data),
        key,
        owner=owner,
        agency=agency,
        is_public=is_public,
        readers=[] if is_public else wraps,
    )
