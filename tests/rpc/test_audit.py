"""Bundles are put together of what nodes say, over every change of validators, and what is no evidence is refused."""

import pytest
import trio

from chain.bundle import Bundle, encode_bundle
from chain.errors import Malformed
from chain.hashing import sha256
from chain.transaction import TxId
from chain.vote import Height
from genesis.audit import NotProven, Step, verify_bundle
from rpc.audit import collect_entry, collect_transaction
from rpc.backend import StateAnswer
from rpc.requests import CallRefused
from tests.contracts.ledger import address
from tests.genesis.bundles import GENESIS, STORY, Audited, lineage, source_on, words_of


def collect(chain: Audited, id_: TxId | None = None) -> Bundle:
    """A bid's bundle, or that of a transaction."""

    async def ask() -> Bundle:
        if id_ is not None:
            return await collect_transaction(source_on(chain), lineage(), id_)
        words = words_of("tender", "bids", chain.life.tender, address("alfa"))
        return await collect_entry(source_on(chain), lineage(), words, None)

    return trio.run(ask)


@pytest.mark.parametrize(
    ("story", "heights"),
    [
        ("aaaaaaaaaa", [9]),
        (STORY, [3, 6, 9]),
        ("aabbbaaccc", [2, 5, 7, 9]),
        ("abababcabc", [5, 9]),  # halving meets founders who came back: they sign for themselves
        ("aaaaaaaabb", [8, 9]),
        ("aaaaaaaaab", [9]),
    ],
)
def test_each_change_of_validators_is_in_the_bundle(story: str, heights: list[int]) -> None:
    bundle = collect(Audited(story))
    assert [block.header.height for block in bundle.blocks] == heights
    assert verify_bundle(encode_bundle(bundle), GENESIS).steps


@pytest.mark.parametrize("story", ["aaaaaaabbb", "aaaaaaaabb", "aaaaaabbbb"])
def test_a_transaction_may_stand_where_validators_change(story: str) -> None:
    chain = Audited(story)
    bundle = collect(chain, chain.id_of("award"))
    assert verify_bundle(encode_bundle(bundle), GENESIS).steps
    assert [block.header.height for block in bundle.blocks][-2:] == [7, 8]


class Hiding(Audited):
    """A node that says that there is no such bid, with the proof that somebody else made none."""

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        if key == words_of("tender", "bids", self.life.tender, address("alfa")).key:
            key = words_of("tender", "bids", self.life.tender, address("nobody")).key
        return super().state_entry(key, height, prove=prove)


def test_what_a_node_hides_is_not_absent() -> None:
    with pytest.raises(NotProven) as found:
        verify_bundle(encode_bundle(collect(Hiding())), GENESIS)
    assert found.value.step is Step.ENTRY


def test_a_header_that_strangers_signed_proves_nothing() -> None:
    chain = Audited()
    chain.sign_again(9, "x")
    with pytest.raises(NotProven) as found:
        verify_bundle(encode_bundle(collect(chain)), GENESIS)
    assert found.value.step is Step.BLOCK


def test_a_change_that_strangers_signed_leads_nowhere() -> None:
    chain = Audited()
    chain.sign_again(3, "x")
    with pytest.raises(Malformed, match="do not follow from genesis: block 3, signatures"):
        collect(chain)


def test_a_transaction_that_is_not_there_has_no_bundle() -> None:
    with pytest.raises(CallRefused):
        collect(Audited(), TxId(sha256(b"nothing")))


def test_the_last_block_has_no_result_yet() -> None:
    chain = Audited(STORY[:8])
    with pytest.raises(CallRefused, match="height"):
        collect(chain, chain.id_of("award"))
