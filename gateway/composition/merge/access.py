"""Access rules of interfaces follow from their implementations.

A client that asks an interface's field may reach any implementation's, so the interface demands all that its implementations
demand together. Subgraphs cannot write these rules on interfaces themselves.

Source: https://www.apollographql.com/docs/graphos/routing/security/authorization
"""

from collections.abc import Iterable

from graphql import parse_value

from gateway.composition.merged_model import Applied, Supergraph
from gateway.composition.model import Kind
from gateway.composition.specs import ACCESS
from gateway.composition.state.demands import access_directive, alternatives, conjunction


def infer_access(supergraph: Supergraph) -> None:
    """Puts on each interface, and on its fields, what the implementations demand together."""
    for interface in supergraph.types.values():
        if interface.kind is not Kind.INTERFACE:
            continue
        implementations = list(supergraph.implementations(interface.name))
        if not implementations:
            continue
        interface.directives = with_access(interface.directives, (t.directives for t in implementations))
        for field in interface.fields.values():
            copies = (t.fields[field.name].directives for t in implementations if field.name in t.fields)
            field.directives = with_access(field.directives, copies)


def with_access(own: list[Applied], others: Iterable[list[Applied]]) -> list[Applied]:
    """Directives in which access demands what all of the lists demand together."""
    lists = [own, *others]
    kept = [applied for applied in own if applied.name not in ACCESS]
    for name in ACCESS:
        found = [applied for directives in lists for applied in directives if applied.name == name]
        if not found:
            continue
        if name == "authenticated":
            kept.append(Applied(name))
        else:
            kept.append(
                access_directive(name, conjunction(alternatives(parse_value(a.arguments[0][1])) for a in found))
            )
    return kept
