"""No non-null field crosses a subgraph or a permission: a service that is away costs its own fields and nothing beside them.

A null in a non-null field takes away the object that holds it, and so on up to the next nullable field. A field can be null
against its subgraph's will in three cases, and in each of them it must be nullable:

    root          one operation asks the root fields of several subgraphs
    permission    the field has @authenticated or @requiresScopes, and the gateway or the subgraph refuses it
    extension     the field belongs to an entity whose home is another subgraph, so it takes a fetch of its own
    reference     the field returns an entity whose home is another subgraph, so its non-null fields take another fetch

The home of an entity is the subgraph that decides whether the object exists and that resolves its non-null fields.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from graphql import (
    DirectiveNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    parse_type,
    print_ast,
)

SUPERGRAPH = Path(__file__).parents[2] / "schema" / "supergraph.graphql"

HOMES = {
    "Account": "USER",
    "Buyer": "USER",
    "Category": "CATALOG",
    "Flag": "CONFIG",
    "Notification": "NOTIFICATION",
    "Order": "ORDER",
    "Payment": "PAYMENT",
    "Product": "CATALOG",
    "RankingModel": "RECOMMENDATION",
    "Seller": "USER",
}
"""Each entity's home; a new entity is entered here when it is made."""

EXCEPTIONS: dict[str, str] = {}
"""Coordinates that may be non-null all the same, each with the reason."""

ROOTS = ("Query", "Mutation", "Subscription")
PERMISSIONS = {"authenticated", "requiresScopes", "policy"}

_Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


def crossings(supergraph: str, homes: dict[str, str]) -> dict[str, str]:
    """The non-null fields that clients can select and that cross a subgraph or a permission, by coordinate, with the case."""
    return _Schema(supergraph, homes).crossings()


class _Schema:
    def __init__(self, supergraph: str, homes: dict[str, str]) -> None:
        definitions = parse(supergraph, no_location=True).definitions
        self.types = {each.name.value: each for each in definitions if isinstance(each, _Composite)}
        self.members = {
            each.name.value: [member.name.value for member in each.types or ()]
            for each in definitions
            if isinstance(each, UnionTypeDefinitionNode)
        }
        self.homes = homes

    def entities(self) -> set[str]:
        return {
            name
            for name, type_ in self.types.items()
            if any("key" in _arguments(each) for each in _applied(type_.directives, "join__type"))
        }

    def crossings(self) -> dict[str, str]:
        found = {}
        for name in self._reachable():
            for field in self.types[name].fields or ():
                case = self._case(name, field)
                if case is not None and not _is_inaccessible(field) and self._has_non_null(name, field, case):
                    found[f"{name}.{field.name.value}"] = case
        return found

    def _reachable(self) -> list[str]:
        seen: dict[str, None] = {}
        waiting = [root for root in ROOTS if root in self.types]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            if name in self.members:
                waiting += self.members[name]
                continue
            if name not in self.types:
                continue
            seen[name] = None
            waiting += [_named(field.type) for field in self.types[name].fields or () if not _is_inaccessible(field)]
            waiting += [other for other, type_ in self.types.items() if name in _names(type_.interfaces)]
        return list(seen)

    def _case(self, name: str, field: FieldDefinitionNode) -> str | None:
        graphs = self._graphs(name, field)
        if name in ROOTS:
            return "root"
        returned = self.types.get(_named(field.type))
        guards = [*(field.directives or ()), *(returned.directives or () if returned is not None else ())]
        if any(each.name.value in PERMISSIONS for each in guards):
            return "permission"
        if name in self.entities() and self.homes[name] not in graphs:
            return "extension"
        return "reference" if self._is_reference(name, field) else None

    def _is_reference(self, name: str, field: FieldDefinitionNode) -> bool:
        graphs, returned = self._graphs(name, field), _named(field.type)
        return any(
            each in self.entities() and not graphs <= {self.homes[each]}
            for each in self.members.get(returned, [returned])
        )

    def _graphs(self, name: str, field: FieldDefinitionNode) -> set[str]:
        """The subgraphs that resolve a field; those of its type when the field names none."""
        resolving = [_arguments(each) for each in _applied(field.directives, "join__field")]
        named = {each["graph"] for each in resolving if "graph" in each and each.get("external") != "true"}
        if named:
            return named
        if resolving:  # of an interface object: the field is resolved where the interface's is
            return {
                graph
                for interface in _names(self.types[name].interfaces)
                for inherited in self.types[interface].fields or ()
                if inherited.name.value == field.name.value
                for graph in self._graphs(interface, inherited)
            }
        return {_arguments(each)["graph"] for each in _applied(self.types[name].directives, "join__type")}

    def _has_non_null(self, name: str, field: FieldDefinitionNode, case: str) -> bool:
        # The items of a list fail one by one only when each is a reference; otherwise the list fails as a whole.
        type_: TypeNode = field.type
        if isinstance(type_, NonNullTypeNode):
            if case != "reference" or not isinstance(type_.type, ListTypeNode):
                return True
            type_ = type_.type
        is_list_of_non_null = isinstance(type_, ListTypeNode) and isinstance(type_.type, NonNullTypeNode)
        return is_list_of_non_null and self._is_reference(name, field)


