"""What a contract leaves of a supergraph."""

import pytest

from gateway.composition.compose import compose
from gateway.composition.contracts import Contract
from gateway.composition.errors import CompositionFailed
from tests.support.composition import subgraphs

SDL = {
    "a": 'type Query { public: P internal: I @tag(name: "internal") both: P @tag(name: "partner") }\n'
    'type P { x: Int y: Int @tag(name: "internal") z: Z @tag(name: "partner") }\n'
    'type I { secret: Int }\ntype Z @tag(name: "partner") { a: Int b(n: Int @tag(name: "internal")): E }\n'
    'enum E { ONE TWO @tag(name: "internal") }'
}


def api(*, include: set[str] | None = None, exclude: set[str] | None = None) -> str:
    contract = Contract(frozenset(include or ()), frozenset(exclude or ()))
    return compose(subgraphs(SDL), contract=contract).api_sdl


def test_what_carries_an_excluded_tag_is_not_seen() -> None:
    text = api(exclude={"internal"})
    assert "internal" not in text
    assert "y: Int" not in text
    assert "TWO" not in text
    assert "b: E" in text


def test_what_can_no_longer_be_reached_is_hidden() -> None:
    assert "type I " not in api(exclude={"internal"})


def test_with_tags_to_include_only_they_are_seen() -> None:
    text = api(include={"partner"})
    assert "both: P" in text
    assert "public" not in text
    assert "type P {\n  z: Z\n}" in text
    assert "a: Int" in text


def test_exclusion_wins() -> None:
    assert "TWO" not in api(include={"partner"}, exclude={"internal"})


def test_the_supergraph_keeps_what_the_contract_hides() -> None:
    contract = Contract(exclude=frozenset({"internal"}))
    text = compose(subgraphs(SDL), contract=contract).supergraph_sdl
    assert "secret: Int" in text
    assert "@inaccessible" in text


def test_a_contract_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(CompositionFailed) as refused:
        api(include={"nobody"})
    assert [error.code for error in refused.value.errors] == ["ONLY_INACCESSIBLE_CHILDREN"]
