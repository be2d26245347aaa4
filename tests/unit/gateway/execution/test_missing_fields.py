"""Which fields of an answer are missing: those asked of every type, at every depth, and no others."""

from gateway.execution.interpreter.tree import lacking, shape_of
from gateway.planning.plan import FetchedField, FetchedFragment, FetchedSelection


def field(name: str, *below: FetchedSelection) -> FetchedField:
    return FetchedField(name, name, name, "T", "", (), tuple(below))


def fragment(*below: FetchedSelection) -> FetchedFragment:
    return FetchedFragment("A", frozenset({"A"}), tuple(below))


def test_what_is_asked_of_every_type_is_missing_wherever_it_is_not() -> None:
    shape = shape_of((field("list", field("a"), field("b")), field("c")))
    assert list(lacking(shape, {"list": [{"a": 1}, None, {"b": None, "a": None}], "c": None})) == [("list", 0, "b")]
    assert list(lacking(shape, {"list": None})) == [("c",)]


def test_what_is_asked_of_some_types_is_not_missed() -> None:
    shape = shape_of((fragment(field("a"), field("x", field("y"))), field("x", field("z"))))
    assert list(lacking(shape, {"x": {}})) == [("x", "z")]


def test_a_typename_is_not_missed() -> None:
    assert list(lacking(shape_of((field("__typename"), field("a"))), {"a": 1})) == []
