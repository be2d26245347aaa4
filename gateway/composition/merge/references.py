"""The one type that a field, or an argument, gets from all subgraphs.

A field's value comes out, so the supergraph promises the least that any subgraph promises: `Int!` and `Int` give `Int`, an object
type and its interface give the interface. An argument goes in, so the supergraph demands the most: `Int!` and `Int` give `Int!`.
Types of which neither includes the other do not merge.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/composition#merging-types-from-multiple-subgraphs
"""

from collections.abc import Mapping

from gateway.composition.merged_model import Supergraph
from gateway.composition.type_ref import TypeRef, is_subtype


def widest(types: Mapping[str, TypeRef], supergraph: Supergraph) -> TypeRef | None:
    """The type among them that includes all others, or None if there is none."""
    candidates = dict.fromkeys(types.values())
    for candidate in candidates:
        if all(is_subtype(other, candidate, supergraph.is_named_subtype) for other in candidates):
            return candidate
    return None


def narrowest(types: Mapping[str, TypeRef], supergraph: Supergraph) -> TypeRef | None:
    """The type among them that all others include, or None if there is none."""
    candidates = dict.fromkeys(types.values())
    for candidate in candidates:
        if all(is_subtype(candidate, other, supergraph.is_named_subtype) for other in candidates):
            return candidate
    return None
