"""What a peer can do to us. The type is the consequence."""

from chain.errors import Invalid


class LinkRefused(Invalid):
    """The handshake failed: another protocol, network or genesis, or not a member. Nobody is banned for it."""


class PeerMisbehaved(Invalid):
    """The peer said what no correct node says: its link is dropped, and it is not spoken to for a while."""


class PeerSlow(Exception):
    """The peer does not keep up or fell silent: its link is dropped and dialled again. Slowness is no offence."""
