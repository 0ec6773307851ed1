"""A home as its operator left it: without its validator's key, or with a list of peers in which it stands itself."""

import re
import shutil
from pathlib import Path

import pytest
import structlog.testing

from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from machine.faults import Unusable
from machine.files import DiskFiles
from machine.keyfile import read_key_info
from node.assembly import peer_addresses
from node.config import read_config
from node.home import Home
from node.opening import open_home
from node.snapshot.restoring import find_building_places
from node.snapshot.shelf import Shelf
from p2p.network import PeerAddress


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A validator that has lost its key."""
    made = make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=None,
    )
    place = Home(made.nodes[0].home)
    place.validator_key.unlink()
    return place


def test_a_record_without_its_key_is_refused(home: Home) -> None:
    with (
        pytest.raises(Unusable, match="key is not there, but its record of signatures is") as told,
        open_home(home, read_config(home.config), None),
    ):
        pass
    assert told.value.path == home.validator_key
    assert str(home.signer_record.parent) in told.value.advice


def test_without_both_it_only_reads_and_says_that_the_members_count_on_it(home: Home) -> None:
    shutil.rmtree(home.signer_record.parent)
    with (
        structlog.testing.capture_logs() as logs,
        open_home(home, read_config(home.config), None) as opened,
    ):
        assert opened.validator is None
    assert [line["log_level"] for line in logs if "no validator's key" in line["event"]] == ["warning"]


def test_what_a_cut_off_joining_left_goes_when_there_is_a_ledger(home: Home) -> None:
    shutil.rmtree(home.signer_record.parent)
    config = read_config(home.config)
    shelf, building = (
        Shelf(home.joining, DiskFiles()),
        find_building_places(home.store(config.store.directory)),
    )
    shelf.put_chunk(7, b"a chunk")
    for place in building:
        place.mkdir(parents=True)
        (place / "CURRENT").write_text("half a ledger")
    with open_home(home, config, None):
        assert not any(place.exists() for place in (home.joining, *building))


def test_a_node_does_not_dial_itself(home: Home) -> None:
    shutil.rmtree(home.signer_record.parent)
    own, other = read_key_info(home.node_key).address.hex(), "ab" * 20
    text = home.config.read_text()
    peers = f'persistent_peers = ["{own}@127.0.0.1:1", "{other}@[::1]:2"]'
    home.config.write_text(re.sub(r"persistent_peers = .*", peers, text))
    with open_home(home, read_config(home.config), None) as opened:
        assert peer_addresses(opened.config, opened.node_key.public) == (
            PeerAddress(node_id=other, host="::1", port=2),
        )
