"""A slip in a path of the configuration is told before an empty directory takes the place of the full one."""

import re
from pathlib import Path

import pytest

from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from machine.faults import Unusable
from machine.files import DiskFiles
from node.config import Config, read_config
from node.home import Home
from node.places import check_places


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=None,
    )
    place = Home(made.nodes[0].home)
    for directory in ("data/store", "data/documents"):
        (place.path / directory).mkdir(parents=True)
    check_places(place, read_config(place.config), DiskFiles())
    return place


def change(home: Home, old: str, new: str) -> Config:
    home.config.write_text(re.sub(old, new, home.config.read_text()))
    return read_config(home.config)


@pytest.mark.parametrize("name", ["store", "documents"])
def test_a_directory_that_is_not_there_is_refused(home: Home, name: str) -> None:
    config = change(home, f"data/{name}", f"data/{name}x")
    with pytest.raises(Unusable, match=rf"{name}.directory names .* the last start used data/{name}"):
        check_places(home, config, DiskFiles())


def test_one_that_was_moved_is_taken_and_remembered(home: Home) -> None:
    config = change(home, "data/documents", "files")
    (home.path / "data/documents").rename(home.path / "files")
    check_places(home, config, DiskFiles())
    back = change(home, '"files"', '"data/documents"')
    with pytest.raises(Unusable, match="the last start used files"):
        check_places(home, back, DiskFiles())


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[1]", b'{"store.directory": 5, "documents.directory": "gone"}']
)
def test_a_damaged_note_claims_nothing_and_is_written_anew(home: Home, content: bytes) -> None:
    whole = home.places.read_bytes()
    home.places.write_bytes(content)
    check_places(home, read_config(home.config), DiskFiles())
    assert home.places.read_bytes() == whole
