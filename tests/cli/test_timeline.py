"""`terang timeline`: a whole file is proven by the genesis document, and whatever is changed in it is not."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trio

from chain.block import encode_header
from chain.certificate import encode_certificate
from chain.errors import Malformed
from chain.parameters import Parameters
from chain.validators import encode_validators
from cli.timeline import check_blocks
from genesis.document import DEMO_RULES, Genesis, Member
from genesis.file import write_genesis
from portals.auditor.portal import AUDITOR, make_views
from tests.chain import making
from tests.chain.making import make_key, make_validators
from tests.cli.running import Terminal
from tests.contracts.ledger import CHAIN, GENESIS_MS
from tests.portals.living import Life
from tests.portals.making import open_site
from tests.portals.test_lineage import SETS, Changing


@cache
def downloaded() -> str:
    """The timeline of a whole procurement, as the portal gives it."""

    async def download() -> str:
        life = Life()
        async with open_site(AUDITOR, make_views(None), contracts=life) as site:
            return (await site.get(f"/en/tenders/{life.tender.hex()}/timeline/json")).text

    return trio.run(download)


def found(place: Path, powers: tuple[int, ...] = (10, 10, 10, 10)) -> Path:
    """The genesis document of the made chain, or of one with other powers."""
    members = tuple(
        Member(
            name=validator.name,
            operator=make_key(50 + number).address,
            consensus_key=validator.public,
            node_key=make_key(60 + number).public,
            power=validator.power,
        )
        for number, validator in enumerate(make_validators(powers)[0].validators)
    )
    write_genesis(
        place,
        Genesis(
            chain_id=CHAIN,
            time_ms=GENESIS_MS,
            members=members,
            full_nodes=(),
            parameters=Parameters(),
            rules=DEMO_RULES,
            contracts=(),
        ),
    )
    return place


@pytest.fixture
def genesis(tmp_path: Path) -> Path:
    """The network's."""
    return found(tmp_path / "genesis.json")


def write(folder: Path, document: object) -> Path:
    """A file."""
    place = folder / "timeline.json"
    place.write_text(document if isinstance(document, str) else json.dumps(document))
    return place


def test_a_whole_file_is_proven(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    said = terminal.succeed("timeline", write(tmp_path, downloaded()), "--genesis", genesis)
    lines = said.splitlines()
    assert lines[-1].startswith("26 entries in ") and lines[-1].endswith("all proven to its founders.")
    assert "tender.plan: OK" in lines[0] and "payment.settle: OK" in lines[-2]


def flip(text: str) -> str:
    """Another last digit."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def change_entry(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    """Changes a field of the third entry."""

    def apply(document: dict[str, Any]) -> None:
        document["entries"][2][name] = change(document["entries"][2][name])

    return apply


def change_block(name: str) -> Callable[[dict[str, Any]], None]:
    """Changes a digit of the block of the third entry."""

    def apply(document: dict[str, Any]) -> None:
        block = document["blocks"][str(document["entries"][2]["height"])]
        block[name] = flip(block[name])

    return apply


def leave_out_block(document: dict[str, Any]) -> None:
    """The block of the third entry is gone."""
    del document["blocks"][str(document["entries"][2]["height"])]


CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "bytes": change_entry("bytes", flip),
    "no bytes": change_entry("bytes", lambda _: None),
    "result": change_entry("result", flip),
    "height": change_entry("height", lambda height: height + 1),
    "no height": change_entry("height", lambda _: "7"),
    "place": change_entry("proof", lambda proof: proof | {"index": 1, "total": 2}),
    "no path": change_entry("proof", lambda _: 7),
    "aunts": change_entry("result_proof", lambda proof: proof | {"aunts": ["00" * 32]}),
    "short aunt": change_entry("proof", lambda proof: proof | {"aunts": ["00"]}),
    "header": change_block("header"),
    "certificate": change_block("certificate"),
    "validators": change_block("validators"),
    "block": leave_out_block,
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_what_is_changed_is_not_proven(terminal: Terminal, tmp_path: Path, genesis: Path, what: str) -> None:
    document = deepcopy(json.loads(downloaded()))
    CHANGES[what](document)
    said = terminal.fail("timeline", write(tmp_path, document), "--genesis", genesis)
    assert said.startswith("terang: ")


def test_a_result_that_is_left_out_is_told(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    document = deepcopy(json.loads(downloaded()))
    document["entries"][2]["result_proof"] = None
    said = terminal.succeed("timeline", write(tmp_path, document), "--genesis", genesis)
    assert "its result is not in the file" in said and "but for the results of 1." in said


def file_of(backend: Changing, heights: tuple[int, ...]) -> dict[str, Any]:
    """A timeline of these blocks, without entries."""
    blocks = {}
    for height in heights:
        certified, validators = backend.chain[height - 1], backend.validators(height)
        assert validators is not None
        blocks[str(height)] = {
            "header": encode_header(certified.block.header).hex(),
            "certificate": encode_certificate(certified.certificate).hex(),
            "validators": encode_validators(validators).hex(),
        }
    return {"terang": "timeline", "version": 1, "blocks": blocks, "entries": []}


def test_validators_hand_over_and_decide_nothing_after_it() -> None:
    backend, founders = Changing("aaabbbb"), SETS["a"][0]
    assert list(check_blocks(file_of(backend, (1, 3, 5)), making.CHAIN, founders)) == [1, 3, 5]
    with pytest.raises(Malformed, match="block 5: its validators do not follow"):
        check_blocks(file_of(backend, (1, 2, 5)), making.CHAIN, founders)
    backend.story = "aaabbab"
    backend.sign_again(6, "a", validators_hash=founders.hash)
    with pytest.raises(Malformed, match="block 6: its validators do not follow"):
        check_blocks(file_of(backend, (1, 3, 5, 6)), making.CHAIN, founders)


def test_other_founders_prove_nothing(terminal: Terminal, tmp_path: Path) -> None:
    other = found(tmp_path / "other.json", (10, 10, 10, 11))
    said = terminal.fail("timeline", write(tmp_path, downloaded()), "--genesis", other)
    assert "do not follow from the founders" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"terang": "receipt", "version": 1}', "[" * 100_000])
def test_what_is_no_timeline_is_told(terminal: Terminal, tmp_path: Path, genesis: Path, text: str) -> None:
    said = terminal.fail("timeline", write(tmp_path, text), "--genesis", genesis)
    assert "expected" in said and "timeline.json" in said
    assert "missing.json" in terminal.fail("timeline", tmp_path / "missing.json", "--genesis", genesis)
