"""A flag's JSON Schema is evaluated within bounds; see `config.value_schemas`."""

import socket
from typing import Any

import orjson
import pytest

from subgraphs.config import value_schemas
from subgraphs.config.errors import SchemaViolation
from subgraphs.config.value_schemas import check_values


def check(schema: Any, value: Any) -> None:
    check_values(orjson.dumps(schema).decode(), {"on": value})


@pytest.mark.parametrize(
    ("schema", "fitting", "unfitting"),
    [
        ({"type": "boolean"}, True, 1),
        ({"type": "string", "pattern": "^a+$"}, "aaa", "ab"),
        ({"patternProperties": {"^n_": {"type": "number"}}, "additionalProperties": False}, {"n_a": 1}, {"n_a": "x"}),
        ({"patternProperties": {"^n_": {"type": "number"}}, "additionalProperties": False}, {"n_a": 1}, {"m": 1}),
        ({"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "number"}}, {"a": "x", "b": 1}, {"b": "x"}),
        ({"$defs": {"n": {"minimum": 3}}, "items": {"$ref": "#/$defs/n"}}, [3, 4], [3, 2]),
        ({"properties": {"below": {"$ref": "#"}}, "additionalProperties": False}, {"below": {"below": {}}}, {"below": {"x": 1}}),
    ],
    ids=["type", "pattern", "pattern properties", "additional refused", "additional schema", "own part", "recursive"],
)  # fmt: skip
def test_a_schema_means_what_the_standard_says(schema: Any, fitting: Any, unfitting: Any) -> None:
    check(schema, fitting)
    with pytest.raises(SchemaViolation, match="does not fit"):
        check(schema, unfitting)


@pytest.mark.parametrize(
    "reference",
    ["http://127.0.0.1:9/schema", "https://json-schema.org/draft/2020-12/schema", "file:///etc/passwd", "other", "http://["],
)  # fmt: skip
def test_a_reference_outward_is_refused_and_never_fetched(reference: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_connection(*_: Any, **__: Any) -> Any:
        raise AssertionError("a schema opened a connection")

    monkeypatch.setattr(socket, "socket", no_connection)
    monkeypatch.setattr(socket, "create_connection", no_connection)
    for schema in ({"$ref": reference}, {"$id": reference, "$ref": "#"}, {"allOf": [{"$ref": reference}]}):
        with pytest.raises(SchemaViolation):
            check(schema, True)


def test_a_reference_without_end_and_one_that_doubles_are_refused() -> None:
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}
    for schema in (
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$defs": {**doubling, "d60": {}}, "$ref": "#/$defs/d0"},
        {"$ref": "#/$defs/missing"},
        {"$dynamicRef": "#a"},
    ):
        with pytest.raises(SchemaViolation):
            check(schema, True)


def test_patterns_are_matched_in_linear_time() -> None:
    text = "a" * 15_000 + "!"
    for schema, value in (
        ({"pattern": "^(a+)+$"}, text),
        ({"patternProperties": {"^(a+)+$": False}, "additionalProperties": False}, {text: 1}),
    ):
        with pytest.raises(SchemaViolation, match="does not fit"):
            check(schema, value)
    for unsupported in (r"(a)\1", "(?=a)b", "((", "(((a{100}){100}){100})"):
        with pytest.raises(SchemaViolation, match="RE2"):
            check({"pattern": unsupported}, "a")


@pytest.mark.parametrize(
    "text",
    ["", "{", "5", '"x"', '{"type": "nonsense"}', '{"pattern": 5}', "[" * 900 + "]" * 900, '{"not":' * 300 + "{}" + "}" * 300, "{}" + " " * 10_000],
    ids=["empty", "broken", "number", "text", "type", "pattern", "deep list", "deep", "long"],
)  # fmt: skip
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(SchemaViolation):
        check_values(text, {"on": {"a": 1}})


def test_arithmetic_of_a_schema_that_fails_is_a_refusal() -> None:
    with pytest.raises(SchemaViolation):
        check({"multipleOf": 1e-308}, 1e300)
    assert value_schemas.MAX_KEYWORDS < 10_000
