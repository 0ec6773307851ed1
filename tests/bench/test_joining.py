"""A small part of the measurement of joining: a short chain, served over TCP, and kills on the way."""

from pathlib import Path
from random import Random

from tests.bench.joining import grow, join, make_table, serving


def test_a_node_joins_a_chain_and_goes_on_after_kills(tmp_path: Path) -> None:
    place = grow(tmp_path, 300)
    with serving(place):
        joined = join(place, "blocks", 1, Random(1), 3.0)
    assert (joined.blocks, joined.kills) == (300, 1)
    assert joined.bytes > 0 and joined.store_bytes > 0
    assert make_table([joined]).row_count == 1
