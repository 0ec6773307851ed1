"""Each act on a tender as a page can offer it: its form, what it does in a sentence, and what the form is filled with.

Which of them a key may do now the contract says (`acts`); here is only how to ask for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portals.agency import tender_forms as forms
from portals.forms import Form
from portals.languages import Language, Text, say
from portals.local_forms import write_amount_input, write_share_input, write_time_input
from rpc.contracts import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an act is on: a tender as `read_tender` gives it, and the bidder, question or objection, if it is on one."""

    tender: str
    plan: Record
    terms: Record | None
    estimate: Record | None
    zone: int
    language: Language
    subject: str


Filling = Callable[[About], Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderAct:
    """An act. `of`: what it is on besides the tender: a bidder, a question, an objection; empty for the tender alone.
    `is_due`: somebody waits for it, so that it is among the work of whom may do it."""

    form: Form
    note: Text
    fill: Filling
    of: str = ""
    is_due: bool = False


def _fill_tender(about: About) -> Mapping[str, object]:
    return {"tender": about.tender}


def _fill_bidder(about: About) -> Mapping[str, object]:
    return {"tender": about.tender, "bidder": about.subject}


def _fill_number(about: About) -> Mapping[str, object]:
    return {"tender": about.tender, "number": about.subject}


def _fill_plan(about: About) -> Mapping[str, object]:
    plan = about.plan
    return {
        "reference": plan["reference"],
        "currency": plan["currency"],
        "package.title": plan["title"],
        "package.procedure": plan["procedure"],
        "package.ceiling": write_amount_input(plan.number("ceiling"), plan.text("currency"), about.language),
        "package.publish_from": write_time_input(plan.number("publish_from"), about.zone),
        "package.publish_by": write_time_input(plan.number("publish_by"), about.zone),
    }


def _fill_estimate(about: About) -> Mapping[str, object]:
    plan, estimate = about.plan, about.estimate
    known = (
        ""
        if estimate is None
        else write_amount_input(estimate.number("amount"), plan.text("currency"), about.language)
    )
    return {"reference": plan["reference"], "currency": plan["currency"], "amount": known}


def _fill_publication(about: About) -> Mapping[str, object]:
    """What the procedure of the plan leaves open is empty."""
    plan = about.plan
    has_one = plan["procedure"] == "TENDER_CEPAT"
    return {
        "agency": plan["agency"],
        "reference": plan["reference"],
        "currency": plan["currency"],
        "terms.title": plan["title"],
        "terms.envelopes": "1" if has_one else "2",
        "terms.award_rule": "LOWEST_PRICE" if has_one else "",
    }


def _fill_addendum(about: About) -> Mapping[str, object]:
    terms = about.terms
    assert terms is not None, "an addendum is to published terms"
    same = ("title", "criteria", "award_rule", "bids_min", "winners")
    return {
        "agency": about.plan["agency"],
        "tender": about.tender,
        **{f"terms.{field}": terms[field] for field in same},
        "terms.envelopes": str(terms["envelopes"]),
        "terms.documents": terms.data("documents").hex(),
        "terms.quality_weight_bps": write_share_input(terms.number("quality_weight_bps"), about.language),
        "terms.quality_min_bps": write_share_input(terms.number("quality_min_bps"), about.language),
        "terms.closes_at": write_time_input(terms.number("closes_at"), about.zone),
    }


ACTS: Mapping[str, TenderAct] = {
    "APPROVE_PLAN": TenderAct(
        form=forms.APPROVE_PLAN,
        note=say(
            "With your approval the selection group may publish this tender. A plan that you reject may be replaced."
        ),
        fill=_fill_tender,
        is_due=True,
    ),
    "ESTIMATE": TenderAct(
        form=forms.SET_ESTIMATE,
        note=say(
            "A bid above the owner estimate is invalid. It is public, and it stays once the tender is published."
        ),
        fill=_fill_estimate,
        is_due=True,
    ),
    "PUBLISH": TenderAct(
        form=forms.PUBLISH,
        note=say("From the publication on the terms are binding, and only an addendum changes them."),
        fill=_fill_publication,
        is_due=True,
    ),
    "PLAN": TenderAct(
        form=forms.PLAN,
        note=say(
            "Another plan takes the place of this one; it is approved anew, and the owner estimate is set anew."
        ),
        fill=_fill_plan,
    ),
    "ANSWER": TenderAct(
        form=forms.ANSWER,
        note=say("Everybody can read the answer. A question is answered once, before the close."),
        fill=_fill_number,
        of="question",
        is_due=True,
    ),
    "ADDENDUM": TenderAct(
        form=forms.ADDENDUM,
        note=say(
            "An addendum is a new version of all terms; the earlier ones stay on record. A late one extends the close by rule."
        ),
        fill=_fill_addendum,
    ),
    "SCORE": TenderAct(
        form=forms.SCORE,
        note=say(
            "You score each proposal once. Your score and its reason are signed by you and can be read by everybody."
        ),
        fill=_fill_bidder,
        of="bidder",
        is_due=True,
    ),
    "OPEN_PRICES": TenderAct(
        form=forms.OPEN_PRICES,
        note=say(
            "The technical evaluation ends with this. Bidders that passed may open their price envelopes."
        ),
        fill=_fill_tender,
        is_due=True,
    ),
    "EVALUATE": TenderAct(
        form=forms.EVALUATE,
        note=say(
            "The contract checks every bid and ranks the valid ones by the published rule. Nobody can change its result."
        ),
        fill=_fill_tender,
        is_due=True,
    ),
    "AWARD": TenderAct(
        form=forms.AWARD,
        note=say(
            "The first of the ranking win and the standstill begins. With too few valid bids the tender has failed."
        ),
        fill=_fill_tender,
        is_due=True,
    ),
    "ANSWER_OBJECTION": TenderAct(
        form=forms.ANSWER_OBJECTION,
        note=say("Rejected, the award stands. Any other outcome makes it void at once."),
        fill=_fill_number,
        of="objection",
        is_due=True,
    ),
    "REOPEN": TenderAct(
        form=forms.REOPEN,
        note=say("Bids are taken again under the same terms. Bids of the round before count no more."),
        fill=_fill_tender,
        is_due=True,
    ),
    "FINALISE": TenderAct(
        form=forms.FINALISE,
        note=say(
            "The standstill is over and no objection is open. Then contracts can be drafted with the winners."
        ),
        fill=_fill_tender,
        is_due=True,
    ),
    "REINSTATE": TenderAct(
        form=forms.REINSTATE,
        note=say("A bid that your group disqualified counts again, in this evaluation."),
        fill=_fill_bidder,
        of="bidder",
    ),
    "DISQUALIFY": TenderAct(
        form=forms.DISQUALIFY,
        note=say("The bid is out, with your reason on record. Its price, if it is sealed, stays sealed."),
        fill=_fill_bidder,
        of="bidder",
    ),
    "LINK_ROUND": TenderAct(
        form=forms.LINK_ROUND,
        note=say("This tender is the new round of one of your agency that has failed."),
        fill=_fill_tender,
    ),
    "CANCEL": TenderAct(
        form=forms.CANCEL,
        note=say("This ends the tender for good, with your reason on record."),
        fill=_fill_tender,
    ),
}
"""In the order in which a page shows them."""
