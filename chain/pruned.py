"""What a node answers for what it has let go: neither damage nor absence, and nobody's mistake.

A node keeps what its operator decided (`[retention]`). Headers, certificates, validator sets and parameters it keeps for
ever; so whoever hears this can still follow the chain here, and find the rest at an archive node.
"""

from chain.vote import Height

PRUNED_HERE = "are pruned here, ask an archive node"
"""How an answer ends that another node may give; clients ask the next one."""


class Pruned(Exception):
    """Something of a height below `since` is not kept here any more, or never came here; an archive node has it.

    `what` says of what: "blocks", "headers".
    """

    def __init__(self, height: int, since: Height, what: str) -> None:
        super().__init__(
            f"height {height} is not available, lowest height is {since}: earlier {what} {PRUNED_HERE}"
        )
        self.height = height
        self.since = since
        self.what = what
