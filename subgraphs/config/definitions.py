"""A flag's definition as plain JSON, as history keeps it, and what makes it fit to be served; pure."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from subgraphs.config import model
from subgraphs.config.conditions import Subject, both
from subgraphs.config.model import MAX_WEIGHT, PERMILLE, Flag, FlagState, Rule, Variant
from subgraphs.config.value_schemas import check_values
from subgraphs.kit.runtime.json_values import check_json
from subgraphs.kit.runtime.refusals import InvalidInput

KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
MAX_VARIANTS = 20
MAX_RULES = 50
MAX_DEFINITION_BYTES = 200_000

SAMPLE_SUBJECTS = (
    Subject("web", "1.0.0"),
    Subject("ios", "2.10.1-beta", locale="de-DE", anonymous_id="device"),
    Subject("android", "", account_id="account", roles=frozenset({"BUYER", "SELLER"})),
    Subject("service:user", "not a version", account_id="account", anonymous_id="device", roles=frozenset({"ADMIN"})),
)
"""Callers for whom a definition is evaluated before it is saved."""

Definition = dict[str, Any]
"""key, description, owner, state, variants [{key, value, weight}], default_variant, off_variant,
rules [{id, segment, condition, rollout_permille, variants, bucket_by, seed}], schema_json, expires_at (RFC 3339 or None)."""


def checked(definition: Definition) -> Definition:
    """Return the definition, if it may be served: every part is in its bounds, and it was evaluated for sample callers.

    Raises:
        InvalidInput: when a part is missing, out of its bounds, or refers to a variant that is not there.
        SchemaViolation: when the flag's JSON Schema is not one, or a variant's value does not fit it.
    """
    _check_texts(definition)
    if not KEY.fullmatch(definition["key"]):
        raise InvalidInput("A key is lower-case words joined by dots, such as app.new_checkout", "key")
    keys = _variant_keys(definition["variants"], "variants")
    for name in ("default_variant", "off_variant"):
        if definition[name] not in keys:
            raise InvalidInput(f"There is no variant {definition[name]!r}", _camel(name))
    if len(definition["rules"]) > MAX_RULES:
        raise InvalidInput(f"A flag has at most {MAX_RULES} rules", "rules")
    for rule in definition["rules"]:
        _check_rule(rule, keys)
    _check_values(definition)
    if len(orjson.dumps(definition)) > MAX_DEFINITION_BYTES:
        raise InvalidInput(f"A flag has at most {MAX_DEFINITION_BYTES} bytes as JSON", "rules")
    evaluate_for_samples(flag_of({"state": FlagState.ON.value, **definition}, version=0))
    return definition


def evaluate_for_samples(flag: Flag) -> None:
    """Evaluate the flag for every sample caller, and write the answers as JSON; an error of either is raised."""
    for subject in SAMPLE_SUBJECTS:
        orjson.dumps(model.evaluate(flag, subject).value)


def problem_of(definition: Mapping[str, Any]) -> str | None:
    """Return why a definition that was saved cannot be served; None for one that can."""
    try:
        evaluate_for_samples(flag_of(definition, version=0))
    except Exception as error:  # noqa: BLE001 - whatever a kept row raises is its problem, to be shown and not to be met again
        return f"{type(error).__name__}: {error}"[:300]
    return None


def flag_of(definition: Mapping[str, Any], *, version: int) -> Flag:
    """The flag that a checked definition describes."""
    variants = {each["key"]: Variant(**each) for each in definition["variants"]}
    rules = tuple(
        Rule(
            id=rule["id"],
            segment=rule["segment"],
            condition=both(rule["segment"], rule["condition"]),
            rollout_permille=rule["rollout_permille"],
            variants=tuple(Variant(**each) for each in rule["variants"] if each["weight"] > 0),
            bucket_by=rule["bucket_by"],
            seed=rule["seed"],
        )
        for rule in definition["rules"]
    )
    return Flag(
        key=definition["key"],
        state=FlagState(definition["state"]),
        variants=variants,
        default_variant=definition["default_variant"],
        off_variant=definition["off_variant"],
        rules=rules,
        version=version,
        expires_at=definition["expires_at"],
    )


def difference(before: Definition | None, after: Definition) -> dict[str, Any]:
    """What changed: the parts that differ, each with its value before and after."""
    return {
        name: {"before": (before or {}).get(name), "after": value}
        for name, value in after.items()
        if before is None or before.get(name) != value
    }


def _check_texts(definition: Definition) -> None:
    for name, rule in (("key", model.FLAG_KEY), ("description", model.DESCRIPTION), ("owner", model.OWNER)):
        try:
            rule.read(definition[name])
        except InvalidInput as refusal:
            raise InvalidInput(str(refusal), name) from refusal


def _variant_keys(variants: list[dict[str, Any]], *path: str) -> set[str]:
    keys = {variant["key"] for variant in variants}
    if not 1 <= len(variants) <= MAX_VARIANTS or len(keys) != len(variants):
        raise InvalidInput(f"There are 1 to {MAX_VARIANTS} variants, each with a key of its own", *path)
    if any(not 1 <= len(key) <= model.VARIANT_KEY.most for key in keys):
        raise InvalidInput(f"A variant's key has 1 to {model.VARIANT_KEY.most} characters", *path, "key")
    for variant in variants:
        if not 0 <= variant["weight"] <= MAX_WEIGHT:
            raise InvalidInput(f"A weight is between 0 and {MAX_WEIGHT}", *path, "weight")
        check_json(variant["value"])
    return keys


def _check_rule(rule: dict[str, Any], known: set[str]) -> None:
    unknown = _variant_keys(rule["variants"], "rules", "variants") - known
    if unknown:
        raise InvalidInput(f"There is no variant {min(unknown)!r}", "rules", "variants")
    if not any(variant["weight"] for variant in rule["variants"]):
        raise InvalidInput("At least one variant of a rule has a weight above 0", "rules", "variants", "weight")
    if rule["rollout_permille"] is not None and not 0 <= rule["rollout_permille"] <= PERMILLE:
        raise InvalidInput("A rollout is between 0 and 1000 permille", "rules", "rolloutPermille")
    if rule["bucket_by"] not in {"accountId", "anonymousId"}:
        raise InvalidInput("Callers are bucketed by accountId or anonymousId", "rules", "bucketBy")
    both(rule["segment"], rule["condition"])


def _check_values(definition: Definition) -> None:
    if definition["schema_json"] is None:
        return
    of_rules = [variant for rule in definition["rules"] for variant in rule["variants"]]
    values = {variant["key"]: variant["value"] for variant in definition["variants"]}
    check_values(definition["schema_json"], values)
    for variant in of_rules:  # a rule's variant may have a value of its own
        check_values(definition["schema_json"], {variant["key"]: variant["value"]})


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
