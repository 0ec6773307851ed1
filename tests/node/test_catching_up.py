"""Blocks of others, many at once: carried out as one by one, stopped where one is not ours, over a change of validators."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.block import CertifiedBlock
from chain.errors import Invalid
from chain.hashing import sha256
from chain.transaction import Call
from node.certified import Position, SignedBlock, known_sets, verify_signed
from node.head import Head
from node.validity import Diverged
from tests.node.grown import Grown
from tests.node.making import certify

BLOCKS = 12


@pytest.fixture
def grown(tmp_path: Path) -> Grown:
    """A chain in whose fifth block members change a validator's power."""
    found = Grown.found(tmp_path / "network", full_nodes=0)
    while found.ledger.head.height < BLOCKS:
        raws = [found.make_registration()]
        if found.ledger.head.height == 3:
            raws.append(found.make_call(found.operator(0), _call("propose_power", "agency-1", 3)))
        if found.ledger.head.height == 4:
            raws += [found.make_call(found.operator(one), _call("vote", 1, True)) for one in (1, 2)]
        found.grow(raws)
    assert found.ledger.head.validators.total_power == 6
    return found


def _call(method: str, *arguments: str | int | bool) -> Call:
    return Call(contract="governance", method=method, arguments=arguments)


def blocks_of(grown: Grown) -> list[CertifiedBlock]:
    found = [grown.ledger.certified_block(height) for height in range(1, grown.ledger.head.height + 1)]
    return [one for one in found if one is not None]


def verify(blocks: list[CertifiedBlock], head: Head) -> tuple[SignedBlock, ...]:
    return verify_signed(blocks, Position(head.height, head.block_id), known_sets(head), head.chain_id)


def test_a_range_is_carried_out_as_one_by_one(grown: Grown, tmp_path: Path) -> None:
    """What is not known yet who decides is verified when the blocks before are carried out."""
    other, rest, groups = grown.begin_again(tmp_path / "other"), blocks_of(grown), []
    while rest:
        group = verify(rest, other.ledger.head)
        done = other.committer.commit_all(other.ledger.head, group)
        assert [one.head.height for one in done] == [one.position.height for one in group]
        groups.append(len(group))
        rest = rest[len(group) :]
    assert other.ledger.head == grown.ledger.head
    assert groups == [6, 6], "the set that decides height 7 is not known at height 0"


def test_those_before_a_block_that_contradicts_us_are_kept(grown: Grown, tmp_path: Path) -> None:
    other, blocks = grown.begin_again(tmp_path / "other"), blocks_of(grown)[:4]
    keys = [grown.keys[one.address] for one in other.ledger.head.validators.validators]
    wrong = replace(blocks[3].block, header=replace(blocks[3].block.header, state_root=sha256(b"other")))
    blocks[3] = certify(wrong, other.ledger.head.validators, keys)
    with pytest.raises(Diverged, match="certified block 4, but here"):
        other.committer.commit_all(other.ledger.head, verify(blocks, other.ledger.head))
    assert other.ledger.head.height == 3 and other.ledger.block(4) is None
    assert other.ledger.head.block_id == grown.ledger.block_id(3)


def test_what_is_signed_by_those_of_another_height_is_none_of_ours(grown: Grown, tmp_path: Path) -> None:
    """They are validators, only not of that height: no reason for a node to stop."""
    other, blocks = grown.begin_again(tmp_path / "other"), blocks_of(grown)
    other.committer.commit_all(other.ledger.head, verify(blocks[:5], other.ledger.head))
    head = other.ledger.head
    assert head.validators != head.next_validators
    header = replace(blocks[5].block.header, validators_hash=head.next_validators.hash)
    keys = [grown.keys[one.address] for one in head.next_validators.validators]
    early = certify(replace(blocks[5].block, header=header), head.next_validators, keys)
    with pytest.raises(Invalid, match="validators of another height"):
        other.committer.commit_all(head, verify([early], head))
    assert other.ledger.head == head
    done = other.committer.commit_all(head, verify(blocks[5:6], head))
    assert done[-1].head.height == 6


def test_those_before_a_block_of_the_wrong_validators_are_kept(grown: Grown, tmp_path: Path) -> None:
    """Who has handed over signs one block more, in the middle of a range."""
    other, blocks = grown.begin_again(tmp_path / "other"), blocks_of(grown)
    other.committer.commit_all(other.ledger.head, verify(blocks[:5], other.ledger.head))
    head = other.ledger.head
    header = replace(blocks[6].block.header, validators_hash=head.validators.hash)
    keys = [grown.keys[one.address] for one in head.validators.validators]
    late = certify(replace(blocks[6].block, header=header), head.validators, keys)
    done = other.committer.commit_all(head, verify([blocks[5], late], head))
    assert [one.head.height for one in done] == [6] and other.ledger.head.height == 6


def test_a_range_ends_before_what_does_not_follow(grown: Grown, tmp_path: Path) -> None:
    head, blocks = grown.begin_again(tmp_path / "other").ledger.head, blocks_of(grown)
    assert len(verify([*blocks[:3], blocks[4]], head)) == 3
    with pytest.raises(Invalid, match="expected block 1, got 2"):
        verify(blocks[1:], head)
    torn = replace(blocks[1], block=replace(blocks[1].block, transactions=()))
    assert len(verify([blocks[0], torn, blocks[2]], head)) == 1
