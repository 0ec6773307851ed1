"""Nothing that a person reads is missing in a language: texts, names of what contracts have, and every refusal."""

import pytest

from chain.result import ResultCode, TransactionResult, Trap, render
from portals.agency.portal import AGENCY
from portals.forms import Kind
from portals.languages import NAMES, get_language, read_catalogs
from portals.page import PortalInfo
from portals.refusals import explain_result, explain_text, find_clause
from portals.supplier.portal import SUPPLIER
from tests.contracts.ledger import CONTRACTS, compiled
from tests.portals.texts import TEMPLATES, list_bare_texts, list_texts, template_paths
from vm.module import Module, Role
from vm.module_codec import decode_module

MODULES: dict[str, Module] = {name: decode_module(data) for name, data in compiled()}
REFUSALS = [(name, text) for name in CONTRACTS for text in MODULES[name].messages]


def test_every_text_is_said_in_every_language() -> None:
    english = set(get_language("en").texts)
    for code in NAMES:
        known = set(get_language(code).texts)
        missing = (list_texts() if code != "en" else set()) | english
        assert sorted(missing - known) == [], f"missing in {code}"


def test_no_catalog_says_what_nobody_says() -> None:
    names = set(get_language("en").texts)
    assert sorted(set(get_language("id").texts) - list_texts() - names) == []


@pytest.mark.parametrize("code", list(NAMES))
def test_translations_keep_the_values(code: str) -> None:
    language = get_language(code)
    for text in list_texts():
        places = sorted(part.split("}")[0] for part in text.split("{")[1:])
        said = language.say(text)
        assert sorted(part.split("}")[0] for part in said.split("{")[1:]) == places, text


@pytest.mark.parametrize("path", template_paths())
def test_no_template_says_anything_by_itself(path: str) -> None:
    assert list_bare_texts((TEMPLATES / path).read_text()) == []


def test_a_bare_text_would_be_found() -> None:
    assert list_bare_texts('<p class="x">{{ _("a") }}</p>{# b #}<code>c</code>') == []
    assert list_bare_texts('<p>Hello {{ name }}</p><img alt="d">') == ["Hello", "d"]


@pytest.mark.parametrize("name", CONTRACTS)
@pytest.mark.parametrize("code", list(NAMES))
def test_every_name_of_a_contract_has_a_text(code: str, name: str) -> None:
    module, known = MODULES[name], get_language(code).texts
    calls = [function for function in module.functions if function.role is Role.CALL]
    wanted = {f"contract.{name}"} | {f"{name}.{call.name}" for call in calls}
    wanted |= {f"field.{field.name}" for call in calls for field in call.parameters}
    wanted |= {f"field.{field.name}" for record in module.records for field in record.fields}
    wanted |= {f"{enum.name}.{member}" for enum in module.enums for member in enum.members}
    assert sorted(wanted - set(known)) == []


@pytest.mark.parametrize(("contract", "text"), REFUSALS)
def test_every_refusal_is_told_in_both_languages(contract: str, text: str) -> None:
    values = tuple(str(place) for place in range(text.count("{}")))
    trap = Trap(contract=contract, function="f", message=text, values=values, line=1)
    result = TransactionResult(code=ResultCode.REFUSED, gas_wanted=1, gas_used=1, trap=trap)
    for code in NAMES:
        language = get_language(code)
        assert language.knows(text), f"{contract}: {text!r} is not told in {code}"
        told = explain_result(result, language)
        assert told.clause and told.clause in text and told.said != text and told.contract == contract
        assert "{" not in told.said
        assert explain_text(render(trap), language).clause == told.clause


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        (
            "clause 2.2: the ceiling of the plan is {}, the owner estimate {}",
            (1_500_000_000_000, 1_600_000_000_000),
            ("1,500,000,000,000", "1,600,000,000,000"),
        ),
        (
            "clause 4.1: the close was at {}, the block's time is {}",
            (1_795_619_038_800, 1_795_619_098_800),
            ("25 November 2026, 22:03 WIB", "25 November 2026, 22:04 WIB"),
        ),
        (
            "clause 5.5: {} envelopes may still be opened until {}",
            (3, 1_795_619_038_800),
            ("3", "25 November 2026, 22:03 WIB"),
        ),
    ],
)
def test_times_are_told_as_times_and_trillions_as_amounts(
    text: str, values: tuple[int, ...], said: tuple[str, ...]
) -> None:
    trap = Trap(contract="tender", function="f", message=text, values=values, line=1)
    result = TransactionResult(code=ResultCode.REFUSED, gas_wanted=1, gas_used=1, trap=trap)
    told = explain_result(result, get_language("en")).said
    assert all(one in told for one in said)
    seen = explain_text(render(trap), get_language("en")).said
    assert ("WIB" in seen) is ("WIB" in told)


@pytest.mark.parametrize("code", list(NAMES))
def test_no_catalog_tells_a_refusal_that_no_contract_gives(code: str) -> None:
    told = {text for text in get_language(code).texts if find_clause(text)}
    assert sorted(told - {text for _, text in REFUSALS}) == []


@pytest.mark.parametrize("portal", [SUPPLIER, AGENCY], ids=lambda portal: portal.name)
@pytest.mark.parametrize("code", list(NAMES))
def test_every_label_of_a_form_has_its_text(code: str, portal: PortalInfo) -> None:
    known = get_language(code).texts
    wanted = set(portal.forms)
    for field in (field for form in portal.forms.values() for field in form.fields):
        wanted |= {field.label, *(one.label for one in field.rows)}
        wanted |= {f"{field.enum}.{choice}" for choice in field.choices}
        if field.kind is Kind.YES_NO:
            wanted |= {f"{field.label}.yes", f"{field.label}.no"}
    assert sorted(wanted - set(known)) == []


def test_a_catalog_is_read_from_all_its_files() -> None:
    assert {"field.name", "My key", "clause 1.1: a name is not empty"} <= set(read_catalogs("id"))
