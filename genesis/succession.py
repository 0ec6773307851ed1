"""A network that lost its quorum for good goes on as another one: the same records, other keepers, and a document that says so.

More than a third of the power is gone with its keys, so no block can ever be decided again, and nobody may sign in the place
of those who are away. What is left is to found anew, openly: a genesis document with a chain id of its own that names the old
network, its last block and the root of its state after that. Who keeps the ledger comes from the new document, as in every
founding; everything else that the contracts hold is carried over.

    link        from the founders of the old document on, its validators hand over to those who decided the last block
    time        the new network begins after that block
    state       the carried entries are those of the root that the document names
    governance  the contract that runs is the one of the document, so that it means the same
    names       an agency that was a member goes on with the operator it had
    consents    each member of the new document has signed it by its operator

The rest is for people: no signature can show that those who are away are away for good, and two groups might go on apart.
So whoever did not consent is named, and everybody reads the names before following.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from chain.block import compute_block_id
from chain.errors import Invalid
from chain.hand_over import Reign, follow, verify_reign
from chain.hashing import tagged
from chain.keys import SigningKey, address_of, is_signed
from chain.validators import ValidatorSet
from chain.vote import Height
from genesis.document import Consent, Genesis, Succession
from genesis.founders import founders_of
from genesis.state import GenesisState, compute_genesis_state
from vm.deployment import ModuleCache
from vm.executor import GOVERNANCE, query_view, read_governance
from vm.host import BlockEnvironment
from vm.keys import contract_key, storage_prefix
from vm.module_codec import code_hash, decode_module
from vm.overlay import MemoryState
from vm.state import Change, begin_state

Row = tuple[bytes, bytes]
_KEEPERS = ("members", "operators", "full_nodes", "keys_in_use", "members_count", "nodes_count")
"""Storages of governance that say who keeps the ledger: these come from the new document."""


class SuccessionRefused(Invalid):
    """The document does not succeed; the message says in what, what was expected and what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What ties the new network to the old: who decided its last block, which agencies go on, and which do not."""

    succession: Succession
    last_validators: ValidatorSet
    consenting: tuple[str, ...]
    missing: tuple[str, ...]
    left_behind: tuple[str, ...]


def verify_link(genesis: Genesis, old: Genesis) -> Link:
    """Checks a document against the genesis document of the network before it. `missing`: who has yet to consent.

    Raises:
        SuccessionRefused: names what does not hold.
    """
    end = get_succession(genesis)
    if end.genesis_hash != old.hash or end.chain_id != old.chain_id:
        raise SuccessionRefused(
            f"link: expected the network {old.chain_id} of genesis {old.hash.hex()}, "
            f"got {end.chain_id!a} of {end.genesis_hash.hex()}"
        )
    if genesis.chain_id == old.chain_id:
        raise SuccessionRefused(f"link: expected a chain id of its own, got {genesis.chain_id}, the old one")
    reign = _verify_last(end, old)
    last = end.last.header
    if genesis.time_ms <= last.time_ms:
        raise SuccessionRefused(f"time: expected one after {last.time_ms} ms, got {genesis.time_ms} ms")
    names = {one.name for one in reign.validators.validators}
    consenting = _verify_consents(genesis, end)
    return Link(
        succession=end,
        last_validators=reign.validators,
        consenting=consenting,
        missing=tuple(one.name for one in genesis.members if one.name not in consenting),
        left_behind=tuple(sorted(names - {one.name for one in genesis.members})),
    )


def get_succession(genesis: Genesis) -> Succession:
    """What the document goes on from; raises `SuccessionRefused` where it goes on from nothing."""
    if genesis.succession is None:
        raise SuccessionRefused("expected a document that goes on from another network, got one that begins")
    return genesis.succession


def _verify_last(end: Succession, old: Genesis) -> Reign:
    try:
        reigns = follow(Reign(validators=founders_of(old), since=Height(1)), end.hand_overs, old.chain_id)
        verify_reign(reigns[-1], end.last, old.chain_id)
    except Invalid as error:
        raise SuccessionRefused(f"link: {error}") from error
    header = end.last.header
    if (header.height, compute_block_id(header)) != (end.height, end.block_id):
        raise SuccessionRefused(
            f"link: expected block {end.height}, {end.block_id.hex()}, got {header.height}, "
            f"{compute_block_id(header).hex()}"
        )
    return reigns[-1]


def _verify_consents(genesis: Genesis, end: Succession) -> tuple[str, ...]:
    names = {member.operator: member.name for member in genesis.members}
    found: list[str] = []
    for consent in end.consents:
        name = names.get(address_of(consent.operator))
        if name is None or name in found:
            raise SuccessionRefused(
                f"consents: expected each member's operator once, got {consent.operator.hex()}"
            )
        if not is_signed(consent.operator, _message(genesis), consent.signature):
            raise SuccessionRefused(
                f"consents: the signature of {name} is not over this document. Whoever changes it has to ask all again"
            )
        found.append(name)
    return tuple(found)


def consent(genesis: Genesis, key: SigningKey) -> Genesis:
    """The document with the consent of one member's operator; raises `SuccessionRefused` for anybody else."""
    end = get_succession(genesis)
    if key.address not in {member.operator for member in genesis.members}:
        raise SuccessionRefused(
            "consents: expected the key of a member's operator, got one that acts for none"
        )
    others = tuple(one for one in end.consents if one.operator != key.public)
    mine = Consent(operator=key.public, signature=key.sign(_message(genesis)))
    return replace(genesis, succession=replace(end, consents=(*others, mine)))


