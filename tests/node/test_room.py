"""Every byte of a home is in one class, and the days to a full disk follow from a day's growth."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.vote import Height
from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from machine.faults import InUse
from node.config import Config, StoreConfig, read_config
from node.home import Home
from node.opening import open_home
from node.room import DataFiles, NoLedger, read_room
from node.store.keys import TABLES
from node.store.sizes import CLASSES
from rpc.values import Room

NOW_MS = 1_700_000_000_000


def test_every_table_is_in_one_class() -> None:
    listed = [table for tables in CLASSES.values() for table in tables]
    assert sorted(listed) == sorted(TABLES)


def test_every_file_is_in_one_class(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for path, size in (
        (home.store("data/store") / "000005.ldb", 1_000),
        (home.store("data/store") / "000007.log", 100),
        (home.search_index, 20),
        (home.search_index.with_name("search.sqlite-wal"), 3),
        (home.path / "data" / "snapshots" / "100" / "manifest", 40),
        (home.documents("data/documents") / "ab", 50),
        (home.journal / "1", 60),
        (home.signer_record, 7),
        (home.node_key, 8),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    sizes = DataFiles(home, Config()).measure({"blocks": 600, "state": 300})
    assert sizes == {
        "blocks": 600,
        "state": 300,
        "store's own": 200,
        "index": 23,
        "snapshots": 40,
        "documents": 50,
        "the rest": 75,
    }
    assert sum(sizes.values()) == sum(one.stat().st_size for one in tmp_path.rglob("*") if one.is_file())


def test_documents_that_somebody_has_counted_are_not_counted_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.documents("data/documents") / "ab"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(50))
    sizes = DataFiles(home, Config(), lambda: 7).measure({})
    assert (sizes["documents"], sizes["the rest"]) == (7, 0)


def test_a_store_elsewhere_counts_and_is_not_taken_from_the_rest(tmp_path: Path) -> None:
    home, elsewhere = Home(tmp_path / "home"), tmp_path / "disk" / "store"
    for path, size in ((elsewhere / "000005.ldb", 1_000), (home.node_key, 8)):
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(size))
    config = replace(Config(), store=StoreConfig(directory=str(elsewhere)))
    sizes = DataFiles(home, config).measure({"blocks": 600})
    assert (sizes["store's own"], sizes["the rest"]) == (400, 8)


def test_what_is_not_there_takes_nothing(tmp_path: Path) -> None:
    assert set(DataFiles(Home(tmp_path), Config()).measure({}).values()) == {0}


@pytest.mark.parametrize(("growth", "days"), [(None, None), (0, None), (-5, None), (300, 3), (1_001, 0)])
def test_days_to_a_full_disk(growth: int | None, days: int | None) -> None:
    room = Room(
        role="full",
        blocks_since=Height(1),
        headers_since=Height(1),
        states_since=Height(0),
        classes={"blocks": 3, "state": 4},
        free_bytes=1_000,
        growth_bytes_per_day=growth,
        growth_over_ms=60_000,
    )
    assert room.total_bytes == 7
    assert room.days_to_full == days


def test_a_home_is_told_of_while_no_node_runs_from_it(tmp_path: Path) -> None:
    made = make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=None,
    )
    home = Home(made.nodes[0].home)
    config = read_config(home.config)
    with pytest.raises(NoLedger, match="expected a node's ledger, got none yet"):
        read_room(home, config, NOW_MS)
    with open_home(home, config, None), pytest.raises(InUse):
        read_room(home, config, NOW_MS)
    room = read_room(home, config, NOW_MS)
    assert (room.role, room.blocks_since, room.headers_since, room.states_since) == ("archive", 1, 1, 0)
    assert room.classes["store's own"] > 0 and room.growth_bytes_per_day is None
