"""What the scripts compute, beside what Python computes of the same: byte for byte, in a real browser."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from chain.codec import Value, encode
from chain.hashing import sha256, tagged_hash
from chain.keys import SigningKey
from chain.transaction import decode_transaction, encode_unsigned
from machine.browserkey import write_browser_key
from portals.supplier.portal import SUPPLIER, VIEWS
from sealed.envelope import open_envelope, seal
from tests.chain.making import make_key, make_transaction
from tests.contracts.ledger import CHAIN
from tests.contracts.tendering import Tendering
from tests.portals.browser import open_page, serving
from tests.portals.making import Site

SEED = bytes(range(32))
CONTEXT = sha256(b"a context")

_HELPERS = """
const bytes = await import("/static/bytes.js");
const cbor = await import("/static/cbor.js");
const hex = bytes.toHex, unhex = bytes.fromHex;
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


VALUES: tuple[Value, ...] = (
    None,
    True,
    False,
    0,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2**32 - 1,
    2**32,
    2**53 + 1,
    2**64 - 1,
    -1,
    -24,
    -25,
    -(2**63),
    b"",
    bytes(300),
    "",
    "Rp 1.000 · ünïcode 🌞",
    (),
    (1, (b"\x01", ("a", (None, True)))),
    tuple(range(30)),
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_read_and_written_as_the_ledger_does(page: Page, value: Value) -> None:
    data = encode(value).hex()
    assert run(page, "return hex(cbor.encode(cbor.decode(unhex(given))));", data) == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "1817",  # a longer form than needed
        "190001",
        "1a00000001",
        "1b0000000000000001",
        "0000",  # something after it
        "c100",  # a tag
        "a0",  # a map
        "9fff",  # without a length
        "5f4100ff",
        "f97e00",  # a float
        "f7",
        "62c328",  # no UTF-8
        "82",  # too short
        "5b7fffffffffffffff",
        "3bffffffffffffffff",  # below 64 bits
        "81" * 20 + "00",
    ],
)
def test_other_bytes_are_refused(page: Page, data: str) -> None:
    script = "try { cbor.decode(unhex(given)); return false; } catch { return true; }"
    assert run(page, script, data) is True


def test_hashes_and_addresses(page: Page) -> None:
    script = """const { taggedHash, addressOf } = await import("/static/hashing.js");
    return [hex(await taggedHash("nib", unhex(given))), hex(await addressOf(unhex(given)))];"""
    public = make_key(1).public
    assert run(page, script, public.hex()) == [tagged_hash("nib", public).hex(), make_key(1).address.hex()]


def test_a_transaction_is_read_and_signed_as_python_does(page: Page) -> None:
    raw = make_transaction(1, arguments=("Jalan", 2**70 % 2**64, b"\x01", (True, None)))
    content = encode_unsigned(decode_transaction(raw))
    script = """const { openSeed, signContent } = await import("/static/keyring.js");
    const { readUnsigned, joinSignature } = await import("/static/transaction.js");
    const content = bytes.fromBase64(given.content);
    const keys = await openSeed(unhex(given.seed));
    const read = readUnsigned(content);
    const signed = joinSignature(content, await signContent(keys, content));
    return [hex(read.sender), read.calls[0].method, read.calls[0].values[0], bytes.toBase64(signed)];"""
    key = make_key(1_001)
    found = run(page, script, {"content": b64encode(content).decode(), "seed": key.seed.hex()})
    assert found == [key.public.hex(), "publish", "Jalan", b64encode(raw).decode()]


@pytest.mark.parametrize("size", [0, 1, 252, 253, 508, 509, 8 * 1024 - 4])
def test_envelopes_are_the_same_bytes(page: Page, size: int) -> None:
    document, key = bytes(number % 251 for number in range(size)), sha256(b"key")
    script = """const { seal, open } = await import("/static/envelope.js");
    const [document, key, context, theirs] = given.map(unhex);
    const opened = await open(theirs, key, context);
    theirs[5] ^= 1;
    return [hex(await seal(document, key, context)), hex(opened), await open(theirs, key, context)];"""
    sealed = seal(document, key, CONTEXT)
    found = run(page, script, [document.hex(), key.hex(), CONTEXT.hex(), sealed.hex()])
    assert found == [sealed.hex(), document.hex(), None]


