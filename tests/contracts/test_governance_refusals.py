"""How every refusal of the governance contract is brought about, by its whole text; `test_refusals` does so."""

from collections.abc import Callable

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.ledger import (
    VOTE_MS,
    Ledger,
    Refusal,
    begin,
    compiled,
    key,
    member_row,
    operator,
    refused_beginning,
    setup_call,
)

Attempt = Callable[[Ledger], Refusal]
BARAT = operator("barat")
NODE_KEY = key("node bpk").public
START = 1_700_000_001_000
BARAT_SHOWN, STRANGER_SHOWN = (who.address.hex().upper() for who in (BARAT, key("alfa")))


def by(method: str, *arguments: Value, who: SigningKey = BARAT) -> Attempt:
    """One act of an operator."""
    return lambda ledger: ledger.refused(who, "governance", method, *arguments)


def viewing(method: str, *arguments: Value) -> Attempt:
    """A view of what is not there."""
    return lambda ledger: ledger.refused_view("governance", method, *arguments)


def admitting(name: str = "tengah", **changes: Value) -> Attempt:
    """A new member of whom one thing is wrong."""

    def attempt(ledger: Ledger) -> Refusal:
        _, who, consensus, node, power = member_row(name)
        row = {"operator": who, "consensus": consensus, "node": node, "power": power} | changes
        return ledger.refused(BARAT, "governance", "propose_member", name, *row.values())

    return attempt


def founding(*members: tuple[Value, ...]) -> Attempt:
    """A genesis with these members."""
    return lambda _: refused_beginning(setup_call(members))


def voting(times: int = 1, wait_ms: int = 0) -> Attempt:
    """Votes of timur on a proposal of barat, the last of so many and after a wait."""

    def attempt(ledger: Ledger) -> Refusal:
        number = ledger.do(BARAT, "governance", "propose_removal", "utara")
        for _ in range(times - 1):
            ledger.do(operator("timur"), "governance", "vote", number, True)
        ledger.wait(wait_ms)
        return ledger.refused(operator("timur"), "governance", "vote", number, True)

    return attempt


def _voting_on_what_is_decided(ledger: Ledger) -> Refusal:
    number = ledger.do(BARAT, "governance", "propose_rule", "standstill_ms", 5_000)
    for agency in ("timur", "selatan"):
        ledger.do(operator(agency), "governance", "vote", number, True)
    return ledger.refused(operator("utara"), "governance", "vote", number, True)


def _voting_as_a_stranger(ledger: Ledger) -> Refusal:
    ledger.do(key("alfa"), "registry", "register", "PT Alfa", bytes(32), bytes(32))
    return ledger.refused(key("alfa"), "governance", "vote", 1, True)


def _admitting_beyond_128_members(_: Ledger) -> Refusal:
    founders = tuple(member_row(f"agency {number}") for number in range(128))
    return by("propose_member", *member_row("one more"), who=operator("agency 0"))(
        begin(compiled(), founders)
    )


def _admitting_beyond_256_full_nodes(_: Ledger) -> Refusal:
    """One member alone admits them all; the genesis has the first."""
    ledger = begin(compiled(), (member_row("barat"),))
    for number in range(255):
        ledger.do(BARAT, "governance", "propose_node", f"node {number}", key(f"full node {number}").public)
    return ledger.refused(BARAT, "governance", "propose_node", "one more", NODE_KEY)


def _removing_the_last(_: Ledger) -> Refusal:
    return by("propose_removal", "barat")(begin(compiled(), (member_row("barat"),)))


REFUSALS: dict[str, Attempt] = {
    # Members and full nodes
    "clause 1.1: nobody is not a member": by("propose_removal", "nobody"),
    "clause 1.1: a name is not empty": admitting(""),
    "clause 1.1: a name has at most 64 bytes, got 66": admitting("é" * 33),
    "clause 1.1: voting power is 1 to 4294967296, got 0": admitting(power=0),
    "clause 1.1: voting power is 1 to 4294967296, got 4294967297": by("propose_power", "timur", 2**32 + 1),
    "clause 1.1: there are at most 128 members": _admitting_beyond_128_members,
    "clause 1.1: a key has 32 bytes, got 5": admitting(consensus=b"short"),
    "clause 1.1: a key has 32 bytes, got 31": by("propose_node", "bpk", bytes(31)),
    "clause 1.2: barat is a member already": founding(member_row("barat"), member_row("barat")),
    "clause 1.2: timur is a member already": admitting("timur"),
    "clause 1.2: auditor is a full node's name": admitting("auditor"),
    f"clause 1.2: account {BARAT_SHOWN} belongs to a member already": admitting(operator=BARAT.address),
    f"clause 1.2: key {key('node timur').public.hex().upper()} is in use already": admitting(
        node=key("node timur").public
    ),
    "clause 1.2: tengah has the same key for blocks and for links": admitting(
        node=key("consensus tengah").public
    ),
    "clause 1.2: auditor is a full node already": by("propose_node", "auditor", NODE_KEY),
    "clause 1.2: timur is a member's name": by("propose_node", "timur", NODE_KEY),
    "clause 1.3: at least one member remains": founding(),
    "clause 1.3: barat is the last member, and one remains": _removing_the_last,
    "clause 1.4: there are at most 256 full nodes": _admitting_beyond_256_full_nodes,
    "clause 1.4: nobody is not a full node": by("propose_node_removal", "nobody"),
    # Changes
    f"clause 2.1: {STRANGER_SHOWN} is not the operator of a member": _voting_as_a_stranger,
    "clause 2.1: there is no proposal 99": by("vote", 99, True),
    "clause 2.2: timur has voted on proposal 1": voting(times=2),
    "clause 2.3: proposal 1 is decided already": _voting_on_what_is_decided,
    f"clause 2.4: proposal 1 lapsed at {START + VOTE_MS}, the block's time is {START + VOTE_MS}": voting(
        wait_ms=VOTE_MS
    ),
    # Numbers
    "clause 3: heartbeat_ms is 1000 to 86400000, got 999": by("propose_parameter", "heartbeat_ms", 999),
    "clause 3: vote_ms is 1000 to 31536000000, got 999": by("propose_rule", "vote_ms", 999),
    "clause 3: standstill_days is 0 to 60, got 61": by("propose_rule", "standstill_days", 61),
    "clause 3: penalty_bps is 0 to 10000, got 10001": by("propose_rule", "penalty_bps", 10_001),
    "clause 3.1: nothing is not a parameter of the ledger": by("propose_parameter", "nothing", 5),
    "clause 3.2: nothing is not a rule of procurement": by("propose_rule", "nothing", 5),
    "clause 3.2: heartbeat_ms is not a rule of procurement": viewing("rule", "heartbeat_ms"),
    # Calendar
    "clause 4.1: a day is its number since 1970, at most 100000, got 100001": by(
        "propose_holiday", 100_001, "Hari Raya"
    ),
    "clause 4.1: day 20000 is no holiday": by("propose_workday", 20_000),
    "clause 4.2: a time zone is 420, 480 or 540 minutes, got 0": by("set_time_zone", 0),
}
