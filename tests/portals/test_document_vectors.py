"""Containers in a real browser, held to `tests/documents/vectors.json` and to what Python makes and opens."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from chain.codec import encode
from chain.document import Action, decode_credential, is_request_signed
from chain.hashing import sha256
from chain.limits import DOCUMENT_BYTES_MAX, DOCUMENT_CHUNK_BYTES, DOCUMENT_CONTAINER_BYTES_MAX
from documents.container import (
    LENGTH_BYTES,
    cut_header,
    decode_header,
    find_content_key,
    open_container,
    parse_container,
)
from documents.proposal import decode_proposal
from documents.readers import document_public, document_secret
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.documents.making import AGENCY, AGENCY_KEY, OWNER, STRANGER, content_key, make_container
from tests.documents.test_vectors import VECTORS
from tests.portals.browser import open_page, serving
from tests.portals.making import Site

_HELPERS = """
const b = await import("/static/bytes.js");
const c = await import("/static/container.js");
const r = await import("/static/readers.js");
const d = await import("/static/documents.js");
const k = await import("/static/keyring.js");
const { sha256 } = await import("/static/hashing.js");
const hex = b.toHex, unhex = b.fromHex;
const keyOf = async (seed) => r.documentKeyOf(await k.openSeed(unhex(seed)));
"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of a portal, whose modules tests import."""
    with serving(Site(SUPPLIER, VIEWS).app) as address, open_page(browser) as opened:
        opened.goto(f"{address}/en/")
        yield opened


def run(page: Page, body: str, given: object = None) -> Any:
    """What a piece of script returns; `given` is what it was given."""
    return page.evaluate(f"async (given) => {{ {_HELPERS} {body} }}", given)


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    """The vectors as they are written."""
    written: dict[str, Any] = json.loads(VECTORS.read_text())
    return written


def test_limits_and_size_classes_are_the_same(page: Page, vectors: dict[str, Any]) -> None:
    script = "return [c.DOCUMENT_MAX, c.CONTAINER_MAX, given.map(c.sizeClass)];"
    found = run(page, script, [1, 1024, 1025, 16384, 16385, 1_000_001])
    assert found == [DOCUMENT_BYTES_MAX, DOCUMENT_CONTAINER_BYTES_MAX, vectors["size_classes"]]


def test_a_document_key_follows_from_the_key_that_acts(page: Page, vectors: dict[str, Any]) -> None:
    script = """const key = await keyOf(given.seed);
    const same = await r.openSecret(unhex(given.secret));
    return [hex(key.publicKey), hex(same.publicKey), key.secret.extractable];"""
    public = vectors["document_key"]["public"]
    assert run(page, script, vectors["document_key"]) == [public, public, False]


def test_a_key_is_wrapped_for_a_reader(page: Page, vectors: dict[str, Any]) -> None:
    script = """const wrap = await r.wrapKey(unhex(given.content_key), unhex(given.reader), unhex(given.ephemeral_secret),
      unhex(given.owner), given.agency);
    return [wrap.reader, wrap.ephemeral, wrap.wrapped].map(hex);"""
    wrap = vectors["wrap"]
    assert run(page, script, wrap) == [wrap["reader"], wrap["ephemeral"], wrap["wrapped"]]


@pytest.mark.parametrize("reader", ["00" * 32, "01" + "00" * 31, "ff" * 31, ""])
def test_what_is_no_key_of_a_reader_is_told(page: Page, vectors: dict[str, Any], reader: str) -> None:
    script = """return r.wrapKey(unhex(given.content_key), unhex(given.reader), unhex(given.ephemeral_secret),
      unhex(given.owner), given.agency);"""
    assert run(page, script, {**vectors["wrap"], "reader": reader}) is None


@pytest.mark.parametrize("kind", ["sealed", "public"])
def test_containers_are_the_same_bytes(page: Page, vectors: dict[str, Any], kind: str) -> None:
    script = """const parsed = await c.parseContainer(unhex(given.container));
    const key = await r.findContentKey(parsed.header, [await keyOf(given.stranger), await keyOf(given.seed)]);
    const opened = await c.openContainer(parsed, key);
    const about = { owner: parsed.header.owner, agency: parsed.header.agency, isPublic: parsed.header.publicKey !== null,
      readers: parsed.header.readers };
    const again = await c.sealDocument(opened, key, about);
    return [opened.name, opened.mediaType, hex(opened.data), hex(again), hex(await sha256(again))];"""
    one = vectors[kind]
    given = {
        "container": one["container"],
        "seed": vectors["document_key"]["seed"],
        "stranger": STRANGER.seed.hex(),
    }
    told = [one[name] for name in ("name", "media_type", "document", "container", "hash")]
    assert run(page, script, given) == told


def test_more_than_one_chunk(page: Page, vectors: dict[str, Any]) -> None:
    script = """const data = new Uint8Array(given.document_bytes);
    const about = { owner: unhex(given.owner), agency: given.agency, isPublic: false, readers: [] };
    const made = await c.sealDocument({ name: "penawaran.pdf", mediaType: "application/pdf", data }, unhex(given.key), about);
    const opened = await c.openContainer(await c.parseContainer(made), unhex(given.key));
    return [hex(await sha256(made)), made.length, opened.data.length];"""
    large = vectors["two_chunks"]
    given = {**large, "owner": OWNER.address.hex(), "agency": AGENCY, "key": content_key().hex()}
    assert run(page, script, given) == [large["hash"], large["bytes"], DOCUMENT_CHUNK_BYTES + 1]


