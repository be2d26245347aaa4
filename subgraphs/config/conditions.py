"""The language of rules' conditions: JSON in, a predicate on the caller out.

    {"attribute": "platform", "op": "in", "value": ["ios", "android"]}
    {"all": [CONDITION, ..]}   {"any": [CONDITION, ..]}   {"not": CONDITION}

Attributes: platform, appVersion, locale, accountId, anonymousId, roles. Operators: eq, ne, in, contains, startsWith, and for
versions like 2.10.1: gte, lt. A missing attribute meets no operator but ne.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from subgraphs.kit.runtime.refusals import InvalidInput

MAX_DEPTH = 8
MAX_PARTS = 50
MAX_COMPARISONS = 200
MAX_LISTED = 500
MAX_VALUE_CHARACTERS = 200

_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}(-[0-9A-Za-z.-]{1,30})?")
_LARGEST_PART = 10**9
"""Above every part of a version that a rule can name."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The caller, as rules see it."""

    platform: str
    app_version: str
    locale: str | None = None
    account_id: str | None = None
    anonymous_id: str | None = None
    roles: frozenset[str] = frozenset()

    def unit(self, bucket_by: str) -> str | None:
        """What keeps its variant: the account or the device; a caller without an account is bucketed by the device."""
        return self.account_id or self.anonymous_id if bucket_by == "accountId" else self.anonymous_id


Condition = Callable[[Subject], bool]

SEGMENTS: Mapping[str, Condition] = {
    "everyone": lambda subject: True,
    "signed_in": lambda subject: subject.account_id is not None,
    "anonymous": lambda subject: subject.account_id is None,
    "sellers": lambda subject: "SELLER" in subject.roles,
    "staff": lambda subject: bool({"ADMIN", "SUPPORT"} & subject.roles),
}

_ATTRIBUTES: Mapping[str, Callable[[Subject], Any]] = {
    "platform": lambda subject: subject.platform,
    "appVersion": lambda subject: subject.app_version,
    "locale": lambda subject: subject.locale,
    "accountId": lambda subject: subject.account_id,
    "anonymousId": lambda subject: subject.anonymous_id,
    "roles": lambda subject: subject.roles,
}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda has, wanted: bool(has == wanted),
    "ne": lambda has, wanted: bool(has != wanted),
    "in": lambda has, wanted: has in wanted,
    "contains": lambda has, wanted: wanted in has,
    "startsWith": lambda has, wanted: str(has).startswith(wanted),
    "gte": lambda has, wanted: _version(has) >= _version(wanted),
    "lt": lambda has, wanted: _version(has) < _version(wanted),
}


def both(segment: str | None, written: Any) -> Condition | None:
    """The predicate of a rule's segment and condition together; None if the rule has neither.

    Raises:
        InvalidInput: when the segment is unknown or the condition is not of the language.
    """
    parts: list[Condition] = []
    if segment is not None:
        if segment not in SEGMENTS:
            raise InvalidInput(f"A segment is one of {', '.join(SEGMENTS)}", "rules", "segment")
        parts.append(SEGMENTS[segment])
    if written is not None:
        parts.append(compiled(written))
    if not parts:
        return None
    return lambda subject: all(part(subject) for part in parts)


def compiled(written: Any) -> Condition:
    """Return the predicate of a condition.

    Raises:
        InvalidInput: when it is not of the language, nested deeper than 8, a list of more than 50 parts, or has more than 200
            comparisons in all.
    """
    comparisons = 0

    def counted(attribute: str, operator: str, wanted: Any) -> Condition:
        nonlocal comparisons
        comparisons += 1
        if comparisons > MAX_COMPARISONS:
            raise _invalid(f"A condition has at most {MAX_COMPARISONS} comparisons")
        return _comparison(attribute, operator, wanted)

    return _compiled(written, counted, depth=0)


def _compiled(written: Any, comparison: Callable[[str, str, Any], Condition], *, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise _invalid(f"A condition is nested at most {MAX_DEPTH} deep")
    match written:
        case {"all": list() as parts, **rest} if not rest and len(parts) <= MAX_PARTS:
            every = [_compiled(part, comparison, depth=depth + 1) for part in parts]
            return lambda subject: all(part(subject) for part in every)
        case {"any": list() as parts, **rest} if not rest and len(parts) <= MAX_PARTS:
            some = [_compiled(part, comparison, depth=depth + 1) for part in parts]
            return lambda subject: any(part(subject) for part in some)
        case {"not": part, **rest} if not rest:
            inner = _compiled(part, comparison, depth=depth + 1)
            return lambda subject: not inner(subject)
        case {"attribute": str() as attribute, "op": str() as operator, "value": wanted, **rest} if not rest:
            return comparison(attribute, operator, wanted)
        case _:
            raise _invalid("A condition is all, any, not, or attribute with op and value")


def _comparison(attribute: str, operator: str, wanted: Any) -> Condition:
    if attribute not in _ATTRIBUTES:
        raise _invalid(f"An attribute is one of {', '.join(_ATTRIBUTES)}")
    if operator not in _OPERATORS:
        raise _invalid(f"An operator is one of {', '.join(_OPERATORS)}")
    if (operator == "in") != isinstance(wanted, list):
        raise _invalid(f"The operator {operator} takes a {'list' if operator == 'in' else 'text'}")
    if isinstance(wanted, list) and len(wanted) > MAX_LISTED:
        raise _invalid(f"The operator in takes at most {MAX_LISTED} texts")
    for text in wanted if isinstance(wanted, list) else [wanted]:
        if not isinstance(text, str) or len(text) > MAX_VALUE_CHARACTERS:
            raise _invalid(f"A value is a text of at most {MAX_VALUE_CHARACTERS} characters")
    if operator in {"gte", "lt"} and not _VERSION.fullmatch(wanted):
        raise _invalid("A version has one to four numbers of up to nine digits, such as 2.10.1")
    if (operator == "contains") != (attribute == "roles"):
        raise _invalid("roles takes the operator contains, and nothing else does")
    read, compare = _ATTRIBUTES[attribute], _OPERATORS[operator]

    def holds(subject: Subject) -> bool:
        has = read(subject)
        return operator == "ne" if has is None else compare(has, wanted)

    return holds


def _version(text: str) -> tuple[int, ...]:
    """Return the first four numbers of a version; 0 for what is no number, and one number above all for what is too long.

    A client may send anything: int() of 5,000 digits would raise.
    """
    parts = text.split("-", maxsplit=1)[0].split(".", maxsplit=4)[:4]
    numbers = [
        min(int(part), _LARGEST_PART) if _is_number(part) else _LARGEST_PART if part.isdecimal() else 0
        for part in parts
    ]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _is_number(part: str) -> bool:
    return part.isdecimal() and len(part) <= len(str(_LARGEST_PART))


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, "rules", "conditionJson")
