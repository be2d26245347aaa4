"""What a flag is, what may be saved, and what a flag says to whom; pure.

A flag has variants, each a key with a JSON value. For a caller it is evaluated so:

1. OFF or KILLED: the off variant (DISABLED).
2. The first rule whose segment and condition hold and whose rollout takes the caller in: its variant, drawn by weight
   (SPLIT), or its only one (TARGETING_MATCH).
3. Otherwise the default variant (DEFAULT).

Who is in, and which variant they draw, is decided by two hashes of the rule's seed and the caller's unit (the account, or the
device): the same caller gets the same variant everywhere and always, and raising the rollout only adds callers.

Worked by hand: permille("s", "a") is below 500 for about half of all units, so a rollout of 500 takes in half of them, and
those that it takes in at 300 are among them.
"""

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subgraphs.config.conditions import Condition, Subject
from subgraphs.kit.runtime.rules import RangeRule, Stated, TextRule, TokenRule

PERMILLE = 1000
MAX_WEIGHT = 1_000_000
WEIGHT = Stated.between(0, MAX_WEIGHT)
ROLLOUT = Stated.between(0, PERMILLE, "permille")
SERVICE_PLATFORM = "service:"
CLIENT_PREFIX = "app."

FLAG_KEY = TokenRule(100, least=1)
DESCRIPTION = TextRule(2_000, has_lines=True)
OWNER = TextRule(60)
VARIANT_KEY = TextRule(60, least=1)
SCHEMA_JSON = TextRule(10_000, has_lines=True)
CONDITION_JSON = TextRule(10_000, has_lines=True)
SEGMENT = TokenRule(60)
BUCKET_BY = TokenRule(20)
REASON = TextRule(500, least=1)
HISTORY = RangeRule(0, 100)
REVISION = TokenRule(100)
WAIT_MS = RangeRule(0, 30_000)
PLATFORM = TextRule(60)
APP_VERSION = TextRule(40)
LOCALE = TextRule(40)
DEVICE_ID = TextRule(64, least=1, is_trimmed=False)


class FlagState(enum.Enum):
    """Whether a flag's rules are asked at all. KILLED is OFF in an emergency; it takes a revival to leave it."""

    ON = "ON"
    OFF = "OFF"
    KILLED = "KILLED"


class EvaluationReason(enum.Enum):
    """Why a flag has the value it has."""

    DEFAULT = "DEFAULT"
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"
    STICKY = "STICKY"
    DISABLED = "DISABLED"
    PREREQUISITE = "PREREQUISITE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Variant:
    """One value of a flag; `weight` is relative to the other variants of the same rule, n >= 0."""

    key: str
    value: Any
    weight: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Who gets which variants.

    Attributes:
        segment: a name of `conditions.SEGMENTS`; None is everybody.
        rollout_permille: how many of a thousand are taken in; None takes in all.
        bucket_by: ``accountId`` or ``anonymousId``: what keeps its variant.
    """

    id: str
    segment: str | None
    condition: Condition | None
    rollout_permille: int | None
    variants: tuple[Variant, ...]
    bucket_by: str
    seed: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it is in service."""

    key: str
    state: FlagState
    variants: Mapping[str, Variant]
    default_variant: str
    off_variant: str
    rules: tuple[Rule, ...]
    version: int
    expires_at: datetime | None

    @property
    def experiment(self) -> Rule | None:
        """The rule that splits callers between variants, if there is one: then the flag is an experiment."""
        return next((rule for rule in self.rules if len(rule.variants) > 1), None)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a flag says to a caller."""

    key: str
    value: Any
    variant: str
    reason: EvaluationReason


def evaluate(flag: Flag, subject: Subject) -> Evaluation:
    """What the flag says to the subject."""
    if flag.state is not FlagState.ON:
        return _of(flag, flag.variants[flag.off_variant], EvaluationReason.DISABLED)
    for rule in flag.rules:
        if rule.condition is not None and not rule.condition(subject):
            continue
        unit = subject.unit(rule.bucket_by)
        if rule.rollout_permille is not None and (unit is None or permille(rule.seed, unit) >= rule.rollout_permille):
            continue
        if len(rule.variants) == 1:
            return _of(flag, rule.variants[0], EvaluationReason.TARGETING_MATCH)
        if unit is not None:
            return _of(flag, drawn(rule.variants, rule.seed, unit), EvaluationReason.SPLIT)
    return _of(flag, flag.variants[flag.default_variant], EvaluationReason.DEFAULT)


def permille(seed: str, unit: str) -> int:
    """A number in 0..999, uniform over units, the same for the same seed and unit."""
    return int.from_bytes(hashlib.sha256(f"rollout:{seed}:{unit}".encode()).digest()[:8]) % PERMILLE


def drawn(variants: Sequence[Variant], seed: str, unit: str) -> Variant:
    """The variant of a unit, each with a probability in proportion to its weight."""
    total = sum(variant.weight for variant in variants)
    place = int.from_bytes(hashlib.sha256(f"variant:{seed}:{unit}".encode()).digest()[:8]) % total
    for variant in variants:
        if place < variant.weight:
            return variant
        place -= variant.weight
    raise AssertionError("the weights add up to the total")


def is_for(key: str, *, platform: str) -> bool:
    """Whether a flag is any business of the platform: clients see ``app.*`` alone, services see everything."""
    return platform.startswith(SERVICE_PLATFORM) or key.startswith(CLIENT_PREFIX)


def _of(flag: Flag, variant: Variant, reason: EvaluationReason) -> Evaluation:
    return Evaluation(flag.key, variant.value, variant.key, reason)
