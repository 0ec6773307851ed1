"""What nodes have let go is read from another node, and where none keeps it the page says so."""

from copy import copy

import pytest

from chain.vote import Height
from portals.auditor.portal import AUDITOR, make_views
from tests.portals.making import open_site

pytestmark = pytest.mark.trio


async def test_what_one_node_has_let_go_is_read_from_the_next_and_else_told() -> None:
    async with open_site(AUDITOR, make_views(None), nodes=2) as site:
        for _ in range(4):
            site.backend.commit()
        assert (await site.get("/en/blocks/1")).status_code == 200
        kept = copy(site.backend)
        kept.blocks_since = Height(3)
        site.nodes[0].backend = kept
        assert (await site.get("/en/blocks/1")).status_code == 200, "the other node keeps it"
        assert "block" in site.nodes[1].asked
        site.nodes[1].backend = kept
        gone = await site.get("/en/blocks/1")
        assert gone.status_code == 410 and "An archive node has it" in gone.text
        assert "lowest height is 3" in gone.text
        assert (await site.get("/en/blocks/3")).status_code == 200
        assert "Simpul arsip memilikinya" in (await site.get("/id/blocks/1")).text
