"""What became of damage: was it noticed, by whom, was it mended, and was anything false answered?"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random

import node.assembly
import node.backend
import node.opening
import node.repair.rebuild
from chain.hashing import Digest
from genesis.file import read_genesis
from machine.clock import SystemClock
from machine.faults import Damaged
from node.config import read_config
from node.home import Home
from node.opening import open_home
from node.repair.mend import Mending
from node.repair.source import LedgerSource
from node.store.walk import walk_ledger
from tests.bitrot.rot import Rot, copy_rotten, find_classes, link_all
from tests.bitrot.town import Town
from tests.bitrot.truth import Answers, Failed, Refuses, answer_all
from tests.node.grown import STORE
from vm.deployment import ModuleCache
from vm.meter import ReadyModule


class Fate(StrEnum):
    """How one damage ended."""

    AT_OPEN = "refused at start"
    AT_READ = "named at reading"
    AT_SCRUB = "found by scrubbing"
    REPAIRED = "repaired"
    HARMLESS = "harmless"
    FALSE = "FALSE"


@dataclass(slots=True, kw_only=True)
class Tally:
    """All fates by class of file, and every false answer with the damage that gave it."""

    counts: dict[str, Counter[Fate]] = field(default_factory=dict)
    false: list[tuple[Rot, str]] = field(default_factory=list)

    def add(self, rot: Rot, fate: Fate, why: str) -> None:
        """One damage more."""
        self.counts.setdefault(rot.kind, Counter())[fate] += 1
        if fate is Fate.FALSE:
            self.false.append((rot, why))


_READY: dict[bytes, ReadyModule] = {}


class _OnceForAll(ModuleCache):
    """Modules that were verified for one copy are ready for the next: the same bytes give the same module."""

    def _load(self, code_hash: Digest, data: bytes) -> ReadyModule:
        if data not in _READY:
            _READY[data] = super()._load(code_hash, data)
        return _READY[data]


class Judge:
    """Damages copies of a town's home and looks what it answers. A repair asks a whole copy as if it were a peer."""

    def __init__(self, town: Town, place: Path, seed: int) -> None:
        for module in (node.opening, node.assembly, node.backend, node.repair.rebuild):
            module.ModuleCache = _OnceForAll  # type: ignore[attr-defined]  # what makes ten thousand starts take minutes
        self._town = town
        self._place = place
        self._chance = Random(seed)
        self._classes = find_classes(town.home)
        self._copy = Home(place / "copy")
        self._truth = answer_all(self._whole_copy("whole"), town.questions).answers

    def _whole_copy(self, name: str) -> Home:
        link_all(self._town.home.path, self._place / name)
        return Home(self._place / name)

    def run(self, flips: int, tell: Callable[[], None]) -> Tally:
        """One damage after the other, the classes in turn; `tell` hears of each."""
        tally, kinds = Tally(), list(self._classes)
        peer = self._whole_copy("peer")
        with open_home(peer, read_config(peer.config), None) as opened, opened.ledger.snapshot() as reader:
            source = LedgerSource(reader)
            for number in range(flips):
                kind = kinds[number % len(kinds)]
                rot = copy_rotten(self._town.home, self._copy.path, self._chance, kind, self._classes[kind])
                fate, why = self._judge(kind, source)
                tally.add(rot, fate, why)
                tell()
        return tally

    def _judge(self, kind: str, source: LedgerSource) -> tuple[Fate, str]:
        try:
            heard = answer_all(self._copy, self._town.questions)
        except Refuses as refusal:
            fault = refusal.__cause__
            if isinstance(fault, Damaged) and fault.path == self._copy.store(STORE):
                return self._repair(fault, source)
            return Fate.AT_OPEN, str(refusal)
        wrong = find_false(heard.answers, self._truth)
        if wrong is not None:
            return Fate.FALSE, wrong
        failed = next((one.reason for one in heard.answers.values() if isinstance(one, Failed)), None)
        if failed is not None:
            return Fate.AT_READ, failed
        if heard.mended:
            return Fate.REPAIRED, heard.mended[0]
        found = self._scrub() if kind.startswith("store") else None
        if found is not None:
            return Fate.AT_SCRUB, found
        return Fate.HARMLESS, ""

    def _scrub(self) -> str | None:
        """What a walk through the ledger finds that nobody has asked for."""
        try:
            with open_home(self._copy, read_config(self._copy.config), None) as opened:
                deque(walk_ledger(opened.ledger.snapshot, lambda _what, _count: None), maxlen=0)
        except Damaged as fault:
            return fault.problem
        return None

    def _repair(self, fault: Damaged, source: LedgerSource) -> tuple[Fate, str]:
        mending = Mending(
            self._copy,
            self._copy.store(STORE),
            read_genesis(self._copy.genesis),
            SystemClock(),
            lambda _what, _count: None,
        )
        mending.run(fault, source)
        answers = answer_all(self._copy, self._town.questions).answers
        wrong = find_false(answers, self._truth)
        lacking = next((one.reason for one in answers.values() if isinstance(one, Failed)), None)
        if wrong is not None or lacking is not None:
            return Fate.FALSE, f"after a repair: {wrong or lacking}"
        return Fate.REPAIRED, ""


def find_false(answers: Answers, truth: Answers) -> str | None:
    """The first answer that claims something else than the undamaged home."""
    for asked, answer in answers.items():
        if not isinstance(answer, Failed) and answer != truth[asked]:
            return f"{asked.method} {asked.params}: {answer.text[:300]!r} instead of {truth[asked]}"[:900]
    return None