def _message(genesis: Genesis) -> bytes:
    return tagged("succession", genesis.hash)


def compute_carried_state(genesis: Genesis, old: Genesis, rows: Iterable[Row]) -> GenesisState:
    """The first state of the new network: the carried entries, kept by whom the document names. Everybody has consented.

    Raises:
        SuccessionRefused: the document, or the entries, do not succeed.
    """
    link = verify_link(genesis, old)
    if link.missing:
        raise SuccessionRefused(
            f"consents: {', '.join(link.missing)} has yet to sign: terang succession sign"
        )
    carried = dict(rows)
    root = begin_state(_changes_of(carried)).root
    if root != link.succession.state_root:
        raise SuccessionRefused(
            f"state: expected the root {link.succession.state_root.hex()}, got {root.hex()} of {len(carried)} entries"
        )
    prefixes = _find_keepers(genesis, carried)
    _check_names(genesis, old, link, carried)
    founded = {
        change.key: change.after
        for change in compute_genesis_state(genesis).update.changes
        if change.after is not None and change.key.startswith(prefixes)
    }
    kept = {key: value for key, value in carried.items() if not key.startswith(prefixes)}
    state = {**kept, **founded}
    environment = BlockEnvironment(chain_id=genesis.chain_id, height=0, time_ms=genesis.time_ms)
    governance = read_governance(MemoryState(state), environment, ModuleCache())
    return GenesisState(update=begin_state(_changes_of(state)), governance=governance)


def _changes_of(rows: dict[bytes, bytes]) -> tuple[Change, ...]:
    return tuple(Change(key, None, rows[key]) for key in sorted(rows))


def _find_keepers(genesis: Genesis, carried: dict[bytes, bytes]) -> tuple[bytes, ...]:
    module = next(one.module for one in genesis.contracts if one.id == GOVERNANCE)
    if carried.get(contract_key(GOVERNANCE)) != code_hash(module):
        raise SuccessionRefused(
            f"governance: expected the contract that runs, got {code_hash(module).hex()} in the document"
        )
    numbers = {storage.name: number for number, storage in enumerate(decode_module(module).storage)}
    return tuple(storage_prefix(GOVERNANCE, numbers[name]) for name in _KEEPERS)


def _check_names(genesis: Genesis, old: Genesis, link: Link, carried: dict[bytes, bytes]) -> None:
    """Nobody takes the place of an agency under another operator: its roles and records go on under its name."""
    before = dict(_list_operators(carried, old, link))
    for member in genesis.members:
        expected = before.get(member.name, member.operator)
        if member.operator != expected:
            raise SuccessionRefused(
                f"names: expected {member.name} with the operator that it had, {expected.hex().upper()}, "
                f"got {member.operator.hex().upper()}"
            )


def _list_operators(carried: dict[bytes, bytes], old: Genesis, link: Link) -> Iterator[tuple[str, bytes]]:
    """The members of the old network by its own contract."""
    header = link.succession.last.header
    environment = BlockEnvironment(chain_id=old.chain_id, height=header.height, time_ms=header.time_ms)
    rows = query_view(MemoryState(carried), environment, GOVERNANCE, "member_list", (), ModuleCache())
    assert isinstance(rows, tuple), "a list of records"
    for row in rows:
        assert isinstance(row, tuple) and isinstance(row[0], str) and isinstance(row[1], bytes), "a member"
        yield row[0], row[1]
