"""Nodes of the ledger as the gateway sees them: a block that one has let go is read from another."""

from copy import copy

import pytest

from chain.vote import Height
from payments.nodes import Nodes, compute_fingerprint
from rpc import requests
from rpc.requests import PrunedThere
from tests.chain.making import CHAIN
from tests.portals.making import AnsweringNode
from tests.rpc.memory import MemoryBackend

pytestmark = pytest.mark.trio


async def test_a_block_that_one_node_has_let_go_is_read_from_the_next() -> None:
    archive = MemoryBackend()
    for _ in range(3):
        archive.commit()
    full = copy(archive)
    full.blocks_since = Height(3)
    fingerprint = compute_fingerprint({"chain_id": CHAIN})
    both = Nodes([AnsweringNode(full, "full"), AnsweringNode(archive, "archive")], CHAIN, fingerprint)
    assert (await both.call(requests.committed(1))).height == 1
    with pytest.raises(PrunedThere, match="lowest height is 3"):
        await Nodes([AnsweringNode(full, "full")], CHAIN, fingerprint).call(requests.committed(1))