def _applied(directives: Iterable[DirectiveNode] | None, name: str) -> list[DirectiveNode]:
    return [each for each in directives or () if each.name.value == name]


def _arguments(directive: DirectiveNode) -> dict[str, str]:
    return {
        each.name.value: each.value.value
        if isinstance(each.value, StringValueNode)
        else str(getattr(each.value, "value", "")).lower()
        if each.name.value == "external"
        else str(getattr(each.value, "value", ""))
        for each in directive.arguments or ()
    }


def _names(nodes: Iterable[NamedTypeNode] | None) -> list[str]:
    return [node.name.value for node in nodes or ()]


def _named(type_: TypeNode) -> str:
    while isinstance(type_, NonNullTypeNode | ListTypeNode):
        type_ = type_.type
    return type_.name.value  # type: ignore[attr-defined]  # what is left is a named type


def _is_inaccessible(field: FieldDefinitionNode) -> bool:
    return bool(_applied(field.directives, "inaccessible"))


def test_no_non_null_field_crosses_a_subgraph_or_a_permission() -> None:
    found = crossings(SUPERGRAPH.read_text(), HOMES)
    assert {coordinate: case for coordinate, case in found.items() if coordinate not in EXCEPTIONS} == {}


def test_every_exception_is_still_one() -> None:
    assert set(EXCEPTIONS) <= set(crossings(SUPERGRAPH.read_text(), HOMES))


def test_every_entity_has_a_home() -> None:
    assert set(HOMES) == _Schema(SUPERGRAPH.read_text(), HOMES).entities()


@pytest.mark.parametrize(
    ("coordinate", "type_", "case"),
    [
        ("Query.feed", "FeedConnection!", "root"),
        ("Mutation.placeOrder", "PlaceOrderResult!", "root"),
        ("Buyer.email", "String!", "permission"),
        ("Buyer.unreadNotificationCount", "Int!", "permission"),
        ("Order.paymentState", "OrderPaymentState!", "extension"),
        ("ProductCard.product", "Product!", "reference"),
        ("CategoryShelf.products", "[Product!]!", "reference"),
        ("Product.similar", "[Product!]", "extension"),
    ],
)
def test_a_crossing_is_found(coordinate: str, type_: str, case: str) -> None:
    assert crossings(_with_type(SUPERGRAPH.read_text(), coordinate, type_), HOMES) == {coordinate: case}


def _with_type(supergraph: str, coordinate: str, type_: str) -> str:
    """The supergraph with another type of one field."""
    name, _, field_name = coordinate.partition(".")
    document = parse(supergraph, no_location=True)
    definitions = tuple(
        replace(each, fields=tuple(_retyped(field, field_name, type_) for field in each.fields or ()))
        if isinstance(each, _Composite) and each.name.value == name
        else each
        for each in document.definitions
    )
    return print_ast(replace(document, definitions=definitions))


def _retyped(field: FieldDefinitionNode, name: str, type_: str) -> FieldDefinitionNode:
    return replace(field, type=parse_type(type_)) if field.name.value == name else field
