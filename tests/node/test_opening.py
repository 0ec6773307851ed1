"""A home without its validator's key: never a full node by accident, and one by its operator's word."""

import shutil
from pathlib import Path

import pytest
import structlog.testing

from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from machine.faults import Unusable
from node.config import read_config
from node.home import Home
from node.opening import open_home


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
