"""The languages of the portals: every text that a person reads, from catalogs that are complete in each.

A text is written in English where it is used and found again in `locale/<language>/*.po`. What has a name instead of a
text (`field.price`, `tender.submit`, `Stage.FINAL`, a contract's refusal) stands in the catalogs of both languages.
Texts come in by `say(text, name=value)`; values are put in where the text says `{name}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
NAMES = {"id": "Bahasa Indonesia", "en": "English"}
"""The first is the one for who has not chosen."""
DEFAULT = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text that is not yet in anybody's language, and the values in it."""

    text: str
    values: Mapping[str, object]


def say(text: str, /, **values: object) -> Text:
    """A text to be said later, when it is known to whom."""
    return Text(text=text, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: its code, its forms of numbers and dates, its texts."""

    code: str
    locale: Locale
    texts: Mapping[str, str]

    def say(self, text: str | Text, /, **values: object) -> str:
        """A text in this language with its values."""
        if isinstance(text, Text):
            return self.say(text.text, **text.values)
        said = self.texts.get(text, text)
        return said.format(**values) if values else said

    def knows(self, name: str) -> bool:
        """Whether a name has a text here."""
        return name in self.texts

    def name(self, name: str) -> str:
        """The text of something that has a name, or the name itself where a contract is newer than this release."""
        return self.texts.get(name, name.rpartition(".")[2].replace("_", " "))


@cache
def get_language(code: str) -> Language:
    """A language by its code, which is one of `NAMES`."""
    return Language(code=code, locale=Locale.parse(code), texts=read_catalogs(code))


def read_catalogs(code: str) -> dict[str, str]:
    """All texts of a language, of all its catalogs; a text stands in one of them."""
    texts: dict[str, str] = {}
    for path in sorted((LOCALE / code).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=code):
                if message.id:
                    assert isinstance(message.id, str) and isinstance(message.string, str), message.id
                    assert message.id not in texts, f"{path}: {message.id!r} stands in another catalog too"
                    texts[message.id] = message.string
    return texts
