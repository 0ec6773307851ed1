"""What was checked of a transaction, in words: each step, what was compared, and what is trusted in the end. Pure.

A step is told by a word, `checked`, `FAILED`, `open` or `trusted`, and never by its colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.record import Checked, Step
from portals.auditor.evidence import Proven
from portals.languages import Language, Text, say
from portals.local_forms import format_number
from rpc.lineage import Ancestry, Origin

CHECKED, FAILED, OPEN, TRUSTED = "checked", "FAILED", "open", "trusted"

_STEPS: dict[Step, Text] = {
    Step.CONTENT: say("The bytes of the transaction have its number: SHA-256 of them."),
    Step.SENDER: say("Its sender signed it, for this network and no other."),
    Step.PATH: say(
        "Its number leads, with the hashes beside the way, to the root of all transactions of its block."
    ),
    Step.HEADER: say("The hash of the block's header, with that root in it, is the block that was decided."),
    Step.SIGNATURES: say("Validators with more than two thirds of the votes signed that block."),
    Step.VALIDATORS: say("These validators are those whom the header itself names."),
    Step.NEXT: say("The next block follows this one, and was decided in the same way."),
    Step.RESULT: say(
        "What became of all transactions of the block leads to the root of results in the next block."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """A step in words."""

    step: str
    state: str
    text: str
    expected: str
    got: str


def check_lines(steps: Sequence[Checked], ancestry: Ancestry, language: Language) -> list[CheckLine]:
    """All steps in words, and where the validators come from."""
    state = FAILED if ancestry.is_broken else TRUSTED if ancestry.origin is Origin.NOT_ASKED else CHECKED
    text = describe_ancestry(ancestry, language)
    origin = CheckLine(step="origin", state=state, text=text, expected="", got=ancestry.problem)
    return [*(_line(checked, language) for checked in steps), origin]


def _line(checked: Checked, language: Language) -> CheckLine:
    return CheckLine(
        step=checked.step.value,
        state=OPEN if checked.holds is None else CHECKED if checked.holds else FAILED,
        text=language.say(_STEPS[checked.step]),
        expected=checked.expected,
        got=checked.got,
    )


def describe_ancestry(ancestry: Ancestry, language: Language) -> str:
    """Whether the validators of a block follow from the genesis document."""
    match ancestry.origin:
        case Origin.FOUNDERS:
            text = language.say(
                "The validators of the block are the founders that the genesis document names."
            )
        case Origin.SUCCESSORS:
            heights = ", ".join(format_number(height, language) for height in ancestry.changes)
            text = language.say(
                "The validators of the block follow from the founders that the genesis document names; they changed at "
                "blocks {heights}, each time signed by those before.",
                heights=heights,
            )
        case Origin.NOT_ASKED:
            text = language.say(
                "Who the validators are is the node's word: this portal was started without a genesis document."
            )
        case Origin.BROKEN:
            text = language.say("The validators of the block do NOT follow from the genesis document.")
    return text


def state_of(proven: Proven) -> str:
    """How an entry stands."""
    return FAILED if proven.has_failed else CHECKED if proven.is_checked else OPEN
