"""Their errors: what a peer, a client or a document can get wrong, each with its own type.

The type is the consequence: whoever catches `Invalid` refuses the thing and goes on. Our own mistakes are
assertions instead, and stop the node.
"""


class Invalid(Exception):
    """Something from outside is not acceptable; the message says what was expected and what came."""


class Malformed(Invalid):
    """Bytes or fields that do not fit their schema."""


class BadSignature(Invalid):
    """A signature that its claimed signer did not make over these bytes."""


class WrongChain(Invalid):
    """A message that was made for another network."""
