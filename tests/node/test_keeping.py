"""Who may put and fetch documents at a node, asked of the real contracts; each refusal by its status."""

from http import HTTPStatus

import pytest

from chain.document import Action, is_receipt_signed, sign_receipt
from chain.hashing import sha256
from chain.keys import SigningKey
from chain.limits import DOCUMENT_CONTAINER_BYTES_MAX, DOCUMENT_REQUEST_MS_MAX
from documents.container import parse_container
from node.documents import DocumentLimits
from rpc.documents import DocumentRefused
from tests.contracts.ledger import CHAIN, key, operator
from tests.documents.making import OWNER, make_container
from tests.node.disk import When
from tests.node.keeping import AUDITOR, FOLDER, NODE_KEY, OFFICER, OTHER, STRANGER_OFFICER, Keeping

RAW = make_container()
HASH = sha256(RAW)


@pytest.fixture
def keeping() -> Keeping:
    """A keeper that holds nothing."""
    return Keeping()


def refused_put(
    keeping: Keeping,
    who: SigningKey = OWNER,
    raw: bytes = RAW,
    *,
    late_ms: int = 0,
    action: Action = Action.PUT,
    size: int | None = None,
) -> HTTPStatus:
    """The status of a put that must be refused."""
    credential = keeping.credential(who, action, sha256(raw), late_ms)
    with pytest.raises(DocumentRefused) as caught:
        keeping.keeper.check_put(sha256(raw), credential, len(raw) if size is None else size)
        keeping.keeper.put(sha256(raw), credential, raw)
    return caught.value.status


def test_a_receipt_is_of_this_node_for_these_facts(keeping: Keeping) -> None:
    receipt = keeping.keeper.put(HASH, keeping.credential(OWNER, Action.PUT, HASH), RAW)
    assert receipt.node_key == NODE_KEY.public and receipt.at_ms == keeping.clock.now_ms()
    assert is_receipt_signed(receipt, CHAIN, parse_container(RAW).facts)
    keeping.clock.time_ms += 5
    again = keeping.keeper.put(HASH, keeping.credential(OWNER, Action.PUT, HASH), RAW)
    assert again.at_ms == receipt.at_ms + 5


def test_its_receipts_record_it_on_the_ledger() -> None:
    keeping = Keeping()
    facts = parse_container(RAW).facts
    receipt = keeping.keeper.put(HASH, keeping.credential(OWNER, Action.PUT, HASH), RAW)
    other = sign_receipt(key("node timur"), CHAIN, facts, receipt.at_ms)
    given = (("barat", receipt.signature, receipt.at_ms), ("timur", other.signature, other.at_ms))
    number = keeping.ledger.do(OWNER, "documents", "record", HASH, facts.size, facts.agency, False, given)
    assert number == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (OWNER, None),
        (OFFICER, None),
        (AUDITOR, None),
        (OTHER, HTTPStatus.FORBIDDEN),
        (STRANGER_OFFICER, HTTPStatus.FORBIDDEN),
        (operator("barat"), HTTPStatus.FORBIDDEN),
        (key("nobody"), HTTPStatus.FORBIDDEN),
    ],
)
def test_readers_fetch_and_others_do_not(
    keeping: Keeping, who: SigningKey, status: HTTPStatus | None
) -> None:
    keeping.put()
    credential = keeping.credential(who, Action.GET, HASH)
    if status is None:
        assert keeping.keeper.check_get(HASH, credential) == len(RAW)
        assert keeping.keeper.piece(HASH, 0) == RAW
        return
    with pytest.raises(DocumentRefused) as caught:
        keeping.keeper.check_get(HASH, credential)
    assert caught.value.status == status


def refused_get(
    keeping: Keeping, who: SigningKey | None, late_ms: int = 0, action: Action = Action.GET
) -> HTTPStatus:
    """The status of a get that must be refused."""
    with pytest.raises(DocumentRefused) as caught:
        credential = None if who is None else keeping.credential(who, action, HASH, late_ms)
        keeping.keeper.check_get(HASH, credential)
    return caught.value.status


