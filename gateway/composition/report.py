"""Errors and hints for people and for machines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.composition.errors import CompositionError, Hint, HintLevel, Place

MAX_EXCERPT = 200  # characters of a line of source


@dataclass(frozen=True, slots=True)
class Style:
    """The escape sequences of a terminal, or none."""

    red: str = ""
    yellow: str = ""
    blue: str = ""
    bold: str = ""
    off: str = ""


PLAIN = Style()
COLOURED = Style(red="\x1b[31m", yellow="\x1b[33m", blue="\x1b[34m", bold="\x1b[1m", off="\x1b[0m")


def as_text(errors: Sequence[CompositionError], hints: Sequence[Hint] = (), *, style: Style = PLAIN) -> str:
    """Every error and hint with its places and the lines of source there; "" if there is nothing to say."""
    parts = [_error(error, style) for error in errors]
    parts.extend(_hint(hint, style) for hint in hints)
    return "\n\n".join(parts)


def as_json(errors: Sequence[CompositionError], hints: Sequence[Hint] = ()) -> dict[str, Any]:
    """The same for machines."""
    return {"errors": [error.as_json() for error in errors], "hints": [hint.as_json() for hint in hints]}


def _error(error: CompositionError, style: Style) -> str:
    lines = [f"{style.red}error[{error.code}]{style.off}{style.bold}: {error.message}{style.off}"]
    lines.extend(_places(error.places, style))
    if error.advice:
        lines.append(f"  {style.blue}={style.off} {error.advice}")
    return "\n".join(lines)


def _hint(hint: Hint, style: Style) -> str:
    colour = style.yellow if hint.level is HintLevel.WARN else style.blue
    head = f"{colour}{hint.level.value}[{hint.code}]{style.off}: {hint.message}"
    return "\n".join((head, *(f"  --> {place} ({place.subgraph})" for place in hint.places)))


def _places(places: Iterable[Place], style: Style) -> Iterator[str]:
    for place in places:
        yield f"  {style.blue}-->{style.off} {place} ({place.subgraph})"
        if not place.line:
            continue
        number = f"{place.line:>5}"
        excerpt, column = _excerpt(place)
        yield f"{style.blue}{number} |{style.off} {excerpt}"
        yield f"{style.blue}{' ' * len(number)} |{style.off} {' ' * (column - 1)}{style.red}^{style.off}"


def _excerpt(place: Place) -> tuple[str, int]:
    """The line of source, or what is around the place in a long one, and the place's column in that."""
    if len(place.source) <= MAX_EXCERPT:
        return place.source, place.column
    first = max(0, place.column - MAX_EXCERPT // 2)
    return place.source[first : first + MAX_EXCERPT], place.column - first
