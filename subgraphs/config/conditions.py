"""The language of rules' conditions: JSON in, a predicate on the caller out.

    {"attribute": "platform", "op": "in", "value": ["ios", "android"]}
    {"all": [CONDITION, ..]}   {"any": [CONDITION, ..]}   {"not": CONDITION}

Attributes: platform, appVersion, locale, accountId, anonymousId, roles. Operators: eq, ne, in, contains, startsWith, and for
versions like 2.10.1: gte, lt. A missing attribute meets no operator but ne.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from subgraphs.kit.runtime.refusals import InvalidInput

MAX_DEPTH = 8
MAX_PARTS = 50


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


def compiled(written: Any, *, depth: int = 0) -> Condition:
    """The predicate of a condition.

    Raises:
        InvalidInput: when it is not of the language, nested deeper than 8, or a list of more than 50 parts.
    """
    if depth > MAX_DEPTH:
        raise _invalid(f"A condition is nested at most {MAX_DEPTH} deep")
    match written:
        case {"all": list() as parts, **rest} if not rest and len(parts) <= MAX_PARTS:
            every = [compiled(part, depth=depth + 1) for part in parts]
            return lambda subject: all(part(subject) for part in every)
        case {"any": list() as parts, **rest} if not rest and len(parts) <= MAX_PARTS:
            some = [compiled(part, depth=depth + 1) for part in parts]
            return lambda subject: any(part(subject) for part in some)
        case {"not": part, **rest} if not rest:
            inner = compiled(part, depth=depth + 1)
            return lambda subject: not inner(subject)
        case {"attribute": str() as attribute, "op": str() as operator, "value": wanted, **rest} if not rest:
            return _comparison(attribute, operator, wanted)
        case _:
            raise _invalid("A condition is all, any, not, or attribute with op and value")


def _comparison(attribute: str, operator: str, wanted: Any) -> Condition:
    if attribute not in _ATTRIBUTES:
        raise _invalid(f"An attribute is one of {', '.join(_ATTRIBUTES)}")
    if operator not in _OPERATORS:
        raise _invalid(f"An operator is one of {', '.join(_OPERATORS)}")
    if operator == "in" and not isinstance(wanted, list):
        raise _invalid("The operator in takes a list")
    if operator != "in" and not isinstance(wanted, str):
        raise _invalid(f"The operator {operator} takes a text")
    if (operator == "contains") != (attribute == "roles"):
        raise _invalid("roles takes the operator contains, and nothing else does")
    read, compare = _ATTRIBUTES[attribute], _OPERATORS[operator]

    def holds(subject: Subject) -> bool:
        has = read(subject)
        return operator == "ne" if has is None else compare(has, wanted)

    return holds


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(part) if part.isdecimal() else 0 for part in text.split("-", maxsplit=1)[0].split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _invalid(message: str) -> InvalidInput:
    return InvalidInput(message, "rules", "conditionJson")
