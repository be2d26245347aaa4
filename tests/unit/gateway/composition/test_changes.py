"""What two supergraphs differ in, for those who use them."""

from gateway.composition.changes import Change, Severity, accept, api_changes
from gateway.supergraph.reader import read_supergraph
from tests.support.composition import composed


def changes(old: str, new: str) -> dict[str, Severity]:
    before, after = (read_supergraph(composed({"a": sdl}).supergraph_sdl) for sdl in (old, new))
    return {change.kind: change.severity for change in api_changes(before, after)}


def test_a_field_that_goes_breaks_clients() -> None:
    assert changes("type Query { q: Int r: Int }", "type Query { q: Int }") == {"FIELD_REMOVED": Severity.BREAKING}


def test_a_field_that_becomes_nullable_breaks_clients() -> None:
    assert changes("type Query { q: Int! }", "type Query { q: Int }") == {"FIELD_CHANGED_KIND": Severity.BREAKING}


def test_a_changed_default_is_dangerous() -> None:
    found = changes("type Query { q(a: Int = 1): Int }", "type Query { q(a: Int = 2): Int }")
    assert found == {"ARG_DEFAULT_VALUE_CHANGE": Severity.DANGEROUS}


def test_a_field_that_demands_more_breaks_those_who_have_less() -> None:
    assert changes("type Query { q: Int }", "type Query { q: Int @authenticated }") == {
        "ACCESS_TIGHTENED": Severity.BREAKING
    }


def test_a_further_alternative_of_scopes_loosens_access() -> None:
    old = 'type Query { q: Int @requiresScopes(scopes: [["a"]]) }'
    new = 'type Query { q: Int @requiresScopes(scopes: [["a"], ["b"]]) }'
    assert changes(old, new) == {"ACCESS_LOOSENED": Severity.DANGEROUS}
    assert changes(new, old) == {"ACCESS_TIGHTENED": Severity.BREAKING}


def test_a_deprecation_is_told() -> None:
    assert changes("type Query { q: Int }", "type Query { q: Int @deprecated }") == {"FIELD_DEPRECATED": Severity.SAFE}


def test_what_moves_between_subgraphs_changes_nothing() -> None:
    old = read_supergraph(composed({"a": "type Query { q: Int r: Int }"}).supergraph_sdl)
    new = read_supergraph(composed({"a": "type Query { q: Int }", "b": "type Query { r: Int }"}).supergraph_sdl)
    assert api_changes(old, new) == []


def test_changes_are_accepted_by_their_whole_name_only() -> None:
    change = Change("FIELD_REMOVED", Severity.BREAKING, "Query.q was removed.")
    assert accept([change], frozenset({"FIELD_REMOVED: Query.q was removed."}))[0].is_accepted
    assert not accept([change], frozenset({"FIELD_REMOVED"}))[0].is_accepted
