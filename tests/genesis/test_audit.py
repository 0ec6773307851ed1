"""Audit bundles: what is honest is proven in every step, and whatever is changed is refused in a step with a name."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chain.block import Header
from chain.bundle import Bundle, BundleBlock, EntryClaim, TransactionClaim, decode_bundle, encode_bundle
from chain.bundle_json import parse_bundle, render_bundle
from chain.codec import Value, decode, encode
from chain.errors import Invalid
from chain.hashing import Digest, sha256
from chain.ics23 import ExistenceProof
from chain.limits import BUNDLE_BYTES_MAX, BUNDLE_FILE_BYTES_MAX
from genesis.audit import NotProven, ProvenEntry, ProvenTransaction, Step, verify_bundle
from tests.chain.making import make_block, make_certificate
from tests.contracts.ledger import address, compiled
from tests.genesis.bundles import GENESIS, NAMES, bundle_of, entry_of, made, make_genesis, words_of
from tests.portals.test_lineage import SETS

ALTERED = 500
OF_ENTRY = [Step.CODE, Step.KEY, Step.ENTRY, Step.RECORD]
OF_TRANSACTION = [Step.NEXT, Step.SENDER, Step.TRANSACTION, Step.RESULT]
ALL_BLOCKS = [Step.FORM, Step.GENESIS, Step.VALIDATORS, Step.VALIDATORS, Step.BLOCK]
OTHER = Digest(sha256(b"other"))


def fail(data: bytes | Bundle) -> NotProven:
    """How a bundle fails."""
    with pytest.raises(NotProven) as found:
        verify_bundle(data if isinstance(data, bytes) else encode_bundle(data), GENESIS)
    return found.value


# --- What is honest -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("write", [encode_bundle, lambda bundle: render_bundle(bundle).encode()])
def test_what_is_honest_is_proven_in_every_step(name: str, write: Callable[[Bundle], bytes]) -> None:
    proven = verify_bundle(write(bundle_of(name)), GENESIS)
    own = OF_TRANSACTION if name == "award" else OF_ENTRY
    assert [passed.step for passed in proven.steps] == ALL_BLOCKS + own
    handed = [passed.shown for passed in proven.steps if passed.step is Step.VALIDATORS]
    assert handed[0].startswith("block 3, signed by 30 of 40, hands over to v11") and "block 6" in handed[1]


def test_a_bid_comes_back_as_the_contract_says() -> None:
    found = verify_bundle(encode_bundle(bundle_of("bid")), GENESIS).record
    assert isinstance(found, ProvenEntry) and (found.contract, found.storage.name) == ("tender", "bids")
    assert found.keys == (made().life.tender, address("alfa")) and isinstance(found.value, tuple)
    assert found.header.height == len(made().chain)


def test_an_award_comes_back_with_its_events() -> None:
    found = verify_bundle(encode_bundle(bundle_of("award")), GENESIS).record
    assert isinstance(found, ProvenTransaction) and found.checked.id == made().id_of("award")
    assert found.result.is_ok and "Awarded" in {event.name for event in found.result.events}


def test_who_made_no_bid_is_proven_to_have_made_none() -> None:
    found = verify_bundle(encode_bundle(bundle_of("absent")), GENESIS).record
    assert isinstance(found, ProvenEntry) and found.value is None and found.keys[1] == address("nobody")


def test_a_variable_has_no_keys() -> None:
    found = verify_bundle(encode_bundle(entry_of(words_of("tender", "plans_count"))), GENESIS).record
    assert isinstance(found, ProvenEntry) and found.keys == () and found.value == 1


def test_a_module_that_the_genesis_document_does_not_have_comes_with_the_bundle() -> None:
    genesis, code = make_genesis(has_contracts=False), dict(compiled())["tender"]
    words = words_of("tender", "plans_count")
    proven = verify_bundle(encode_bundle(entry_of(words, genesis, code)), genesis)
    assert isinstance(proven.record, ProvenEntry) and proven.record.value == 1
    with pytest.raises(NotProven, match="genesis document does not have") as found:
        verify_bundle(encode_bundle(entry_of(words, genesis)), genesis)
    assert found.value.step is Step.CODE
    other = dict(compiled())["calendar"]
    with pytest.raises(NotProven, match="expected the module") as found:
        verify_bundle(encode_bundle(entry_of(words, genesis, other)), genesis)
    assert found.value.step is Step.CODE
    assert fail(entry_of(words, module=code)).step is Step.CODE


@pytest.mark.parametrize("name", NAMES)
def test_both_forms_say_the_same(name: str) -> None:
    bundle = bundle_of(name)
    assert decode_bundle(encode_bundle(bundle)) == bundle
    assert parse_bundle(render_bundle(bundle).encode()) == bundle


# --- What is altered ----------------------------------------------------------------------------------------------


def alter(value: Value, draw: random.Random) -> Value:
    """Something else in one place of a value, also within the bytes of its parts."""
    inside = inner(value)
    if inside is not None and draw.random() < 0.7:
        return encode(alter(inside, draw))
    match value:
        case tuple() if value and draw.random() < 0.85:
            place = draw.randrange(len(value))
            return (*value[:place], alter(value[place], draw), *value[place + 1 :])
        case tuple():
            place = draw.randrange(len(value) + 1)
            more: Value = draw.choice((None, 0, b"", *value))
            return draw.choice((value[:place] + value[place + 1 :], (*value[:place], more, *value[place:])))
        case bytes() if value:
            place = draw.randrange(len(value))
            flipped = value[:place] + bytes((value[place] ^ 1 << draw.randrange(8),)) + value[place + 1 :]
            return draw.choice((flipped, flipped, value[:-1], value + b"\x00", None))
        case bool():
            return not value
        case int():
            return draw.choice((value + 1, max(0, value - 1), 0, 2**63, str(value)))
        case str():
            return draw.choice((value[:-1], value + "x", value.swapcase(), "", "bids", "winners"))
        case _:
            return draw.choice((0, b"", b"\x00" * 64, (), "x", True))


def inner(value: Value) -> Value:
    """What the bytes of a part encode."""
    if not isinstance(value, bytes):
        return None
    try:
        found = decode(value, bytes_max=BUNDLE_BYTES_MAX)
    except Invalid:
        return None
    return found if isinstance(found, tuple) else None


def flip(data: bytes, draw: random.Random) -> bytes:
    """Another bit."""
    place = draw.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << draw.randrange(8),)) + data[place + 1 :]


def altered(draw: random.Random) -> Iterator[bytes]:
    """Bundles that are not quite one of the honest ones: a flipped bit of either form, or another value in one place."""
    honest = {name: encode_bundle(bundle_of(name)) for name in NAMES}
    texts = {name: render_bundle(bundle_of(name)).encode() for name in NAMES}
    while True:
        name, how = draw.choice(NAMES), draw.random()
        if how < 0.2:
            yield flip(honest[name], draw)
        elif how < 0.3:
            yield flip(texts[name], draw)
        else:
            found = encode(alter(decode(honest[name], bytes_max=BUNDLE_BYTES_MAX), draw))
            if found != honest[name]:
                yield found


def test_five_hundred_altered_bundles_are_refused_each_in_a_step() -> None:
    bundles = altered(random.Random(7))
    steps = Counter(fail(next(bundles)).step for _ in range(ALTERED))
    assert steps.total() == ALTERED
    assert set(steps) >= {
        Step.FORM, Step.GENESIS, Step.VALIDATORS, Step.BLOCK, Step.NEXT, Step.SENDER, Step.TRANSACTION,
        Step.RESULT, Step.CODE, Step.KEY, Step.ENTRY,
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_is_cut_off_is_no_bundle(name: str) -> None:
    for data in (encode_bundle(bundle_of(name)), render_bundle(bundle_of(name)).encode()):
        for end in (0, 1, 2, 20, len(data) // 2, len(data) - 1):
            assert fail(data[:end]).step is Step.FORM
        assert fail(data + b"\x00").step is Step.FORM


@pytest.mark.parametrize(
    "data",
    [
        bytes(BUNDLE_BYTES_MAX + 1),
        b"{" * (BUNDLE_FILE_BYTES_MAX + 1),
        b"\x9b" + b"\xff" * 8,
        b"\x5b" + b"\xff" * 8,
        b"\x85" * 100_000,
        b'{"kind":' * 100_000,
        b"{}",
        b'{"kind": "terang-bundle", "version": 1e999, "genesis": "", "blocks": [], "claim": {}}',
        b'{"kind": "\\ud800", "version": 1, "genesis": "", "blocks": [], "claim": null}',
        '{"kind": "\u00e9"}'.encode(),
    ],
    ids=[
        "huge",
        "huge text",
        "long array",
        "long bytes",
        "deep",
        "deep text",
        "empty",
        "inf",
        "half",
        "accent",
    ],
)
def test_what_is_no_bundle_is_told(data: bytes) -> None:
    assert fail(data).step is Step.FORM


def test_a_text_of_the_same_meaning_is_another_file() -> None:
    text = render_bundle(bundle_of("bid"))
    for other in (text.replace("\n", ""), text.rstrip(), text.replace('"version": 1', '"version": true')):
        assert fail(other.encode()).step is Step.FORM


def test_another_genesis_document_proves_nothing() -> None:
    for name in NAMES:
        with pytest.raises(NotProven) as found:
            verify_bundle(encode_bundle(bundle_of(name)), make_genesis((10, 10, 10, 11)))
        assert found.value.step is Step.GENESIS
        assert [passed.step for passed in found.value.passed] == [Step.FORM]


# --- Validators ---------------------------------------------------------------------------------------------------


def with_blocks(bundle: Bundle, change: Callable[[list[BundleBlock]], list[BundleBlock]]) -> Bundle:
    """The same claim under other blocks."""
    return replace(bundle, blocks=tuple(change(list(bundle.blocks))))


def signed_by_few(block: BundleBlock) -> BundleBlock:
    """Two of four signatures: a certificate that nodes never make."""
    first, second, *_ = (one for one in block.certificate.signatures if one is not None)
    places = [one if one in (first, second) else None for one in block.certificate.signatures]
    return replace(block, certificate=replace(block.certificate, signatures=tuple(places)))


def sign_again(block: BundleBlock, name: str, **changes: Any) -> BundleBlock:
    """A block that some others sign, changed or not."""
    header: Header = replace(block.header, **changes)
    found, keys = SETS[name]
    signed = replace(make_block(found), header=header)
    certificate = make_certificate(signed, found, keys[:3])
    return replace(block, header=header, certificate=certificate)


def read_block(height: int) -> BundleBlock:
    """A block of the chain that hands over to nobody."""
    certified = made().chain[height - 1]
    return BundleBlock(header=certified.block.header, certificate=certified.certificate, next_validators=None)


WRONG: dict[str, tuple[Callable[[list[BundleBlock]], list[BundleBlock]], Step, str]] = {
    "no blocks": (lambda _: [], Step.BLOCK, "expected 1 blocks"),
    "the first hand-over is left out": (lambda all_: all_[1:], Step.VALIDATORS, "block 6"),
    "the last hand-over is left out": (lambda all_: [all_[0], all_[2]], Step.BLOCK, "block 9"),
    "all are left out": (lambda all_: all_[2:], Step.BLOCK, "block 9"),
    "another order": (lambda all_: [all_[1], all_[0], all_[2]], Step.VALIDATORS, "block 6"),
    "one of them twice": (lambda all_: [all_[0], *all_], Step.VALIDATORS, "from height 4"),
    "one that hands nothing over": (
        lambda all_: [read_block(2), *all_],
        Step.VALIDATORS,
        "expected a hand-over",
    ),
    "strangers in between": (
        lambda all_: [replace(all_[0], next_validators=SETS["x"][0]), *all_[1:]],
        Step.VALIDATORS,
        "expected next validators",
    ),
    "nobody to come": (
        lambda all_: [replace(all_[0], next_validators=None), *all_[1:]],
        Step.VALIDATORS,
        "expected those",
    ),
    "somebody after the last": (
        lambda all_: [*all_[:2], replace(all_[2], next_validators=SETS["c"][0])],
        Step.BLOCK,
        "expected nobody",
    ),
    "two of four signed": (
        lambda all_: [signed_by_few(all_[0]), *all_[1:]],
        Step.VALIDATORS,
        "signatures",
    ),
    "strangers signed": (lambda all_: [sign_again(all_[0], "x"), *all_[1:]], Step.VALIDATORS, "signatures"),
    "those who left signed": (
        lambda all_: [*all_[:2], sign_again(all_[2], "b", validators_hash=SETS["b"][0].hash)],
        Step.BLOCK,
        "signatures",
    ),
    "another chain": (
        lambda all_: [*all_[:2], sign_again(all_[2], "c", chain_id="terang-lain")],
        Step.BLOCK,
        "header",
    ),
}


@pytest.mark.parametrize("what", list(WRONG))
def test_validators_follow_from_genesis_or_not_at_all(what: str) -> None:
    change, step, told = WRONG[what]
    failed = fail(with_blocks(bundle_of("bid"), change))
    assert failed.step is step and told in str(failed)


def test_a_result_needs_the_block_that_follows() -> None:
    award = bundle_of("award")
    assert fail(with_blocks(award, lambda all_: [*all_[:3], read_block(9)])).step is Step.NEXT
    other = with_blocks(award, lambda all_: [*all_[:3], sign_again(all_[3], "c", previous_block_id=OTHER)])
    failed = fail(other)
    assert failed.step is Step.NEXT and "expected block 8 after" in str(failed)


def test_keys_of_those_who_left_can_tell_another_story() -> None:
    """What no file can show, and the reference says: stolen keys of former validators sign a chain that never handed over."""
    bundle = bundle_of("bid")
    forged = sign_again(
        bundle.blocks[-1], "a", validators_hash=SETS["a"][0].hash, next_validators_hash=SETS["a"][0].hash
    )
    assert verify_bundle(encode_bundle(replace(bundle, blocks=(forged,))), GENESIS).steps


# --- Claims -------------------------------------------------------------------------------------------------------


def with_claim(name: str, **changes: Any) -> Bundle:
    """Another claim under the same blocks."""
    bundle = bundle_of(name)
    return replace(bundle, claim=replace(bundle.claim, **changes))


def entry(name: str) -> EntryClaim:
    """The claim of a bundle."""
    claim = bundle_of(name).claim
    assert isinstance(claim, EntryClaim)
    return claim


def award() -> TransactionClaim:
    """The claim of the award."""
    claim = bundle_of("award").claim
    assert isinstance(claim, TransactionClaim)
    return claim


def test_an_entry_is_not_absent_and_nothing_is_no_entry() -> None:
    for bundle in (
        with_claim("bid", value=None),
        with_claim("absent", value=b"\x80"),
        with_claim("bid", value=None, proof=entry("absent").proof),
        with_claim("absent", proof=entry("bid").proof),
        with_claim("bid", keys=entry("absent").keys),
        with_claim("absent", keys=entry("bid").keys),
        with_claim("bid", storage="set_aside"),
    ):
        assert fail(bundle).step is Step.ENTRY


def test_words_that_name_no_key_are_told() -> None:
    keys = entry("bid").keys
    for changes, told in (
        ({"storage": "offers"}, "expected one of plans"),
        ({"keys": keys[:1]}, "expected 2 keys, got 1"),
        ({"keys": (*keys, 1)}, "expected 2 keys, got 3"),
        ({"keys": (keys[0], b"short")}, "expected an address"),
        ({"keys": (b"\x00" * 400, keys[1])}, "a key has at most"),
    ):
        failed = fail(with_claim("bid", **changes))
        assert failed.step is Step.KEY and told in str(failed)


def test_the_code_is_that_of_the_contract() -> None:
    assert fail(with_claim("bid", contract="agreement")).step is Step.CODE
    assert fail(with_claim("bid", code_proof=entry("absent").proof)).step is Step.CODE
    proof = entry("bid").code_proof
    assert isinstance(proof, ExistenceProof)
    assert fail(with_claim("bid", code_proof=replace(proof, value=OTHER))).step is Step.CODE


def test_a_transaction_has_its_own_result() -> None:
    first = verify_bundle(encode_bundle(bundle_of("award")), GENESIS).record
    assert isinstance(first, ProvenTransaction)
    claim = award()
    assert fail(with_claim("award", result=replace(claim.result, gas_used=1))).step is Step.RESULT
    assert fail(with_claim("award", result_path=claim.result_path[:-1])).step is Step.RESULT
    assert fail(with_claim("award", path=claim.path[1:])).step is Step.TRANSACTION
    raw = claim.raw[:-1] + bytes((claim.raw[-1] ^ 1,))
    assert fail(with_claim("award", raw=raw)).step is Step.SENDER
