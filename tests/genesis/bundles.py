"""A chain over three validator sets whose state is that of a whole procurement, and bundles that are collected from it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import trio

from chain.bundle import Bundle
from chain.codec import Value
from chain.hashing import Digest
from chain.ics23_codec import encode_proof
from chain.parameters import Parameters
from chain.result import Event
from chain.transaction import Call, TxId
from chain.vote import Height
from genesis.document import DEMO_RULES, Contract, Genesis, Member
from genesis.founders import anchor_of
from rpc.audit import Words, collect_entry, collect_transaction
from rpc.backend import StateAnswer
from rpc.lineage import Lineage, Source
from tests.chain.making import make_key
from tests.contracts.ledger import CHAIN, GENESIS_MS, address, compiled, key
from tests.portals.living import Life
from tests.portals.test_lineage import SETS, Changing, ledger_on
from tests.rpc.memory import OK, MemoryBackend
from tests.vm.tree.growing import Tree
from vm.abi import runtime_from
from vm.keys import contract_key, encode_parts, storage_prefix
from vm.module_codec import decode_module

STORY = "aaabbbcccc"
"""Who decides each height: the founders, and whom they and then the next hand over to."""
PLACE = 7
"""The block that holds all transactions of the procurement."""
LOUD = "\x1b[2J\r\nPROVEN\u202e"
"""What a terminal would obey."""
NAMES = ("bid", "award", "absent")


class Audited(Changing):
    """A node of that chain. Its state is the same after every block."""

    def __init__(self, story: str = STORY) -> None:
        super().__init__(story[:1])
        self.info = replace(self.info, chain_id=CHAIN)
        self.story = story
        self.life = Life()
        self.tree = Tree()
        root = self.root = Digest(self.tree.grow(self.life.state.rows))
        sent = [(one.raw, result) for _, transactions, executed in self.life.blocks
                for one, result in zip(transactions, executed.results, strict=True)]  # fmt: skip
        loud = Call(contract="tender", method="shout", arguments=(LOUD,))
        self.loud = self.life.sign(key("alfa"), loud)
        sent.append(
            (self.loud.raw, replace(OK, events=(Event(contract=LOUD, name=LOUD, fields=((LOUD, LOUD),)),)))
        )
        for height in range(1, len(story)):
            self.set, self.keys = SETS[story[height - 1]]
            following = SETS[story[height]][0].hash
            inside = sent if height == PLACE else []
            self.commit(
                [raw for raw, _ in inside],
                [result for _, result in inside],
                next_validators_hash=following,
                state_root=root,
            )

    def state_root_after(self, height: Height) -> Digest | None:
        return self.root if self.block(height) is not None else None

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        of = Height(len(self.chain) - 1) if height is None else height
        proof = self.tree.prove(key, 1)
        assert proof is not None, "the state is not empty"
        return StateAnswer(
            value=self.tree.entries[-1].get(key), height=of, proof=encode_proof(proof) if prove else None
        )

    def id_of(self, method: str) -> TxId:
        """The transaction that calls this."""
        return next(
            one.id
            for _, transactions, _ in self.life.blocks
            for one in transactions
            if one.transaction.calls[0].method == method
        )


@cache
def made() -> Audited:
    """The chain, which no test changes."""
    return Audited()


def make_genesis(powers: Sequence[int] = (10, 10, 10, 10), *, has_contracts: bool = True) -> Genesis:
    """The document of the founders `a`."""
    founders = SETS["a"][0].validators
    return Genesis(
        chain_id=CHAIN,
        time_ms=GENESIS_MS,
        members=tuple(
            Member(
                name=validator.name,
                operator=make_key(50 + number).address,
                consensus_key=validator.public,
                node_key=make_key(60 + number).public,
                power=power,
            )
            for number, (validator, power) in enumerate(zip(founders, powers, strict=True))
        ),
        full_nodes=(),
        parameters=Parameters(),
        rules=DEMO_RULES,
        contracts=tuple(Contract(id=name, module=code) for name, code in compiled()) if has_contracts else (),
    )


GENESIS = make_genesis()


def source_on(backend: MemoryBackend) -> Source:
    """What asks this node."""
    ledger, _ = ledger_on(backend)
    return ledger


def lineage() -> Lineage:
    """From the founders on."""
    return Lineage(anchor_of(GENESIS))


def words_of(contract: str, storage: str, *keys: Value) -> Words:
    """An entry's words and where it stands."""
    module = decode_module(dict(compiled())[contract])
    ((number, found),) = [(index, one) for index, one in enumerate(module.storage) if one.name == storage]
    parts = [runtime_from(kind, key, "key") for kind, key in zip(found.keys, keys, strict=True)]
    place = storage_prefix(contract, number) + encode_parts(found.keys, parts)
    return Words(contract=contract, storage=storage, keys=keys, key=place, code_key=contract_key(contract))


def entry_of(words: Words, genesis: Genesis = GENESIS, module: bytes | None = None) -> Bundle:
    """The bundle of an entry."""

    async def collect() -> Bundle:
        return await collect_entry(source_on(made()), Lineage(anchor_of(genesis)), words, module)

    return trio.run(collect)


def transaction_of(id_: TxId) -> Bundle:
    """The bundle of a transaction."""

    async def collect() -> Bundle:
        return await collect_transaction(source_on(made()), lineage(), id_)

    return trio.run(collect)


@cache
def bundle_of(name: str) -> Bundle:
    """A bid, an award, and that somebody made no bid."""
    tender = made().life.tender
    match name:
        case "bid":
            return entry_of(words_of("tender", "bids", tender, address("alfa")))
        case "award":
            return transaction_of(made().id_of("award"))
        case _:
            return entry_of(words_of("tender", "bids", tender, address("nobody")))
