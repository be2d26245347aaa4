"""Documents that would bring a compiler down: nested without end, in circles, or simply huge."""

import pytest

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionError, CompositionFailed
from gateway.composition.model import Subgraph
from gateway.composition.read.parse import MAX_SDL_CHARACTERS
from gateway.composition.report import as_text
from tests.laboratory.composition import document
from tests.support.work import calls_of

DEEP = (200, 5_000)  # under and over what Python's stack, or the parser, allows


def nested(opening: str, core: str, closing: str, depth: int) -> str:
    return opening * depth + core + closing * depth


def keyed(directive: str, more: str = "") -> str:
    return (
        f'type Query {{ q: T }}\ntype T @key(fields: "id") {{ id: ID! t: T x(a: S): Int {more} {directive} }}\nscalar S'
    )


def codes(sdl: str, *, other: str = "type Query { other: Int }") -> set[str]:
    """The codes of what is wrong with it; none if it composes."""
    return {error.code for error in errors_of(sdl, other)}


def errors_of(sdl: str, other: str) -> tuple[CompositionError, ...]:
    try:
        compose([Subgraph("a", "", document(sdl)), Subgraph("b", "", document(other))])
    except CompositionFailed as failed:
        return failed.errors
    return ()


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize(
    "make",
    [
        lambda n: f"type Query {{ q: {nested('[', 'Int', ']', n)} }}",
        lambda n: f"type Query {{ q(a: {nested('[', 'Int', ']', n)}): Int }}",
        lambda n: f"type Query {{ q(a: [Int] = {nested('[', '', ']', n)}): Int }}",
        lambda n: f"input I {{ i: I }}\ntype Query {{ q(a: I = {nested('{i: ', '{}', '}', n)}): Int }}",
        lambda n: f"scalar S\ndirective @x(a: S) on FIELD_DEFINITION\ntype Query {{ q: Int @x(a: {nested('[', '', ']', n)}) }}",
        lambda n: f"type Query {{ q: Int @requiresScopes(scopes: {nested('[', '', ']', n)}) }}",
        lambda n: f'extend schema @link(url: "https://example.org/x/v1.0", import: {nested("[", "", "]", n)})\ntype Query {{ q: Int }}',
        lambda n: "{" * n,
        lambda n: "type Query { q: " + "[" * n,
        lambda n: "type Query { q" + "(" * n,
    ],
)  # fmt: skip
def test_what_is_nested_too_deep_to_parse_is_refused_as_graphql(make: "object", depth: int) -> None:
    found = codes(make(depth))  # type: ignore[operator]
    assert found <= {"INVALID_GRAPHQL", "INVALID_LINK_DIRECTIVE_USAGE"}
    assert depth < DEEP[-1] or found


def test_a_long_line_is_shown_around_the_place_only() -> None:
    (error,) = errors_of("type Query { q: " + "[" * 5_000, "type Query { r: Int }")
    assert max(map(len, as_text([error]).splitlines())) < 300


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda n: keyed("").replace('"id"', f'"{nested("t { ", "id", " }", n)}"'), "KEY_INVALID_FIELDS"),
        (lambda n: keyed("").replace('"id"', f'"{nested("... { ", "id", " }", n)}"'), "KEY_INVALID_FIELDS"),
        (lambda n: keyed("").replace('"id"', f'"{"t { " * n}"'), "KEY_INVALID_FIELDS"),
        (lambda n: keyed(f'r: Int @requires(fields: "{nested("t { ", "id", " }", n)}")'), "REQUIRES_INVALID_FIELDS"),
        (lambda n: keyed(f'r: Int @requires(fields: "x(a: {nested("[", "", "]", n)})")'), "REQUIRES_INVALID_FIELDS"),
        (lambda n: keyed(f'r: T @provides(fields: "{nested("t { ", "id", " }", n)}")'), "PROVIDES_INVALID_FIELDS"),
        (
            lambda n: keyed(f'r(a: ID @fromContext(field: "$c {{ {nested("t { ", "id", " }", n)} }}")): Int').replace(
                "@key", '@context(name: "c") @key'
            ),
            "CONTEXT_INVALID_SELECTION",
        ),
    ],
)
def test_a_field_set_nested_too_deep_is_refused_as_one(make: "object", code: str, depth: int) -> None:
    found = codes(make(depth))  # type: ignore[operator]
    assert depth < DEEP[-1] or code in found


@pytest.mark.parametrize(
    "make",
    [
        lambda i, n: f"type T{i} @shareable {{ t: T{(i + 1) % n} }}",
        lambda i, n: f"interface I{i} implements I{(i + 1) % n} {{ x: Int }}",
        lambda i, n: f"input N{i} {{ n: N{(i + 1) % n}! }}",
        lambda i, n: f"directive @d{i}(a: Int @d{(i + 1) % n}) on ARGUMENT_DEFINITION",
        lambda i, n: f"union U{i} = U{(i + 1) % n}",
    ],
)
def test_circles_of_a_thousand_types_are_walked_once(make: "object") -> None:
    circle = "\n".join(make(i, 1_000) for i in range(1_000))  # type: ignore[operator]
    assert codes(f"type Query {{ q: Int }}\n{circle}") <= {"INVALID_GRAPHQL"}


def test_a_chain_of_types_whose_end_cannot_be_reached_is_told_in_one_line() -> None:
    chain = "\n".join(f"type T{i} {{ t: T{i + 1} }}" for i in range(1_000))
    end = "type T1000 @shareable { x: Int"
    (error,) = errors_of(f"type Query {{ t: T0 }}\n{chain}\n{end} }}", f"{end} y: Int }}")
    assert error.code == "SATISFIABILITY_ERROR"
    assert len(error.message) < 10_000


def test_a_schema_of_fifty_megabytes_is_refused_before_it_is_parsed() -> None:
    sdl = "type Query { q: Int }\n" + "# comment\n" * 5_000_000
    assert len(sdl) > MAX_SDL_CHARACTERS
    with pytest.raises(CompositionFailed, match=f"no more than {MAX_SDL_CHARACTERS} are read"):
        compose([Subgraph("a", "", sdl)])


def test_twice_the_errors_are_no_more_than_twice_the_work() -> None:
    few, many = ("\n".join(f'type T{i} @key(fields: "y") {{ x: Int }}' for i in range(count)) for count in (200, 400))
    assert codes(many) == {"KEY_INVALID_FIELDS"}
    assert calls_of(lambda: codes(many)) < 2.2 * calls_of(lambda: codes(few))