def test_a_bid_sealed_in_the_page_opens_by_the_contracts_context(page: Page) -> None:
    ledger, bidder = Tendering(), make_key(3).address
    tender = ledger.publish()
    context = ledger.view("tender", "envelope_context", tender, 2, bidder, 1_795_599_240_001, 2)
    book = ledger.record(tender)["book"]
    assert isinstance(book, bytes)
    script = """const e = await import("/static/envelope.js");
    const { openSeed } = await import("/static/keyring.js");
    const context = await e.makeContext({ chainId: given.chain, book: unhex(given.book), termsVersion: 2n,
      bidder: unhex(given.bidder), version: 1795599240001n, number: e.PRICE });
    const key = await e.envelopeKey(await openSeed(unhex(given.seed)), context);
    return [context, key, await e.seal(e.priceDocument(475000000n), key, context)].map(hex);"""
    given = {"chain": CHAIN, "book": book.hex(), "bidder": bidder.hex(), "seed": SEED.hex()}
    made, key, envelope = (bytes.fromhex(text) for text in run(page, script, given))
    assert made == context
    assert open_envelope(envelope, key, made) == b"\x01" + (475_000_000).to_bytes(16, "big")


def test_each_sealing_has_a_version_of_its_own(page: Page) -> None:
    script = """const { nextVersion } = await import("/static/envelope.js");
    return [nextVersion(0) > 1700000000000n, nextVersion("99999999999999999").toString()];"""
    assert run(page, script) == [True, "100000000000000000"]


def test_a_key_file_brings_the_key_back_and_nothing_else_does(page: Page) -> None:
    script = """const f = await import("/static/keyfile.js");
    const text = await f.writeKeyFile(unhex(given.seed), "empat kata acak sekali");
    const told = async (changed, phrase) => {
      try { await f.readKeyFile(changed, phrase); return "read"; } catch (error) { return error.message; }
    };
    const other = JSON.stringify({ ...JSON.parse(text), public_key: given.other });
    return [hex(await f.readKeyFile(text, "empat kata acak sekali")), JSON.parse(text).public_key, text.includes(given.seed),
      await told(text, "lain"), await told("{}", "x"), await told("no file", "x"),
      await told(other, "empat kata acak sekali")];"""
    own = SigningKey.from_seed(SEED)
    found = run(page, script, {"seed": SEED.hex(), "other": make_key(2).public.hex()})
    assert found == [SEED.hex(), own.public.hex(), False, "passphrase", "file", "file", "passphrase"]


def test_a_key_file_that_was_made_outside_of_a_browser_is_brought_in(page: Page, tmp_path: Path) -> None:
    file, key = tmp_path / "people" / "key.json", make_key(3)
    write_browser_key(file, key, "Kata sandi é ﬁ", rounds=1_000)
    assert key.seed.hex() not in file.read_text() and file.stat().st_mode & 0o077 == 0
    script = """const f = await import("/static/keyfile.js");
    return hex(await f.readKeyFile(given, "Kata sandi é ﬁ"));"""
    assert run(page, script, file.read_text()) == key.seed.hex()


def test_amounts_are_read_as_the_server_reads_them(page: Page) -> None:
    script = """const { readAmount } = await import("/static/amounts.js");
    return given.map(([text, currency]) => readAmount(text, currency)?.toString() ?? null);"""
    texts = [("Rp 12.500.000", "IDR"), ("12,500,000", "IDR"), ("7", "IDR"), ("12.50", "USD"), ("12", "USD")]
    assert run(page, script, texts) == ["12500000", "12500000", "7", "1250", "1200"]
    wrong = [("", "IDR"), ("-5", "IDR"), ("1.5", "IDR"), ("1e9", "IDR"), ("1..000", "IDR")]
    assert run(page, script, wrong) == [None] * len(wrong)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("standstill_ms", 3 * 86_400_000, "3 days"),
        ("vote_ms", 90_000, "90 seconds"),
        ("opening_ms", 1_500, "1,500 milliseconds"),
        ("penalty_bps", 10, "0.1%"),
        ("gas_per_block", 5_000_000, "5,000,000"),
    ],
)
def test_a_value_is_shown_as_what_its_name_says(page: Page, name: str, value: int, shown: str) -> None:
    fields = [
        {"name": "name", "label": "name", "type": "str", "reading": "plain"},
        {"name": "value", "label": "value", "type": "uint", "reading": "plain"},
    ]
    body = """
    const { showFields } = await import("/static/values.js");
    const shown = showFields([given.name, BigInt(given.value)], given.fields, { records: {}, enums: {} }, {});
    return shown.querySelectorAll("dd")[1].textContent;
    """
    assert run(page, body, {"name": name, "value": value, "fields": fields}) == shown
