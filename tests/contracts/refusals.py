"""Every refusal of every contract: who gives it, in which words for whom, and which test brings it about.

What contracts refuse is read from their modules, what a person is told from the portals' catalogs, and how it is brought
about from the tables of the tests: nothing is listed here by hand. `python -m tests.contracts.refusals` prints the list.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from portals.languages import get_language
from portals.refusals import find_clause
from tests.contracts import (
    test_agreement,
    test_calendar,
    test_documents,
    test_governance_refusals,
    test_payment,
    test_registry_refusals,
    test_tender_objections,
    test_tender_refusals,
)
from tests.contracts.agreeing import Agreeing
from tests.contracts.ledger import CONTRACTS, Ledger, Refusal, compiled
from tests.contracts.tendering import Tendering
from vm.module import FunctionCode, Module, Role
from vm.module_codec import decode_module
from vm.opcodes import Op

L = TypeVar("L", bound=Ledger)
Table = dict[str, Callable[[], Refusal]]
"""How to bring refusals about, by their texts with values in them."""
_MESSAGE_AT = {Op.REQUIRE: 2, Op.FAIL: 1}
_CALLED_AT = {Op.CALL: 1, Op.CALL_VALUE: 2}
_TEST = "tests/contracts/test_refusals.py::test_refused_with_these_words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One line of a contract that refuses with this message, and the methods that come to it."""

    contract: str
    message: str
    line: int
    methods: tuple[str, ...]


def _table(ledger: type[L], attempts: Mapping[str, Callable[[L], Refusal]]) -> Table:
    def bring_about(attempt: Callable[[L], Refusal]) -> Callable[[], Refusal]:
        return lambda: attempt(ledger())

    return {text: bring_about(attempt) for text, attempt in attempts.items()}


TABLES: dict[str, Table] = {
    "governance": _table(Ledger, test_governance_refusals.REFUSALS),
    "registry": _table(Ledger, test_registry_refusals.REFUSALS),
    "calendar": _table(Ledger, test_calendar.REFUSALS),
    "tender": _table(Tendering, test_tender_refusals.REFUSALS)
    | _table(Tendering, test_tender_objections.OBJECTIONS),
    "agreement": _table(Agreeing, test_agreement.REFUSALS),
    "payment": _table(Agreeing, test_payment.REFUSALS),
    "documents": _table(test_documents.Documented, test_documents.REFUSALS),
}


@cache
def provoke(contract: str, text: str) -> Refusal:
    """Brings a refusal about."""
    return TABLES[contract][text]()


@cache
def list_places(contract: str) -> tuple[Place, ...]:
    """Every place where a contract refuses, in the order of clauses."""
    module = decode_module(dict(compiled())[contract])
    methods = _list_methods(module)
    found: dict[tuple[str, int], list[str]] = {}
    for function in module.functions:
        for message, line in _list_messages(module, function):
            found.setdefault((message, line), []).extend(methods[function.name])
    places = [
        Place(contract=contract, message=message, line=line, methods=tuple(sorted(set(names))))
        for (message, line), names in found.items()
    ]
    return tuple(sorted(places, key=lambda place: (_order(place.message), place.message, place.line)))


def _list_messages(module: Module, function: FunctionCode) -> Iterator[tuple[str, int]]:
    for instruction, line in zip(function.code, function.lines, strict=True):
        at = _MESSAGE_AT.get(Op(instruction[0]))
        if at is not None:
            yield module.messages[instruction[at]], line


def _list_methods(module: Module) -> dict[str, list[str]]:
    """For each function the methods from which it is reached."""
    reached: dict[str, list[str]] = {function.name: [] for function in module.functions}
    for method in module.functions:
        if method.role is Role.INTERNAL:
            continue
        waiting, seen = [method], {method.name}
        while waiting:
            function = waiting.pop()
            reached[function.name].append(method.name)
            called = [module.functions[number] for number in _list_called(function)]
            waiting += [one for one in called if one.name not in seen]
            seen |= {one.name for one in called}
    return reached


def _list_called(function: FunctionCode) -> list[int]:
    found = [(instruction, _CALLED_AT.get(Op(instruction[0]))) for instruction in function.code]
    return sorted({instruction[at] for instruction, at in found if at is not None})


def _order(message: str) -> tuple[int, ...]:
    """Clause 10.1 comes after clause 9.2, and clause 3 before clause 3.1."""
    return tuple(int(number) for number in find_clause(message).split("."))


@cache
def find_tests(contract: str) -> Mapping[tuple[str, int], str]:
    """The text with which the tests bring about the refusal of each place."""
    found: dict[tuple[str, int], str] = {}
    for text in TABLES[contract]:
        trap = provoke(contract, text).trap
        if trap.contract == contract:
            found.setdefault((trap.message, trap.line), text)
    return found


def list_missing() -> list[str]:
    """What is not as it should be: places that no test reaches, and messages that a language does not tell."""
    missing: list[str] = []
    for place in (place for contract in CONTRACTS for place in list_places(contract)):
        name = f"{place.contract}, line {place.line}: {place.message}"
        if (place.message, place.line) not in find_tests(place.contract):
            missing.append(f"no test: {name}")
        missing += [
            f"not told in {code}: {name}"
            for code in ("en", "id")
            if not get_language(code).knows(place.message)
        ]
    return missing


def show_list() -> Iterator[str]:
    """Every refusal in a few lines."""
    english, indonesian = get_language("en"), get_language("id")
    for contract in CONTRACTS:
        for place in list_places(contract):
            yield ""
            yield f"{contract} clause {find_clause(place.message)}, line {place.line}: {', '.join(place.methods)}"
            yield f"    says  {place.message.partition(': ')[2]}"
            yield f"    en    {english.name(place.message)}"
            yield f"    id    {indonesian.name(place.message)}"
            text = find_tests(contract).get((place.message, place.line))
            yield "    test  none" if text is None else f"    test  {_TEST}[{contract}: {text}]"


def main() -> int:
    """Prints the list; 1 where something is missing, which is printed last."""
    print("\n".join(show_list()))
    places = [place for contract in CONTRACTS for place in list_places(contract)]
    messages = {(place.contract, place.message) for place in places}
    missing = list_missing()
    print(f"\n{len(messages)} refusals of {len(CONTRACTS)} contracts at {len(places)} places")
    print("\n".join(missing) or "each is brought about by a test, and told in both languages")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
