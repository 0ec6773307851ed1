"""A node feeds every metric that it may tell, and counts with each block what the block was."""

from pathlib import Path

import pytest

from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from node.assembly import assemble
from node.commit import Committed
from node.config import read_config
from node.home import Home
from node.opening import open_home
from rpc.metrics import MEASURED
from tests.node.making import make_genesis, make_next


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The only node of a network."""
    made = make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=None,
    )
    return Home(made.nodes[0].home)


async def test_nothing_is_named_that_nobody_feeds(home: Home) -> None:
    with open_home(home, read_config(home.config), None) as opened:
        assert set(assemble(opened).backend.measured()) == set(MEASURED)


async def test_each_block_is_counted(home: Home) -> None:
    head, keys = make_genesis()
    certified, execution, after = make_next(head, keys)
    committed = Committed(
        certified=certified,
        transactions=(),
        results=execution.results,
        governance=None,
        head=after,
        seconds=0.25,
    )
    with open_home(home, read_config(home.config), None) as opened:
        backend = assemble(opened).backend
        for _ in range(2):
            backend.on_committed(committed, interval_ms=1_500)
        told = backend.measured()
    assert told["consensus_block_interval_seconds_count"] == 2
    assert told["consensus_block_interval_seconds_sum"] == 3
    assert told["consensus_commit_seconds_sum"] == 0.5
    assert told["consensus_rounds_total"] == 2 * certified.certificate.round
