"""What compiling a plan gives: the functions that the fast path drives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Begin = Callable[[Any], tuple[bytes, ...] | None]
Settle = Callable[[Any, bytes], None]


class Fallback(Exception):
    """Raised by compiled code when an answer is not what the fast path is made for."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The functions of a plan.

    Attributes:
        source: the Python they were made of.
        new_state: makes what the functions of one execution share.
        begins: by fetch: gives each group's representations as JSON, None if there are none at all; None for a root fetch.
        settles: by fetch: takes a response's body in; raises `Fallback` or a msgspec error if it does not fit.
        finish: gives the JSON of the whole response, given its extensions or UNSET.
    """

    source: str
    new_state: Callable[[], Any]
    begins: tuple[Begin | None, ...]
    settles: tuple[Settle, ...]
    finish: Callable[[Any, Any], bytes]
