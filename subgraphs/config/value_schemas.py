"""A flag's own JSON Schema, evaluated within bounds.

The library takes more than a service may evaluate for an administrator: it fetches `$ref: http://..`, matches patterns by a
backtracking engine, and follows references for ever. Here a schema

- refers to its own parts alone (`#/$defs/..`), and the registry resolves nothing else;
- has patterns of RE2, which match in time linear in the text;
- is evaluated within a number of keywords, so neither recursion nor repeated references run away.

Source: https://json-schema.org/draft/2020-12/json-schema-core
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
import re2  # type: ignore[import-untyped]  # the wheel has no stubs
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from subgraphs.config.errors import SchemaViolation
from subgraphs.config.model import SCHEMA_JSON

MAX_KEYWORDS = 5_000
MAX_PATTERN_CHARACTERS = 500
MAX_PATTERN_BYTES = 1_000_000
_ELSEWHERE = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary"})
_UNSUPPORTED = frozenset({"unevaluatedProperties", "unevaluatedItems"})

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class TooCostly(Exception):
    """Raised when evaluating a schema takes more keywords than are allowed."""


def check_values(schema_json: str, values: Mapping[str, Any]) -> None:
    """Return if the schema is one and every value fits it.

    Args:
        values: The values by the name to use in a refusal.

    Raises:
        SchemaViolation: when the schema is not JSON, not a JSON Schema, refers outward, or costs too much; or a value does not fit.
    """
    schema = _read(schema_json)
    validator = _validator(schema)
    for name, value in values.items():
        try:
            validator.validate(value)
        except ValidationError as error:
            raise SchemaViolation(f"The variant {name} does not fit: {error.message[:300]}", "variants") from error
        except (TooCostly, RecursionError) as error:
            raise SchemaViolation("schemaJson refers to itself without end, or costs too much", "schemaJson") from error
        except (Unresolvable, ArithmeticError, ValueError, TypeError) as error:
            raise SchemaViolation(f"schemaJson cannot be evaluated: {type(error).__name__}", "schemaJson") from error


def _read(schema_json: str) -> Any:
    if len(schema_json) > SCHEMA_JSON.most:
        raise SchemaViolation(f"schemaJson has at most {SCHEMA_JSON.most} characters", "schemaJson")
    try:
        schema = orjson.loads(schema_json)
        # Without the format checker: it would compile patterns by the backtracking engine.
        Draft202012Validator.check_schema(schema, format_checker=FormatChecker(()))
        _check_parts(schema)
    except (orjson.JSONDecodeError, SchemaError, RecursionError) as error:
        raise SchemaViolation("schemaJson is not a JSON Schema", "schemaJson") from error
    return schema


def _check_parts(schema: Any) -> None:
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        if not isinstance(part, dict):
            continue
        waiting.extend(part.values())
        for name in (_ELSEWHERE | _UNSUPPORTED) & part.keys():
            raise SchemaViolation(f"schemaJson does not support {name}", "schemaJson")
        reference = part.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            raise SchemaViolation("A $ref of schemaJson refers to a part of it, such as #/$defs/size", "schemaJson")
        patterns = [part["pattern"]] if isinstance(part.get("pattern"), str) else []
        of_properties = part.get("patternProperties")
        for pattern in [*patterns, *(of_properties if isinstance(of_properties, dict) else ())]:
            _compiled(pattern)


def _compiled(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise SchemaViolation(f"A pattern has at most {MAX_PATTERN_CHARACTERS} characters", "schemaJson")
    options = re2.Options()
    options.max_mem, options.log_errors = MAX_PATTERN_BYTES, False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise SchemaViolation(f"The pattern {pattern[:80]!r} is not one of RE2", "schemaJson") from error


def _validator(schema: Any) -> Any:
    left = MAX_KEYWORDS

    def bounded(keyword: Keyword) -> Keyword:
        def evaluate(validator: Any, value: Any, instance: Any, part: Any) -> Iterator[ValidationError]:
            nonlocal left
            left -= 1
            if left < 0:
                raise TooCostly
            yield from keyword(validator, value, instance, part) or ()

        return evaluate

    linear: dict[str, Keyword] = {
        **Draft202012Validator.VALIDATORS,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    bound = {name: bounded(keyword) for name, keyword in linear.items()}
    kind = extend(Draft202012Validator, validators=bound)  # type: ignore[no-untyped-call]  # the library has no types
    return kind(schema, registry=Registry())


def _pattern(_validator: Any, pattern: str, instance: Any, _part: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance[:80]!r} does not match {pattern[:80]!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _part: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        compiled = _compiled(pattern)
        for name, value in instance.items():
            if compiled.search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, subschema: Any, instance: Any, part: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    compiled = [_compiled(pattern) for pattern in part.get("patternProperties", {})]
    for name, value in instance.items():
        if name in part.get("properties", {}) or any(each.search(name) for each in compiled):
            continue
        if subschema is False:
            yield ValidationError(f"The property {name[:80]!r} is not allowed")
        else:
            yield from validator.descend(value, subschema, path=name)
