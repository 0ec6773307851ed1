"""The consensus core: height after height, input in, ordered effects out.

    engine = Engine(own=address) engine.handle(StartHeight(...))          # the head of our store for
    remembered in log: engine.handle(remembered)      # effects ignored: they were carried out, or are asked
    for again carry_out(engine.resume()) while True: carry_out(engine.handle(next_input()))

A height sleeps until `Wake`, or until a message of it shows that others are awake; asleep it has asked for
no time-out. Messages of the next height wait in a small buffer for `StartHeight`; they are remembered when
they are taken out, for until then nothing was said because of them. Everything of other heights is somebody
else's business: what is past is decided, and what is far ahead is for the follower that fetches certified
blocks.

A validator whose address is not in the height's set, and one whose signer stays silent, follow the same
rules and decide the same; they only ask for no vote or get none.
"""

from chain.keys import Address
from chain.limits import CONSENSUS_ROUNDS_BUFFERED_MAX
from chain.vote import Height, Round, VoteKind
from consensus.effects import Effect
from consensus.height import HeightState
from consensus.inputs import Input, ProposalArrived, Remembered, StartHeight, VoteArrived
from consensus.view import HeightView

_BufferKey = tuple[Round, VoteKind | None, Address | None]


class Engine:
    """The state of one validator's consensus, `own` being its address; None for one that only follows."""

    def __init__(self, own: Address | None) -> None:
        self._own = own
        self._height: HeightState | None = None
        self._buffer: dict[_BufferKey, ProposalArrived | VoteArrived] = {}

    @property
    def state(self) -> HeightState | None:
        """All state of the current height, to look at only; None before the first `StartHeight`."""
        return self._height

    def handle(self, input_: Input) -> tuple[Effect, ...]:
        """Takes one input and returns what to do, in order. Before the first `StartHeight`: nothing."""
        if isinstance(input_, StartHeight):
            return self._start(input_)
        if self._height is None:
            return ()
        height = self._height.start.height
        message_height = _get_message_height(input_)
        if message_height is None or message_height == height:
            return self._height.handle(input_)
        if message_height == height + 1 and isinstance(input_, ProposalArrived | VoteArrived):
            self._keep_for_later(input_)
        return ()

    def resume(self) -> tuple[Effect, ...]:
        """What must be done again after a replay, or once a signer that stayed silent may sign: harmless if
        it was done.

        Own messages of this height are sent, own votes that are still unsigned asked for, values checked,
        waits begun and a decision told again.
        """
        return () if self._height is None else self._height.resume()

    def view(self) -> HeightView | None:
        """A summary for people and peers; None before the first `StartHeight`."""
        return None if self._height is None else self._height.view()

    def _start(self, start: StartHeight) -> tuple[Effect, ...]:
        if self._height is not None and start.height <= self._height.start.height:
            return ()
        self._height = HeightState.of(self._own, start)
        buffered, self._buffer = self._buffer, {}
        effects: list[Effect] = []
        for input_ in buffered.values():
            if _get_message_height(input_) == start.height:
                effects.extend(self._height.handle(input_))
        return tuple(effects)

    def _keep_for_later(self, input_: ProposalArrived | VoteArrived) -> None:
        """Keeps the first message of each sort of the first few rounds: at most nine a validator."""
        key = _make_buffer_key(input_)
        if key[0] < CONSENSUS_ROUNDS_BUFFERED_MAX:
            self._buffer.setdefault(key, input_)


def _get_message_height(input_: Remembered) -> Height | None:
    """The height of a vote or a proposal; None for what speaks of the current one."""
    match input_:
        case ProposalArrived(proposal=signed):
            return signed.proposal.height
        case VoteArrived(vote=signed_vote):
            return signed_vote.vote.height
        case _:
            return None


def _make_buffer_key(input_: ProposalArrived | VoteArrived) -> _BufferKey:
    if isinstance(input_, ProposalArrived):
        return (input_.proposal.proposal.round, None, None)
    vote = input_.vote.vote
    return (vote.round, vote.kind, vote.validator)
