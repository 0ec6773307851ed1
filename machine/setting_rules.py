"""What a value in the configuration may be, in a form that can be both checked and said."""

import re
from dataclasses import dataclass
from typing import Protocol

from chain.limits import CONFIG_ITEMS_MAX


class Rule(Protocol):
    """What a key's value must be."""

    def find_expected(self, value: object) -> str | None:
        """What was expected, or None if the value will do."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    def find_expected(self, value: object) -> str | None:
        """See `Rule`."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return None
        return f"a whole number from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a certain form; `words` say which."""

    pattern: str
    words: str

    def find_expected(self, value: object) -> str | None:
        """See `Rule`."""
        fits = isinstance(value, str) and re.fullmatch(self.pattern, value) is not None
        return None if fits else self.words


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def find_expected(self, value: object) -> str | None:
        """See `Rule`."""
        return None if value in self.words else "one of " + ", ".join(f'"{word}"' for word in self.words)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items all follow one rule."""

    item: Rule

    def find_expected(self, value: object) -> str | None:
        """See `Rule`."""
        if not isinstance(value, (list, tuple)) or len(value) > CONFIG_ITEMS_MAX:
            return f"a list of at most {CONFIG_ITEMS_MAX} items"
        expected = next((words for words in map(self.item.find_expected, value) if words is not None), None)
        return None if expected is None else f"a list in which each item is {expected}"


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""

    def find_expected(self, value: object) -> str | None:
        """See `Rule`."""
        return None if isinstance(value, bool) else "true or false"
