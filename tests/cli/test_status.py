"""What `terang status` says of a node's room, running or not."""

from pathlib import Path

import pytest

from cli.room import format_bytes, list_rows
from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from node.config import read_config
from node.home import Home
from node.opening import open_home
from rpc.answers import ClassJson, StorageAnswer
from tests.cli.running import Terminal


def answer(growth: str | None, days: str | None, seconds: str = "172800") -> StorageAnswer:
    return StorageAnswer(
        role="full",
        blocks_since="100",
        headers_since="1",
        states_since="950",
        classes=[ClassJson(name="blocks", bytes="1500000"), ClassJson(name="state", bytes="999")],
        total_bytes="1500999",
        free_bytes="2000000000",
        growth_bytes_per_day=growth,
        growth_over_seconds=seconds,
        days_to_full=days,
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (answer(None, None), "not known yet: it takes a minute"),
        (answer("2500000", "800"), "2.5 MB a day, by the last 2 days: the disk is full in 800 days"),
        (answer("-2500000", None, "7200"), "-2.5 MB a day, by the last 2 hours: the disk does not fill"),
        (answer("0", None, "90"), "0 B a day, by the last 1 minutes: the disk does not fill"),
    ],
)
def test_growth_is_told_with_what_it_was_told_by(found: StorageAnswer, said: str) -> None:
    assert list(list_rows(found)) == [
        ("keeps", "full: blocks since 100, states since 950"),
        ("disk", "1.5 MB taken, 2.0 GB free"),
        ("", "    1.5 MB  blocks"),
        ("", "     999 B  state"),
        ("growth", said),
    ]


@pytest.mark.parametrize(
    ("digits", "said"),
    [("0", "0 B"), ("1000", "1.0 kB"), ("-1500", "-1.5 kB"), ("2000000000000000", "2000.0 TB")],
)
def test_bytes_are_told_in_thousands(digits: str, said: str) -> None:
    assert format_bytes(digits) == said


def test_a_home_is_told_of_while_no_node_runs_from_it(tmp_path: Path, terminal: Terminal) -> None:
    made = make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=None,
    )
    home = Home(made.nodes[0].home)
    assert "the first start begins it" in terminal.fail("status", "--home", home.path)
    with open_home(home, read_config(home.config), None):
        assert "in use by another process" in terminal.fail("status", "--home", home.path)
    said = terminal.succeed("status", "--home", home.path)
    assert "keeps        archive: blocks since 1, states since 0" in said
    assert "growth       not known yet" in said
