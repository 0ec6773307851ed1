"""A small part of the measurement of joining: a short chain, served over TCP, and kills on the way."""

from pathlib import Path
from random import Random

from tests.bench.joining import WAYS, grow, join, make_table, serving


def test_a_node_joins_a_chain_and_goes_on_after_kills(tmp_path: Path) -> None:
    place = grow(tmp_path, 300)
    with serving(place):
        found = [join(place, way, 1, Random(1), 3.0) for way in WAYS]
    assert [(one.way, one.blocks, one.kills) for one in found] == [("snapshot", 300, 1), ("blocks", 300, 1)]
    assert all(one.bytes > 0 and one.store_bytes > 0 for one in found)
    assert make_table(found).row_count == 2
