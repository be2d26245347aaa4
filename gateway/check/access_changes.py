"""What changes in what fields demand of their callers.

A field that demands more than before breaks those who have less; one that demands less may show what was hidden.

Source: https://www.apollographql.com/docs/graphos/routing/security/authorization
"""

from collections.abc import Iterator, Mapping

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from gateway.check.change import Change, Severity
from gateway.supergraph.access import Access
from gateway.supergraph.model import Supergraph


def access_changes(old: Supergraph, new: Supergraph) -> Iterator[Change]:
    """The changes at fields that both supergraphs show."""
    for type_name, field_name in sorted(_fields(old.api) & _fields(new.api)):
        before, after = _at(old.access, type_name, field_name), _at(new.access, type_name, field_name)
        coordinate = f"{type_name}.{field_name}"
        if not _covers(before, after):
            yield Change(
                "ACCESS_TIGHTENED", Severity.BREAKING, f"{coordinate} demands more of its callers: {_shown(after)}."
            )
        elif not _covers(after, before):
            yield Change(
                "ACCESS_LOOSENED", Severity.DANGEROUS, f"{coordinate} demands less of its callers: {_shown(after)}."
            )


def _at(access: Mapping[tuple[str, str], Access], type_name: str, field_name: str) -> Access:
    return access.get((type_name, field_name)) or Access()


def _covers(held: Access, demanded: Access) -> bool:
    """Whether whoever satisfies the one satisfies the other."""
    if demanded.authenticated and not held:
        return False
    return _lists_cover(held.scopes, demanded.scopes) and _lists_cover(held.policies, demanded.policies)


def _lists_cover(
    held: tuple[tuple[frozenset[str], ...], ...], demanded: tuple[tuple[frozenset[str], ...], ...]
) -> bool:
    """Whether each demand follows from one that is held: every alternative there contains one here."""
    return all(
        any(all(any(need <= have for need in wanted) for have in given) for given in held) for wanted in demanded
    )


def _shown(access: Access) -> str:
    parts = ["sign in"] if access.authenticated else []
    for label, lists in (("scopes", access.scopes), ("policies", access.policies)):
        parts.extend(
            f"{label} {' or '.join('+'.join(sorted(each)) for each in alternatives)}" for alternatives in lists
        )
    return "; ".join(parts) or "nothing"


def _fields(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {
        (name, field)
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for field in type_.fields
    }
