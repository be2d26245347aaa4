"""Access facts: what a caller must hold to see a field, read from `@authenticated`, `@requiresScopes` and `@policy`.

A field's demands are those on the field itself and those on the type that it returns; an object type that carries demands passes
them to each of its fields, too, ``__typename`` among them, so that no way around through an interface is open. Demands of several
directives all hold.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import ConstDirectiveNode, ListValueNode, Node, StringValueNode, print_ast

from gateway.supergraph.errors import SupergraphError


class UnreadableDemand(ValueError):
    """Raised when the argument of `@requiresScopes` or `@policy` is no list of lists of names."""


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
        """What the directives of one type or field demand.

        Raises:
            SupergraphError: A demand cannot be read.
        """
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
    value = next((given.value for given in directive.arguments or () if given.name.value == argument), None)
    try:
        return alternatives_of(value)
    except UnreadableDemand as error:
        message = f"@{directive.name.value} cannot be read: {error}"
        raise SupergraphError.at(directive, message, code="INVALID_FEDERATION_SUPERGRAPH") from None


def alternatives_of(value: Node | None) -> tuple[frozenset[str], ...]:
    """Return ``[["a", "b"], ["c"]]`` as alternatives, each a set of names that are all needed.

    Lists are coerced as GraphQL says: ``"a"`` is ``[["a"]]``, and ``["a", "b"]`` is ``[["a"], ["b"]]``.

    Raises:
        UnreadableDemand: there is something but strings in it, or no name at all. A demand that is read in part would open the field.
    """
    alternatives = tuple(frozenset(_names(inner)) for inner in _items(value))
    if not alternatives or not all(alternatives):
        raise UnreadableDemand("an empty list names nothing that a caller could hold")
    return alternatives


def _names(node: Node) -> Iterator[str]:
    for item in _items(node):
        if not isinstance(item, StringValueNode):
            raise UnreadableDemand(f"{print_ast(item)} is not a string")
        yield item.value


def _items(node: Node | None) -> Iterable[Node]:
    if node is None:
        return ()
    return node.values or () if isinstance(node, ListValueNode) else (node,)


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
    # `__typename` tells a caller which objects of an interface or a union are of the type that the caller may not see.
    demands |= {(type_name, "__typename"): demand for type_name, demand in of_types.items() if demand}
    return demands