def test_who_asks_has_just_signed_for_just_this(keeping: Keeping) -> None:
    assert refused_get(keeping, OWNER) == HTTPStatus.NOT_FOUND
    keeping.put()
    assert refused_get(keeping, None) == HTTPStatus.UNAUTHORIZED
    assert refused_get(keeping, OWNER, action=Action.PUT) == HTTPStatus.UNAUTHORIZED
    for late_ms in (DOCUMENT_REQUEST_MS_MAX + 1, -DOCUMENT_REQUEST_MS_MAX - 1):
        assert refused_get(keeping, OWNER, late_ms) == HTTPStatus.UNAUTHORIZED
        assert refused_put(keeping, late_ms=late_ms) == HTTPStatus.UNAUTHORIZED
    assert refused_put(keeping, action=Action.GET) == HTTPStatus.UNAUTHORIZED
    late = keeping.credential(OWNER, Action.GET, HASH, DOCUMENT_REQUEST_MS_MAX)
    assert keeping.keeper.check_get(HASH, late) == len(RAW)


def test_a_public_document_is_everybodys(keeping: Keeping) -> None:
    public = make_container(is_public=True)
    hash_ = keeping.put(public)
    assert keeping.keeper.check_get(hash_, None) == len(public)


def test_only_the_owner_puts_and_only_with_a_part_on_the_ledger(keeping: Keeping) -> None:
    assert refused_put(keeping, OTHER) == HTTPStatus.FORBIDDEN
    nobody = key("nobody")
    assert refused_put(keeping, nobody, make_container(owner=nobody.address)) == HTTPStatus.FORBIDDEN
    assert keeping.put(make_container(owner=OFFICER.address), OFFICER)


def test_an_officer_whose_role_was_revoked_is_refused_at_once(keeping: Keeping) -> None:
    keeping.put()
    keeping.ledger.do(operator("barat"), "registry", "revoke", OFFICER.address, 2)
    assert refused_get(keeping, OFFICER) == HTTPStatus.FORBIDDEN


def test_what_is_no_document_or_another_one_is_not_kept(keeping: Keeping) -> None:
    assert refused_put(keeping, raw=b"no container") == HTTPStatus.BAD_REQUEST
    credential = keeping.credential(OWNER, Action.PUT, sha256(b"other"))
    with pytest.raises(DocumentRefused) as caught:
        keeping.keeper.put(sha256(b"other"), credential, RAW)
    assert caught.value.status == HTTPStatus.BAD_REQUEST
    for size in (0, DOCUMENT_CONTAINER_BYTES_MAX + 1):
        assert refused_put(keeping, size=size) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert keeping.disk.list_names(FOLDER) == []


def test_quota_and_room_are_told_apart() -> None:
    small_day = Keeping(DocumentLimits(bytes_max=10**6, owner_day_bytes_max=len(RAW) - 1))
    assert refused_put(small_day) == HTTPStatus.TOO_MANY_REQUESTS
    small = Keeping(DocumentLimits(bytes_max=len(RAW) - 1, owner_day_bytes_max=10**6))
    assert refused_put(small) == HTTPStatus.INSUFFICIENT_STORAGE


def test_a_damaged_copy_is_never_given(keeping: Keeping) -> None:
    keeping.put()
    inode = keeping.disk.inode(FOLDER / HASH.hex())
    inode.seen = RAW[:-1] + bytes([RAW[-1] ^ 1])
    assert refused_get(keeping, OWNER) == HTTPStatus.INTERNAL_SERVER_ERROR
    inode.seen = b""
    assert refused_get(keeping, None) == HTTPStatus.INTERNAL_SERVER_ERROR
    keeping.put()
    assert keeping.keeper.check_get(HASH, keeping.credential(OWNER, Action.GET, HASH)) == len(RAW)


def test_a_removed_one_ends_in_the_middle(keeping: Keeping) -> None:
    keeping.put()
    keeping.disk.remove(FOLDER / HASH.hex())
    with pytest.raises(DocumentRefused, match="removed"):
        keeping.keeper.piece(HASH, 10)


def test_a_disk_that_does_not_take_it_is_not_a_receipt(keeping: Keeping) -> None:
    keeping.disk.cut_at, keeping.disk.when = keeping.disk.operations + 2, When.ERROR
    assert refused_put(keeping) == HTTPStatus.INTERNAL_SERVER_ERROR
    assert keeping.put() == HASH
