"""Bounds of JSON that comes from outside: what is kept in a row, sent to every client, or compared by a rule.

A number beyond 64 bits cannot be written by orjson, text with a lone surrogate has no UTF-8, and a value nested a thousand deep ends
the recursion of whoever walks it. So a value is bounded once, where it comes in.
"""

import math
from typing import Any

import orjson

from subgraphs.kit.runtime.refusals import InvalidInput

MAX_JSON_CHARACTERS = 20_000
MAX_DEPTH = 16
MAX_NODES = 1_000
MAX_WHOLE_NUMBER = 2**53 - 1
_SURROGATES = range(0xD800, 0xE000)


def parse_json(text: str, name: str, *, most: int = MAX_JSON_CHARACTERS) -> Any:
    """Return the value that a JSON text says.

    Args:
        name: The field, for the refusal.
        most: Largest number of characters.

    Raises:
        InvalidInput: when it is too long, not JSON, or out of the bounds of `check_json`.
    """
    if len(text) > most:
        raise InvalidInput(f"{name} has at most {most} characters")
    try:
        value = orjson.loads(text)
    except ValueError as error:  # a lone surrogate is a ValueError too
        raise InvalidInput(f"{name} is not JSON") from error
    check_json(value)
    return value


def check_json(value: Any) -> None:
    """Return if every client and database can take the value.

    Raises:
        InvalidInput: when it is nested deeper than 16, has more than 1,000 parts or 20,000 characters, a number that is not
            finite or a whole one beyond 2^53-1, or text with NUL or a lone surrogate.
    """
    nodes, characters = 0, 0
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise InvalidInput(f"A JSON value has at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep")
        match part:
            case None | bool():
                pass
            case str():
                characters += _length_of(part)
            case int() | float():
                _check_number(part)
            case list():
                waiting.extend((each, depth + 1) for each in part)
            case dict():
                characters += sum(_length_of(key) for key in part)
                waiting.extend((each, depth + 1) for each in part.values())
            case _:
                raise InvalidInput("This is not a JSON value")
        if characters > MAX_JSON_CHARACTERS:
            raise InvalidInput(f"A JSON value has at most {MAX_JSON_CHARACTERS} characters")


def _length_of(text: Any) -> int:
    if not isinstance(text, str):
        raise InvalidInput("The keys of a JSON object are text")
    if "\0" in text or any(ord(character) in _SURROGATES for character in text):
        raise InvalidInput("Text in a JSON value has no NUL and no lone surrogate")
    return len(text)


def _check_number(number: float) -> None:
    is_in_bounds = abs(number) <= MAX_WHOLE_NUMBER if isinstance(number, int) else math.isfinite(number)
    if not is_in_bounds:
        raise InvalidInput("A number in a JSON value is finite, and a whole one is at most 2^53-1")
