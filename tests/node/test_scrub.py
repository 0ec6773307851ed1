"""Scrubbing reads everything again and names what has decayed: the ledger, the record, documents, the log of commits."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.vote import BlockId, Height, Round, Vote, VoteKind
from machine.clock import SystemClock
from machine.faults import Damaged
from node.config import Config, ScrubConfig, read_config
from node.home import Home
from node.opening import Opened, open_home
from node.scrub import Scrub
from node.signer import OldBackup, Signer
from node.store.keys import RESULTS, height_key
from node.store.store import Batch
from tests.documents.making import make_container
from tests.node.grown import Grown

BLOCKS = 8


@pytest.fixture
def home(tmp_path: Path) -> Home:
    grown = Grown.found(tmp_path / "network")
    for _ in range(BLOCKS):
        grown.grow([grown.make_registration()])
    grown.close()
    place = Home(grown.testnet.nodes[0].home)
    documents = place.documents("data/documents")
    documents.mkdir(parents=True)
    (documents / sha256(make_container()).hex()).write_bytes(make_container())
    return place


@pytest.fixture
def opened(home: Home) -> Iterator[Opened]:
    with open_home(home, read_config(home.config), None) as found:
        yield found


def make_signer(opened: Opened) -> Signer:
    assert opened.validator is not None
    return Signer(
        opened.validator.key, opened.validator.record, may_vote=lambda: True, get_journal_mark=lambda: 0
    )


def make_scrub(opened: Opened, signer: Signer | None = None, bytes_per_second: int = 10**9) -> Scrub:
    config: Config = replace(opened.config, scrub=ScrubConfig(bytes_per_second=bytes_per_second))
    return Scrub(replace(opened, config=config), signer, SystemClock(), lambda: True)


def sign(signer: Signer, round_: int) -> None:
    vote = Vote(
        kind=VoteKind.PREVOTE,
        height=Height(BLOCKS + 1),
        round=Round(round_),
        block_id=BlockId(sha256(b"a block")),
        validator=signer.address,
    )
    signer.sign_vote(vote)


def notes(home: Home) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in sorted(home.quarantine.glob("note-*.json"))]


def test_what_is_whole_is_read_to_its_end_in_slices_and_again(opened: Opened, home: Home) -> None:
    signer = make_signer(opened)
    sign(signer, 0)
    scrub = make_scrub(opened, signer, 100_000)
    slices = 1
    while not scrub.take_slice():
        slices += 1
    assert slices > 2 and scrub.done.passes == 1 and scrub.done.damaged == 0
    while not scrub.take_slice():
        pass
    assert scrub.done.passes == 2 and notes(home) == []
    sign(signer, 1)


def test_damage_of_the_ledger_is_noted_and_ends_the_run(opened: Opened, home: Home) -> None:
    batch = Batch()
    batch.delete(height_key(RESULTS, 2))
    opened.ledger._store.write(batch, sync=True)  # as a disk would do it
    with pytest.raises(Damaged, match="block 2: expected 1 results, got none") as told:
        make_scrub(opened).take_slice()
    assert told.value.path == opened.ledger.path
    assert [note["done"] for note in notes(home)] == ["the store is repaired from peers"]


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_record_ends_the_signing(opened: Opened, home: Home, how: str) -> None:
    signer = make_signer(opened)
    for round_ in range(3):
        sign(signer, round_)
    data = bytearray(home.signer_record.read_bytes())
    if how == "flipped":
        data[300] ^= 1
    home.signer_record.write_bytes(data[:512] if how == "cut" else data)
    if how == "gone":
        home.signer_record.unlink()
    scrub = make_scrub(opened, signer)
    assert scrub.take_slice()
    with pytest.raises(OldBackup, match="the signer's record is damaged"):
        sign(signer, 3)
    assert [note["done"] for note in notes(home)] == ["this validator has stopped signing"]
    scrub.take_slice()
    assert len(notes(home)) == 1  # it is told once


def test_a_damaged_document_is_told(opened: Opened, home: Home) -> None:
    (path,) = home.documents("data/documents").iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert make_scrub(opened).take_slice()
    (note,) = notes(home)
    assert note["what"] == str(path) and note["reason"] == "it is not as it was put"


def test_a_damaged_log_of_commits_is_told(opened: Opened, home: Home) -> None:
    data = bytearray(home.commit_log.read_bytes())
    data[200] ^= 1
    home.commit_log.write_bytes(data)
    assert make_scrub(opened).take_slice()
    (note,) = notes(home)
    assert note["what"] == str(home.commit_log)
