"""What a key may do in registry and governance, and what can be read of scores and votes: views that portals show by."""

from chain.codec import Value
from tests.contracts.agreeing import SUPPLIER, Agreeing
from tests.contracts.ledger import KEY_REPLACEMENT_MS, VOTE_MS, Ledger, address, operator
from tests.contracts.tendering import AUTHORITY, GROUP, OFFICER, QUALITY_AND_COST, SECOND_MEMBER, Tendering

(
    GRANT,
    REVOKE,
    DELEGATE,
    END_DELEGATION,
    BAR,
    END_BARRING,
    REPLACE_KEY,
    OBJECT_REPLACEMENT,
    COMPLETE_REPLACEMENT,
    APPOINT_TREASURY,
    SET_DOCUMENT_KEY,
) = range(11)
PROPOSE, SET_TIME_ZONE, VOTE = range(3)
SELECTION_GROUP, REGISTRY_OFFICER = 3, 9
OPERATOR = operator("barat")


def test_an_operator_grants_and_an_officer_delegates() -> None:
    ledger = Tendering()
    assert ledger.view("registry", "acts", OPERATOR.address) == (GRANT, APPOINT_TREASURY, SET_DOCUMENT_KEY)
    assert ledger.view("registry", "acts", GROUP.address) == (DELEGATE,)
    assert ledger.view("registry", "acts", address("alfa")) == ()
    deputy = address("wakil")
    ledger.do(GROUP, "registry", "delegate", deputy, SELECTION_GROUP, ledger.now_ms + 1_000)
    assert ledger.view("registry", "acts", deputy) == (), "what was delegated is not delegated on"

    def on(who: bytes) -> Value:
        return ledger.view("registry", "acts_on_role", deputy, SELECTION_GROUP, who)

    assert on(OPERATOR.address) == (REVOKE,) and on(GROUP.address) == (END_DELEGATION,)
    assert on(operator("timur").address) == () and on(SECOND_MEMBER.address) == ()
    ledger.do(GROUP, "registry", "end_delegation", deputy, SELECTION_GROUP)
    assert on(OPERATOR.address) == ()


def test_a_supplier_is_barred_by_an_authority_and_let_in_by_the_same_agency() -> None:
    ledger = Tendering()

    def on(who: bytes) -> Value:
        return ledger.view("registry", "acts_on_key", address("alfa"), who)

    assert on(AUTHORITY.address) == (BAR,) and on(GROUP.address) == () and on(address("alfa")) == ()
    ledger.do(AUTHORITY, "registry", "bar", address("alfa"), ledger.now_ms + 1_000, "palsu")
    assert on(AUTHORITY.address) == (BAR, END_BARRING)
    ledger.do(operator("timur"), "registry", "grant", address("pa of timur"), 4)
    assert on(address("pa of timur")) == ()
    ledger.wait(1_000)
    assert on(address("pa of timur")) == (BAR,)


def test_a_lost_key_is_replaced_by_whom_it_concerns() -> None:
    ledger = Tendering()
    ledger.do(OPERATOR, "registry", "grant", address("registrar"), REGISTRY_OFFICER)

    def on(old: bytes, who: bytes) -> Value:
        return ledger.view("registry", "acts_on_key", old, who)

    assert on(GROUP.address, OPERATOR.address) == (REPLACE_KEY,)
    assert on(GROUP.address, operator("timur").address) == ()
    assert on(address("alfa"), address("registrar")) == (REPLACE_KEY,)
    assert on(address("alfa"), OPERATOR.address) == () and on(address("nobody"), OPERATOR.address) == ()
    number = ledger.do(OPERATOR, "registry", "request_replacement", GROUP.address, address("baru"), "hilang")
    assert on(GROUP.address, OPERATOR.address) == ()

    def now(who: bytes) -> Value:
        return ledger.view("registry", "acts_on_replacement", number, who)

    assert now(GROUP.address) == (OBJECT_REPLACEMENT,) and now(OPERATOR.address) == ()
    rows = ledger.view("registry", "replacement_list", 1, 100)
    assert isinstance(rows, tuple) and len(rows) == 1 and isinstance(rows[0], tuple)
    assert rows[0][:4] == (number, GROUP.address, address("baru"), False)
    assert ledger.view("registry", "replacement_list", 2, 100) == ()
    ledger.wait(KEY_REPLACEMENT_MS)
    assert now(OPERATOR.address) == (COMPLETE_REPLACEMENT,)
    ledger.do(OPERATOR, "registry", "complete_replacement", number)
    assert now(OPERATOR.address) == () and now(GROUP.address) == ()
    assert ledger.view("registry", "acts_on_replacement", 9, OPERATOR.address) == ()


def test_a_proposal_is_voted_on_once_by_each_operator_and_in_time() -> None:
    ledger = Ledger()
    assert ledger.view("governance", "acts", OPERATOR.address) == (PROPOSE, SET_TIME_ZONE)
    assert ledger.view("governance", "acts", GROUP.address) == ()
    number = ledger.do(OPERATOR, "governance", "propose_rule", "standstill_days", 5)
    ledger.do(OPERATOR, "governance", "propose_holiday", 20_000, "Nyepi")
    assert ledger.view("governance", "proposal_count") == 2

    def on(who: bytes) -> Value:
        return ledger.view("governance", "acts_on_proposal", number, who)

    assert on(operator("timur").address) == (VOTE,) and on(OPERATOR.address) == () and on(GROUP.address) == ()
    ledger.do(operator("timur"), "governance", "vote", number, False)
    assert on(operator("timur").address) == ()
    assert ledger.view("governance", "vote_list", number) == (("barat", True), ("timur", False))
    ledger.wait(VOTE_MS)
    assert on(operator("utara").address) == ()
    rows = ledger.view("governance", "proposal_list", 1, 100)
    assert isinstance(rows, tuple) and [row[-1] for row in rows if isinstance(row, tuple)] == [True, True]
    assert ledger.view("governance", "proposal_list", 2, 1) == rows[1:]
    assert ledger.view("governance", "acts_on_proposal", 9, OPERATOR.address) == ()


def test_scores_are_read_with_who_gave_them() -> None:
    ledger = Tendering()
    tender = ledger.publish(envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=7_000)
    ledger.bid(tender, "alfa", 500, envelopes=2)
    ledger.close(tender)
    ledger.reveal(tender, "alfa", 1)
    ledger.act("score", tender, address("alfa"), 8_000, "metode jelas")
    ledger.act("score", tender, address("alfa"), 6_000, "tim kecil", signer=SECOND_MEMBER)
    given = {(GROUP.address, 8_000, "metode jelas"), (SECOND_MEMBER.address, 6_000, "tim kecil")}
    scores = ledger.view("tender", "score_list", tender, address("alfa"))
    assert isinstance(scores, tuple) and set(scores) == given
    assert ledger.view("tender", "score_list", tender, address("beta")) == ()


def test_an_agreement_is_drafted_by_a_commitment_officer_once_the_award_is_final() -> None:
    ledger = Agreeing()

    def may(supplier: bytes, who: bytes) -> Value:
        return ledger.view("agreement", "may_draft", ledger.tender, supplier, who)

    assert may(SUPPLIER.address, OFFICER.address) is True
    assert may(SUPPLIER.address, GROUP.address) is False, "not a commitment officer"
    assert may(address("beta"), OFFICER.address) is False, "has won nothing"
    assert (
        ledger.view("agreement", "may_draft", ledger.unfinished, SUPPLIER.address, OFFICER.address) is False
    )
    ledger.draft()
    assert may(SUPPLIER.address, OFFICER.address) is False, "there is one"
