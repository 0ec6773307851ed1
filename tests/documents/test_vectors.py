"""Every byte of documents as `vectors.json` has it, so that a browser can be held to the same; `--rewrite` writes it anew."""

import json
from pathlib import Path

from chain.codec import encode
from chain.document import (
    Action,
    DocumentFacts,
    decode_credential,
    is_receipt_signed,
    is_request_signed,
    receipt_message,
    request_message,
    sign_receipt,
    sign_request,
)
from chain.hashing import sha256
from chain.limits import DOCUMENT_CHUNK_BYTES
from documents.container import (
    compute_size_class,
    cut_header,
    find_content_key,
    open_container,
    parse_container,
)
from documents.proposal import Proposal, decode_proposal, encode_proposal
from documents.readers import document_public, document_secret
from tests.documents.making import AGENCY, AGENCY_KEY, OWNER, STRANGER, content_key, make_container, wrap_for

VECTORS = Path(__file__).with_name("vectors.json")
CHAIN = "terang-uji"
AT_MS = 1_700_000_000_123

Vectors = dict[str, "str | int | bool | list[int] | Vectors"]


def make_vectors() -> Vectors:
    """Everything a second implementation has to get right, as hexadecimal digits."""
    secret = document_secret(AGENCY_KEY.seed)
    wrap = wrap_for(AGENCY_KEY, content_key())
    sealed, public = make_container(), make_container(is_public=True)
    large = make_container(bytes(DOCUMENT_CHUNK_BYTES + 1), readers=())
    facts = parse_container(sealed).facts
    credential = sign_request(OWNER, CHAIN, Action.PUT, facts.hash, AT_MS)
    receipt = sign_receipt(STRANGER, CHAIN, facts, AT_MS)
    return {
        "document_key": {
            "seed": AGENCY_KEY.seed.hex(),
            "secret": secret.hex(),
            "public": document_public(secret).hex(),
        },
        "wrap": {
            "content_key": content_key().hex(),
            "ephemeral_secret": sha256(b"ephemeral" + AGENCY_KEY.public + content_key()).hex(),
            "owner": OWNER.address.hex(),
            "agency": AGENCY,
            "reader": wrap.reader.hex(),
            "ephemeral": wrap.ephemeral.hex(),
            "wrapped": wrap.wrapped.hex(),
        },
        "size_classes": [compute_size_class(length) for length in (1, 1024, 1025, 16384, 16385, 1_000_001)],
        "sealed": _show_container(sealed),
        "public": _show_container(public),
        "two_chunks": {
            "document_bytes": DOCUMENT_CHUNK_BYTES + 1,
            "description": encode(("penawaran.pdf", "application/pdf", DOCUMENT_CHUNK_BYTES + 1)).hex(),
            "hash": sha256(large).hex(),
            "bytes": len(large),
        },
        "proposal": encode_proposal(Proposal(hash=facts.hash, content_key=content_key())).hex(),
        "request": {
            "chain_id": CHAIN,
            "seed": OWNER.seed.hex(),
            "action": int(Action.PUT),
            "hash": facts.hash.hex(),
            "at_ms": AT_MS,
            "message": request_message(CHAIN, Action.PUT, facts.hash, AT_MS).hex(),
            "credential": credential.encode().hex(),
        },
        "receipt": {
            "chain_id": CHAIN,
            "node_key": receipt.node_key.hex(),
            "size": facts.size,
            "at_ms": AT_MS,
            "message": receipt_message(CHAIN, facts, AT_MS).hex(),
            "signature": receipt.signature.hex(),
        },
    }


def _show_container(raw: bytes) -> Vectors:
    document = open_container(parse_container(raw), content_key())
    return {
        "name": document.name,
        "media_type": document.media_type,
        "document": document.data.hex(),
        "header": cut_header(raw).hex(),
        "container": raw.hex(),
        "hash": sha256(raw).hex(),
    }


def test_vectors_are_what_the_code_makes(rewrite: bool) -> None:
    made = json.dumps(make_vectors(), indent=1) + "\n"
    if rewrite:
        VECTORS.write_text(made)
    assert VECTORS.read_text() == made


def test_the_written_container_opens() -> None:
    written = json.loads(VECTORS.read_text())
    container = parse_container(bytes.fromhex(written["sealed"]["container"]))
    key = find_content_key(container.header, bytes.fromhex(written["document_key"]["secret"]))
    assert key == bytes.fromhex(written["wrap"]["content_key"])
    assert open_container(container, key).data.hex() == written["sealed"]["document"]


def test_a_proposal_is_read_from_what_an_envelope_holds_and_from_nothing_else() -> None:
    proposal = Proposal(hash=sha256(b"container"), content_key=content_key())
    held = encode_proposal(proposal)
    assert decode_proposal(held) == proposal
    for other in (b"", b"metode", held[:-1], held + b"x", b"\x02" + held[1:]):
        assert decode_proposal(other) is None


def test_requests_are_good_for_what_they_say() -> None:
    hash_, other = sha256(b"a"), sha256(b"b")
    credential = sign_request(OWNER, CHAIN, Action.GET, hash_, AT_MS)
    assert decode_credential(credential.encode()) == credential
    assert is_request_signed(credential, CHAIN, Action.GET, hash_)
    for chain_id, action, asked in (
        ("other", Action.GET, hash_),
        (CHAIN, Action.PUT, hash_),
        (CHAIN, Action.GET, other),
    ):
        assert not is_request_signed(credential, chain_id, action, asked)


def test_receipts_are_good_for_what_they_say() -> None:
    facts = parse_container(make_container()).facts
    receipt = sign_receipt(STRANGER, CHAIN, facts, AT_MS)
    assert is_receipt_signed(receipt, CHAIN, facts)
    assert not is_receipt_signed(receipt, "other", facts)
    public = DocumentFacts(
        hash=facts.hash, size=facts.size, owner=facts.owner, agency=facts.agency, is_public=True
    )
    assert not is_receipt_signed(receipt, CHAIN, public)