def test_a_request_is_signed_the_same(page: Page, vectors: dict[str, Any]) -> None:
    script = """const keys = await k.openSeed(unhex(given.seed));
    return d.makeCredential(keys, given.chain_id, given.action, unhex(given.hash), given.at_ms - Date.now());"""
    request = vectors["request"]
    header = run(page, script, request)
    credential = decode_credential(bytes.fromhex(run(page, "return hex(b.fromBase64(given));", header[7:])))
    assert abs(credential.at_ms - request["at_ms"]) < 60_000, "by the portal's clock"
    assert is_request_signed(
        credential, request["chain_id"], Action.PUT, sha256(bytes.fromhex(vectors["sealed"]["container"]))
    )


def test_python_opens_what_the_page_makes(page: Page) -> None:
    script = """const contentKey = crypto.getRandomValues(new Uint8Array(32));
    const [owner, key] = [unhex(given.owner), await keyOf(given.seed)];
    const wrap = await r.wrapKey(contentKey, key.publicKey, crypto.getRandomValues(new Uint8Array(32)), owner, "barat");
    const told = [];
    const data = new Uint8Array(2_000_000).map((_, place) => place % 251);
    const made = await c.sealDocument({ name: "gambar.pdf", mediaType: "application/pdf", data }, contentKey,
      { owner, agency: "barat", isPublic: false, readers: [wrap] }, (share) => told.push(share));
    return [b.toBase64(made), told.length > 1 && told.at(-1) === 1];"""
    made, is_told = run(page, script, {"owner": OWNER.address.hex(), "seed": AGENCY_KEY.seed.hex()})
    raw = bytes.fromhex(run(page, "return hex(b.fromBase64(given));", made))
    container = parse_container(raw)
    key = find_content_key(container.header, document_secret(AGENCY_KEY.seed))
    assert key is not None and is_told
    document = open_container(container, key)
    assert document.name == "gambar.pdf" and document.data[:300] == bytes(n % 251 for n in range(300))
    assert container.header.readers[0].reader == document_public(document_secret(AGENCY_KEY.seed))


def tampered() -> dict[str, bytes]:
    """Containers that no honest page makes; every one is a container of the right size or close to it."""
    raw = make_container(bytes(DOCUMENT_CHUNK_BYTES + 1), readers=())
    header = cut_header(raw)
    start = LENGTH_BYTES + len(header)
    chunk = DOCUMENT_CHUNK_BYTES + 16
    fields = (1, OWNER.address, AGENCY, decode_header(header).content_bytes, b"", ())

    def with_header(*changed: object) -> bytes:
        made = encode(changed)  # type: ignore[arg-type]  # what is no value is the point
        return len(made).to_bytes(LENGTH_BYTES, "big") + made + raw[start:]

    return {
        "nothing": b"",
        "cut": raw[:-1],
        "longer": raw + b"\x00",
        "a flipped bit": raw[:-1] + bytes([raw[-1] ^ 1]),
        "chunks changed about": raw[:start] + raw[start + chunk :] + raw[start : start + chunk],
        "another owner": with_header(fields[0], STRANGER.address, *fields[2:]),
        "another agency": with_header(*fields[:2], "timur", *fields[3:]),
        "another format": with_header(2, *fields[1:]),
        "no agency": with_header(*fields[:2], "", *fields[3:]),
        "a length of no class": with_header(*fields[:3], fields[3] + 1, *fields[4:]),
        "a huge length": with_header(*fields[:3], 2**40, *fields[4:]),
        "a key and readers": with_header(*fields[:4], bytes(32), ((bytes(32), bytes(32), bytes(48)),)),
        "a header of a map": (1).to_bytes(LENGTH_BYTES, "big") + b"\xa0" + raw[start:],
        "a header beyond the end": (2**32 - 1).to_bytes(LENGTH_BYTES, "big") + raw[LENGTH_BYTES:],
    }


@pytest.mark.parametrize("name", tampered())
def test_a_tampered_container_does_not_open(page: Page, name: str) -> None:
    script = """try {
      await c.openContainer(await c.parseContainer(unhex(given.raw)), unhex(given.key));
      return "opened";
    } catch (error) { return error instanceof c.Damaged ? "damaged" : String(error); }"""
    assert run(page, script, {"raw": tampered()[name].hex(), "key": content_key().hex()}) == "damaged"


def test_a_technical_envelope_holds_what_python_reads(page: Page, vectors: dict[str, Any]) -> None:
    script = """const { technicalDocument } = await import("/static/envelope.js");
    return hex(technicalDocument(unhex(given.hash), unhex(given.key)));"""
    held = run(page, script, {"hash": vectors["sealed"]["hash"], "key": vectors["wrap"]["content_key"]})
    assert held == vectors["proposal"]
    proposal = decode_proposal(bytes.fromhex(held))
    assert proposal is not None and proposal.content_key == content_key()


def test_a_name_hides_nothing_and_fits(page: Page) -> None:
    names = ["laporan.pdf", "gambar\u202efdp.exe", "../../etc/passwd", "a\nb\x00c.txt", " "]
    assert run(page, "return given.map(d.fitName);", names) == [
        *("laporan.pdf", "gambarfdp.exe", "....etcpasswd", "abc.txt", "document")
    ]
    fitted = run(page, "return d.fitName(given);", "é" * 300 + ".pdf")
    assert fitted == "é" * 125 + ".pdf", "255 bytes at most, and its kind stays"
