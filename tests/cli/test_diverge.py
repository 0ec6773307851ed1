"""`terang diverge` over two homes: what is said while both have the state, and what when one has let it go."""

import shutil
from pathlib import Path

from chain.codec import encode
from chain.limits import STATE_VERSIONS_KEPT
from node.home import Home
from tests.cli.running import Terminal
from tests.node.divergence.twins import Twins, find_key
from tests.node.grown import STORE


def leave(twins: Twins, path: Path) -> tuple[Path, Path]:
    """The homes of both, closed."""
    twins.close()
    one, other = (twins.one.testnet.nodes[number].home for number in (0, 1))
    shutil.copytree(path / "other", Home(other).store(STORE), dirs_exist_ok=True)
    return one, other


def part(path: Path) -> Twins:
    """Two that agree up to the first block and differ after the second."""
    twins = Twins.found(path)
    twins.grow(1)
    twins.falsify(find_key(twins.one.ledger, "registry", "suppliers_count"), encode(40))
    twins.grow(1)
    return twins


def test_equal_homes_agree_as_far_as_both_go(tmp_path: Path, terminal: Terminal) -> None:
    twins = Twins.found(tmp_path)
    twins.grow(1)
    twins.one.grow()
    one, other = leave(twins, tmp_path)
    said = terminal.succeed("diverge", one, other)
    assert "they agree up to block 1, which is as far as both go" in said


def test_key_values_transaction_and_cause_are_named(tmp_path: Path, terminal: Terminal) -> None:
    twins = part(tmp_path)
    twins.one.grow()
    one, other = leave(twins, tmp_path)
    ran = terminal.run("diverge", one, other)
    assert ran.code == 1, ran
    for words in (
        "they agree up to block 1 and differ after block 2",
        "registry.suppliers_count is written by transaction 1, ",
        f"{other} has a row that its own tree contradicts: registry.suppliers_count",
        f"this release computes what {one} has",
        f"this release computes what {other} has",
    ):
        assert words in ran.out, ran.out
    assert {f"  {home}: " in ran.out for home in (one, other)} == {True}
    again = terminal.run("diverge", one, other)
    assert again.out == ran.out, "nothing was changed"


def test_what_can_be_told_without_the_other_state_is_told(tmp_path: Path, terminal: Terminal) -> None:
    twins = part(tmp_path)
    for _ in range(STATE_VERSIONS_KEPT + 2):
        twins.one.grow([twins.one.make_registration()])
    one, other = leave(twins, tmp_path)
    ran = terminal.run("diverge", other, one)
    assert ran.code == 1, ran
    for words in (
        f"the trees cannot be compared: {one} keeps the state after block 2 no more",
        f"{one} does not have block 2 and the state before it any more",
        f"{other} has a row that its own tree contradicts: registry.suppliers_count",
        f"this release computes what {other} has",
    ):
        assert words in ran.out, ran.out


def test_two_histories_are_no_difference_of_execution(tmp_path: Path, terminal: Terminal) -> None:
    twins = Twins.found(tmp_path)
    twins.grow(1)
    twins.one.grow([twins.one.make_registration()])
    twins.other.grow()
    ran = terminal.run("diverge", *leave(twins, tmp_path))
    assert ran.code == 1 and "two different blocks at height 2" in ran.out, ran


def test_what_is_no_node_is_refused(tmp_path: Path, terminal: Terminal) -> None:
    assert "expected an RPC address" in terminal.fail("diverge", tmp_path / "nowhere", tmp_path)
