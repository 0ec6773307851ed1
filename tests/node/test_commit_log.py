"""The log of commits: a torn end is nothing, anything else that changed is told, and it says what the ledger has lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.hashing import sha256
from chain.limits import COMMITS_KEPT, COMMITS_MAX
from chain.vote import BlockId, Height
from node.commit_log import (
    ENTRY_BYTES,
    Commit,
    CommitLog,
    find_contradiction,
    read_commit,
    settle_commits,
)
from node.store.memory import MemoryStore
from tests.node.disk import Fate, FaultyDisk
from tests.node.store.chains import Chain

LOG = Path("data/commits/log")
GENESIS = sha256(b"genesis")


def commit(height: int) -> Commit:
    return Commit(
        height=Height(height),
        block_id=BlockId(sha256(b"block%d" % height)),
        state_root=sha256(b"state%d" % height),
        results_root=sha256(b"results%d" % height),
    )


def written(*heights: int) -> FaultyDisk:
    disk = FaultyDisk()
    log = CommitLog(LOG, GENESIS, disk)
    for height in heights:
        log.append(commit(height))
    return disk


def reopen(data: bytes) -> CommitLog:
    return CommitLog(LOG, GENESIS, FaultyDisk({LOG: data}))


def content(disk: FaultyDisk) -> bytes:
    return disk.survivors(Fate.KEPT)[LOG]


def test_what_was_written_is_read_and_goes_on() -> None:
    log = reopen(content(written(7, 8)))
    log.append(commit(9))
    log.append(commit(8))  # fetched again after a loss
    assert log.damage is None
    assert log.commits == (commit(7), commit(8), commit(9))


def test_nothing_is_there_before_the_first_commit() -> None:
    log = CommitLog(LOG, GENESIS, FaultyDisk())
    assert (log.last, log.damage) == (None, None)


@given(st.integers(0, 3 * ENTRY_BYTES * 8 - 1))
def test_a_flipped_bit_is_told_and_takes_nothing_with_it(place: int) -> None:
    data = bytearray(content(written(1, 2)))
    data[place // 8] ^= 1 << place % 8
    log = reopen(bytes(data))
    assert log.damage is not None
    assert set(log.commits) <= {commit(1), commit(2)}


@given(st.integers(ENTRY_BYTES, 3 * ENTRY_BYTES))
def test_a_cut_end_says_less_and_nothing_false(length: int) -> None:
    log = reopen(content(written(1, 2))[:length])
    assert log.damage is None
    assert log.commits == (commit(1), commit(2))[: length // ENTRY_BYTES - 1]


def test_an_end_that_was_never_written_is_dropped() -> None:
    data = content(written(1, 2))
    log = reopen(data[: 2 * ENTRY_BYTES] + bytes(ENTRY_BYTES))
    assert (log.damage, log.last) == (None, commit(1))


def test_the_log_of_another_network_is_told() -> None:
    log = CommitLog(LOG, sha256(b"another"), FaultyDisk({LOG: content(written(1))}))
    assert (log.damage, log.last) == ("its head does not check, or it is that of another network", None)


def test_it_begins_anew_when_it_is_long_and_after_a_gap() -> None:
    disk = written(*range(1, COMMITS_MAX + 2))
    log = reopen(content(disk))
    assert len(log.commits) == COMMITS_KEPT + 1
    log.append(commit(COMMITS_MAX + 100))
    assert log.commits == (commit(COMMITS_MAX + 100),)


@pytest.fixture
def chain() -> Chain:
    chain = Chain(MemoryStore())
    for height in range(1, 5):
        chain.grow([], ((b"k", b"%d" % height),))
    return chain


def log_of(chain: Chain, *heights: int) -> CommitLog:
    log = CommitLog(LOG, GENESIS, FaultyDisk())
    found = [read_commit(chain.ledger, Height(height)) for height in heights]
    log.begin([one for one in found if one is not None])
    return log


def test_the_ledger_says_the_same(chain: Chain) -> None:
    assert find_contradiction(chain.ledger, log_of(chain, 1, 2, 3, 4).commits) is None


def test_another_block_or_root_is_named(chain: Chain) -> None:
    wrong = "block 3 is not the one that this node's own log of commits has"
    assert find_contradiction(chain.ledger, [commit(3)]) == wrong
    assert find_contradiction(chain.ledger, [commit(9)]) is None


@pytest.mark.parametrize("heights", [(), (1,), (1, 2, 3), (1, 2, 3, 4)])
def test_what_it_lacks_is_filled_in(chain: Chain, heights: tuple[int, ...]) -> None:
    log = log_of(chain, *heights)
    assert settle_commits(log, chain.ledger) is None
    assert log.commits == log_of(chain, 1, 2, 3, 4).commits


def test_a_damaged_one_is_made_anew_and_keeps_what_is_ahead(chain: Chain) -> None:
    data = bytearray(content(written(4, 5, 6)))
    data[ENTRY_BYTES + 9] ^= 1
    log = reopen(bytes(data))
    told = settle_commits(log, chain.ledger)
    assert told is not None and "made anew" in told
    assert log.damage is None
    assert log.commits == (*log_of(chain, 1, 2, 3, 4).commits, commit(5), commit(6))
