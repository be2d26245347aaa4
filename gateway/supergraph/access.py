"""Access facts: what a caller must hold to see a field, read from `@authenticated`, `@requiresScopes` and `@policy`.

A field's demands are those on the field itself and those on the type that it returns; an object type that carries demands passes
them to each of its fields, too, so that no way around through an interface is open. Demands of several directives all hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import ConstDirectiveNode, ListValueNode, StringValueNode


@dataclass(frozen=True, slots=True)
class Access:
    """What a field demands; every part must hold.

    Attributes:
        authenticated: any signed-in caller.
        scopes: for each demand a list of alternatives, each a set of scopes that are all needed.
        policies: likewise, of policies.
    """

    authenticated: bool = False
    scopes: tuple[tuple[frozenset[str], ...], ...] = ()
    policies: tuple[tuple[frozenset[str], ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.authenticated or self.scopes or self.policies)

    def joined(self, other: "Access | None") -> "Access":
        """Both demands at once."""
        if not other:
            return self
        scopes = self.scopes + tuple(s for s in other.scopes if s not in self.scopes)
        policies = self.policies + tuple(p for p in other.policies if p not in self.policies)
        return Access(self.authenticated or other.authenticated, scopes, policies)


@dataclass(frozen=True, slots=True)
class AccessDirectives:
    """The names that the access directives have in a supergraph, after `@link(as:)`; None if it does not link them."""

    authenticated: str | None
    requires_scopes: str | None
    policy: str | None

    def read(self, directives: Sequence[ConstDirectiveNode]) -> Access:
        """What the directives of one type or field demand."""
        demand = Access()
        for directive in directives:
            name = directive.name.value
            if name == self.authenticated:
                demand = demand.joined(Access(authenticated=True))
            elif name == self.requires_scopes:
                demand = demand.joined(Access(scopes=(_alternatives(directive, "scopes"),)))
            elif name == self.policy:
                demand = demand.joined(Access(policies=(_alternatives(directive, "policies"),)))
        return demand


def _alternatives(directive: ConstDirectiveNode, argument: str) -> tuple[frozenset[str], ...]:
    for given in directive.arguments or ():
        if given.name.value == argument and isinstance(given.value, ListValueNode):
            return tuple(
                frozenset(_strings(inner)) for inner in given.value.values or () if isinstance(inner, ListValueNode)
            )
    return ()


def _strings(node: ListValueNode) -> Iterable[str]:
    return (value.value for value in node.values or () if isinstance(value, StringValueNode))


def field_access(
    of_types: Mapping[str, Access],
    of_fields: Mapping[tuple[str, str], Access],
    field_types: Mapping[tuple[str, str], str],
) -> dict[tuple[str, str], Access]:
    """What each field demands in the end, by (type, field); open fields are left out."""
    demands: dict[tuple[str, str], Access] = {}
    for (type_name, field_name), returned in field_types.items():
        demand = of_fields.get((type_name, field_name), Access())
        demand = demand.joined(of_types.get(type_name)).joined(of_types.get(returned))
        if demand:
            demands[type_name, field_name] = demand
    return demands
