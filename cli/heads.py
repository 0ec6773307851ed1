"""Where nodes stand, side by side: the same height must have the same state root on every one of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rpc.client import BadAnswer, CallRefused, SyncClient, Unreachable
from rpc.requests import status

_STEP_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What one node says of itself. `fault` says why it did not answer; height and root are then None."""

    address: str
    moniker: str
    height: int | None
    state_root: str | None
    is_behind: bool = False
    fault: str = ""


def get_head(address: str) -> Head:
    """Asks one node; a node that does not answer is an answer too."""
    with SyncClient([address]) as client:
        try:
            found = client.call(status())
        except (Unreachable, CallRefused, BadAnswer) as error:
            return Head(address=client.address, moniker="?", height=None, state_root=None, fault=str(error))
        return Head(
            address=client.address,
            moniker=found.node_info.moniker,
            height=int(found.sync_info.latest_block_height),
            state_root=found.state_root,
            is_behind=found.sync_info.catching_up,
        )


def get_heads(addresses: Sequence[str]) -> tuple[Head, ...]:
    """Asks every node once, in their order."""
    return tuple(get_head(address) for address in addresses)


def is_agreed(heads: Sequence[Head]) -> bool:
    """Whether all answered with one height and one state root."""
    standings = {(head.height, head.state_root) for head in heads}
    return len(standings) == 1 and heads[0].height is not None


def wait_until_agreed(addresses: Sequence[str], *, timeout_s: float) -> tuple[Head, ...]:
    """Asks until all agree, or the time is over; the last answers in either case."""
    end = time.monotonic() + timeout_s
    while True:
        heads = get_heads(addresses)
        if is_agreed(heads) or time.monotonic() >= end:
            return heads
        time.sleep(_STEP_S)
