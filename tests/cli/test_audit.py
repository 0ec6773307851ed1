"""`terang verify` in a process without any network: each step in words, and an exit code for whoever runs it from a script."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.bundle import EntryClaim, encode_bundle
from chain.bundle_json import render_bundle
from genesis.file import write_genesis
from tests.cli.running import Terminal
from tests.genesis.bundles import GENESIS, bundle_of, made, make_genesis, transaction_of


@pytest.fixture
def genesis(tmp_path: Path) -> Path:
    """The network's."""
    write_genesis(tmp_path / "genesis.json", GENESIS)
    return tmp_path / "genesis.json"


def test_a_bid_is_shown_as_the_contract_names_it(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    bundle = tmp_path / "bid.bundle"
    bundle.write_bytes(encode_bundle(bundle_of("bid")))
    said = terminal.succeed("verify", bundle, "--genesis", genesis)
    assert said.count("holds   ") == 9 and "FAILS" not in said
    assert "the validators hand over: block 3, signed by 30 of 40, hands over to v11" in said
    assert "PROVEN  tender.bids[" in said and '"state": "OPENED"' in said


def test_an_award_is_shown_with_its_events(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    bundle = tmp_path / "award.json"
    bundle.write_text(render_bundle(bundle_of("award")))
    said = terminal.succeed("verify", bundle, "--genesis", genesis)
    assert "PROVEN  block 7" in said and "tender.award[" in said and "tender.Awarded(" in said


def test_absence_is_shown(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    bundle = tmp_path / "absent.bundle"
    bundle.write_bytes(encode_bundle(bundle_of("absent")))
    assert "there is no such entry" in terminal.succeed("verify", bundle, "--genesis", genesis)


def test_the_step_that_fails_is_named(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    bundle = tmp_path / "bid.bundle"
    data = encode_bundle(bundle_of("bid"))
    bundle.write_bytes(data[:-1])
    assert "not proven, step form: " in terminal.fail("verify", bundle, "--genesis", genesis)
    bundle.write_bytes(data)
    other = tmp_path / "other.json"
    write_genesis(other, make_genesis((10, 10, 10, 11)))
    ran = terminal.run("verify", bundle, "--genesis", other)
    assert ran.code == 2 and "not proven, step genesis: expected" in ran.err
    assert ran.out.splitlines()[-1] == "FAILS   it is of this genesis document" and "PROVEN" not in ran.out
    assert "missing" in terminal.fail("verify", tmp_path / "missing", "--genesis", genesis)


def test_what_is_proven_does_not_write_over_what_is_said(
    terminal: Terminal, tmp_path: Path, genesis: Path
) -> None:
    claim = bundle_of("bid").claim
    assert isinstance(claim, EntryClaim)
    loud = replace(claim, contract="\x1b[2JPROVEN\n")
    bundle = tmp_path / "bid.bundle"
    bundle.write_bytes(encode_bundle(replace(bundle_of("bid"), claim=loud)))
    said = terminal.fail("verify", bundle, "--genesis", genesis)
    assert "step code" in said and "\x1b" not in said and len(said.splitlines()) == 1


def test_texts_of_the_ledger_are_written_plainly(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    bundle = tmp_path / "loud.bundle"
    bundle.write_bytes(encode_bundle(transaction_of(made().loud.id)))
    said = terminal.succeed("verify", bundle, "--genesis", genesis)
    assert said.count("\\x1b[2J\\r\\nPROVEN\\u202e") == 5
    assert all(sign.isprintable() or sign == "\n" for sign in said)
