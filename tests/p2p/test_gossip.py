"""How transactions spread: once whole, else by announcement; nobody can block, crowd out or swell it."""

from chain.hashing import sha256
from chain.keys import PublicKey
from chain.limits import ANNOUNCERS_PER_TRANSACTION_MAX, IDS_PER_MESSAGE_MAX, WANTED_PER_LINK_MAX
from chain.transaction import TxId
from p2p.gossip import ANSWER_SECONDS, Gossip, SendAnnounce, SendPush, SendWant
from tests.chain.making import make_key

A, B, C = (make_key(number).public for number in (1, 2, 3))


def ids(count: int, first: int = 0) -> tuple[TxId, ...]:
    """So many transaction ids."""
    return tuple(TxId(sha256(number.to_bytes(4, "big"))) for number in range(first, first + count))


def with_links(*peers: PublicKey) -> Gossip:
    gossip = Gossip()
    for peer in peers:
        assert gossip.on_link_up(peer, ()) == []
    return gossip


def test_what_enters_here_is_pushed_once_and_never_announced_to_those_links() -> None:
    gossip = with_links(A, B)
    assert gossip.on_entered(ids(2)) == [SendPush(peer=A, ids=ids(2)), SendPush(peer=B, ids=ids(2))]
    assert gossip.flush(0.0) == []


def test_what_was_received_is_announced_to_who_has_not_shown_it() -> None:
    gossip = with_links(A, B, C)
    gossip.on_announced(C, ids(1), 0.0)
    gossip.on_received(A, ids(2))
    assert gossip.flush(0.0) == [
        SendAnnounce(peer=B, ids=ids(2)),
        SendAnnounce(peer=C, ids=ids(1, first=1)),
    ]
    assert gossip.flush(0.0) == []


def test_a_new_link_hears_of_everything_in_messages_of_bounded_size() -> None:
    waiting = ids(2 * IDS_PER_MESSAGE_MAX + 1)
    sendings = Gossip().on_link_up(A, waiting)
    assert [len(sending.ids) for sending in sendings] == [IDS_PER_MESSAGE_MAX, IDS_PER_MESSAGE_MAX, 1]
    assert tuple(one for sending in sendings for one in sending.ids) == waiting


def test_announcements_and_questions_are_of_bounded_size_too() -> None:
    gossip = with_links(A, B, C)
    gossip.on_received(A, ids(IDS_PER_MESSAGE_MAX + 1))
    assert [len(one.ids) for one in gossip.flush(0.0) if one.peer == B] == [IDS_PER_MESSAGE_MAX, 1]
    fresh = ids(IDS_PER_MESSAGE_MAX + 1, first=500_000)
    for start in (0, IDS_PER_MESSAGE_MAX):
        gossip.on_announced(A, fresh[start : start + IDS_PER_MESSAGE_MAX], 0.0)
        gossip.on_announced(B, fresh[start : start + IDS_PER_MESSAGE_MAX], 0.0)
    asked = gossip.flush(ANSWER_SECONDS)
    assert [len(one.ids) for one in asked if isinstance(one, SendWant)] == [IDS_PER_MESSAGE_MAX, 1]


def test_another_announcer_is_asked_when_the_first_does_not_answer() -> None:
    gossip = with_links(A, B)
    assert gossip.on_announced(A, ids(1), 0.0) == [SendWant(peer=A, ids=ids(1))]
    assert gossip.on_announced(B, ids(1), 0.1) == []
    assert gossip.flush(0.5) == []
    assert gossip.flush(ANSWER_SECONDS) == [SendWant(peer=B, ids=ids(1))]
    gossip.on_received(B, ids(1))
    assert gossip.flush(5.0) == []


def test_a_link_that_announces_again_and_again_keeps_no_other_announcer_out() -> None:
    gossip = with_links(A, B)
    for _ in range(2 * ANNOUNCERS_PER_TRANSACTION_MAX):
        gossip.on_announced(A, ids(1), 0.0)
    gossip.on_announced(B, ids(1), 0.0)
    assert gossip.flush(ANSWER_SECONDS) == [SendWant(peer=B, ids=ids(1))]


def test_a_link_that_announces_what_nobody_has_leaves_room_for_others_and_no_trace() -> None:
    gossip = with_links(A, B)
    for start in range(0, 10 * WANTED_PER_LINK_MAX, IDS_PER_MESSAGE_MAX):
        gossip.on_announced(A, ids(IDS_PER_MESSAGE_MAX, first=start), 0.0)
    mine = ids(1, first=10_000_000)
    assert gossip.on_announced(B, mine, 0.0) == [SendWant(peer=B, ids=mine)]
    gossip.on_received(B, mine)
    assert gossip.flush(ANSWER_SECONDS) == [SendAnnounce(peer=A, ids=mine)]
    assert gossip.is_idle()
    assert gossip.count_remembered() == 2, "the one transaction, for each of two links"


def test_what_did_not_fit_a_link_is_announced_to_it_alone() -> None:
    gossip = with_links(A, B)
    gossip.on_entered(ids(2))
    gossip.on_not_sent(B, ids(1))
    assert gossip.flush(0.0) == [SendAnnounce(peer=B, ids=ids(1))]


def test_what_found_no_room_in_front_of_admission_is_asked_for_later() -> None:
    gossip = with_links(A)
    gossip.on_not_taken(A, ids(2), 0.0)
    assert gossip.flush(0.5) == []
    assert gossip.flush(ANSWER_SECONDS) == [SendWant(peer=A, ids=ids(2))]
    gossip.on_received(A, ids(2))
    gossip.on_not_taken(A, ids(2), 5.0)
    assert gossip.is_idle() is False, "others are to hear of them"
    assert gossip.flush(9.0) == []
    assert gossip.is_idle()


def test_what_is_gone_is_neither_announced_nor_asked_for() -> None:
    gossip = with_links(A, B)
    gossip.on_received(A, ids(1))
    gossip.on_announced(A, ids(1, first=1), 0.0)
    gossip.on_announced(B, ids(1, first=1), 0.0)
    gossip.forget(ids(2))
    assert gossip.flush(9.0) == []
    assert gossip.is_idle()


def test_what_was_asked_of_a_link_that_is_gone_is_asked_of_another() -> None:
    gossip = with_links(A, B)
    gossip.on_announced(A, ids(1), 0.0)
    gossip.on_announced(B, ids(1), 0.0)
    gossip.on_link_down(A)
    assert gossip.flush(ANSWER_SECONDS) == [SendWant(peer=B, ids=ids(1))]
