"""Rules for what clients send: one object bounds an argument, the domain's own check and the column.

A rule reads a value and returns its canonical form: Unicode normal form C, outer space removed, a UUID in lower case. It
refuses a value that a database, a log line, a mail header or a reader's eye cannot take. `kit.graph.input_checks` applies
the rule of each argument and input field before its resolver runs:

    TITLE = TextRule(200, least=1)                     # model.py
    title: Annotated[str, TITLE]                       # graph/inputs.py
    title: Mapped[str] = mapped_column(String(TITLE.most))   # tables.py

Length is counted in code points after normalisation, as PostgreSQL's `varchar(n)` and SQLite's `length()` count it.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from subgraphs.kit.runtime.ids import canonical_uuid
from subgraphs.kit.runtime.refusals import InvalidInput

NORMAL_FORM_SHRINKS_AT_MOST = 4
"""A text that is longer than this many times its bound is refused before it is normalised."""

_JOINERS = frozenset("\u200c\u200d")
_TEXT_MARKS = frozenset("\u00ad\u200b\u200e\u200f\u2060")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_BLACK_FLAG = "\U0001f3f4"
_VISIBLE = frozenset("LNPS")


@dataclass(frozen=True, slots=True)
class TextRule:
    """Text that people write and read.

    Attributes:
        most: Largest number of characters.
        least: Smallest number of characters; from 1 on, one of them is visible.
        has_lines: True for text of several lines. CRLF becomes LF. A text of one line is trimmed.
        is_trimmed: False for what must stay as it was typed, such as a password.
        form: What the command takes of it, where that says more than a length; the command refuses the rest.
    """

    most: int
    least: int = 0
    has_lines: bool = False
    is_trimmed: bool = True
    form: str = ""

    def read(self, written: str) -> str:
        """Return the text in normal form C.

        Raises:
            InvalidInput: when it is too short or too long, has a character that is not text, or shows nothing.
        """
        if len(written) > self.most * NORMAL_FORM_SHRINKS_AT_MOST:
            raise InvalidInput(self.refusal)
        text = unicodedata.normalize("NFC", written)
        if self.has_lines:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        elif self.is_trimmed:
            text = text.strip()
        if not self.least <= len(text) <= self.most:
            raise InvalidInput(self.refusal)
        position = _first_refused(text, has_lines=self.has_lines)
        if position is not None:
            raise InvalidInput(f"The character U+{ord(text[position]):04X} at {position} is not allowed in this text")
        if self.least and not any(_is_visible(character) for character in text):
            raise InvalidInput("The text needs a visible character")
        return text

    @property
    def refusal(self) -> str:
        """Say why a text of another length is refused."""
        return f"This text has {_span(self.least, self.most)} characters"

    @property
    def description(self) -> str:
        """Say what may be sent."""
        if self.form:
            return self.form
        lines = ", in several lines" if self.has_lines else ""
        return f"{_begun(_span(self.least, self.most))} characters{lines}"


@dataclass(frozen=True, slots=True)
class TokenRule:
    """Text that only programs write: a cursor, a key, a code. Printable ASCII without spaces; never trimmed.

    Attributes:
        most: Largest number of characters.
        least: Smallest number of characters.
        form: What the command takes of it, where that says more than a length; the command refuses the rest.
    """

    most: int
    least: int = 0
    form: str = ""

    def read(self, written: str) -> str:
        """Return the token as it is.

        Raises:
            InvalidInput: when it is too short or too long, or has a character beyond printable ASCII.
        """
        if not self.least <= len(written) <= self.most:
            raise InvalidInput(self.refusal)
        if not (written.isascii() and written.isprintable()) or " " in written:
            raise InvalidInput("This value has printable ASCII characters and no spaces")
        return written

    @property
    def refusal(self) -> str:
        """Say why a token of another length is refused."""
        return f"This value has {_span(self.least, self.most)} characters"

    @property
    def description(self) -> str:
        """Say what may be sent."""
        return self.form or f"{_begun(_span(self.least, self.most))} printable ASCII characters, no spaces"


class MalformedId(InvalidInput):
    """Raised when text cannot be the id of anything."""


@dataclass(frozen=True, slots=True)
class IdRule:
    """The id of a thing of the market. Ids are UUIDs; the canonical form is lower case with hyphens.

    Other text of an id's length and alphabet passes: it names nothing, and is answered as any id that names nothing.

    Attributes:
        most: Largest number of characters.
    """

    most: int = 36

    def read(self, written: str) -> str:
        """Return the id in canonical form.

        Raises:
            MalformedId: when it is empty, longer than an id, or has a character beyond printable ASCII.
        """
        if not 1 <= len(written) <= self.most or not (written.isascii() and written.isprintable()) or " " in written:
            raise MalformedId(f"An id has 1 to {self.most} printable ASCII characters and no spaces")
        return canonical_uuid(written) or written

    @property
    def description(self) -> str:
        """Say what may be sent."""
        return f"1 to {self.most} visible ASCII characters; a UUID in any case"


@dataclass(frozen=True, slots=True)
class RangeRule:
    """A number within bounds.

    Attributes:
        least: Smallest value.
        most: Largest value.
    """

    least: int
    most: int

    def read(self, number: int) -> int:
        """Return the number.

        Raises:
            InvalidInput: when it is out of bounds.
        """
        if not self.least <= number <= self.most:
            raise InvalidInput(f"This number is between {self.least} and {self.most}")
        return number

    @property
    def description(self) -> str:
        """Say what may be sent."""
        return f"From {self.least} to {self.most}"


@dataclass(frozen=True, slots=True)
class Stated:
    """A bound that the command checks itself, with a refusal of its own: it is described here, and refused there.

    Attributes:
        description: What may be sent.
    """

    description: str

    @classmethod
    def between(cls, least: int, most: int, unit: str = "") -> "Stated":
        """Return the bounds of a number."""
        return cls(f"From {least} to {most} {unit}".rstrip())

    def read(self, value: Any) -> Any:
        """Return the value."""
        return value


ID = IdRule()
"""The rule of ids that the market makes."""


def _span(least: int, most: int) -> str:
    return f"{least} to {most}" if least else f"at most {most}"


def _begun(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _first_refused(text: str, *, has_lines: bool) -> int | None:
    if text.isprintable():  # no control, format, surrogate, private or separator character but the space
        return None
    return next(
        (place for place in range(len(text)) if not _is_allowed(text, place, has_lines=has_lines)),
        None,
    )


def _is_allowed(text: str, place: int, *, has_lines: bool) -> bool:
    character = text[place]
    match unicodedata.category(character):
        case "Cc":
            return has_lines and character in "\n\t"
        case "Zl" | "Zp":
            return has_lines
        case "Cs" | "Co":
            return False
        case "Cf" if character in _JOINERS:  # within a word of Persian or Hindi, or an emoji; alone it is invisible
            return 0 < place < len(text) - 1 and not text[place - 1].isspace()
        case "Cf" if "\U000e0020" <= character <= "\U000e007f":  # the flags of England, Scotland and Wales
            return _BLACK_FLAG in text[max(0, place - 7) : place]
        case "Cf":
            return has_lines and character in _TEXT_MARKS
        case _:
            return True


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in _VISIBLE and character not in _BLANK_LETTERS


def fitted(text: str, most: int) -> str:
    """Return what a column of `most` characters holds of a text that another system wrote: without NUL and lone surrogates, and cut.

    For messages and names of kinds, which people read. An id or an address that is cut is another one, and is refused instead.
    """
    return text.replace("\0", "").encode(errors="replace").decode()[:most]
