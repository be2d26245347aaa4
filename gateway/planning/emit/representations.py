"""Representations: how the objects at a position are named to another subgraph, from what the tree holds of them.

key "id", requirement "price(currency: EUR) category { tag }", at a position where the client selected id itself:
{__typename: "Product", id: <id>, price: <__price_1>, category: {tag: <__category.__tag>}}
"""

from gateway.operation.model import TYPENAME
from gateway.planning.fetch_graph.fetch_node import FetchNode, NodeEntity
from gateway.planning.fetch_graph.response_position import Position
from gateway.planning.needs import ContextSource, Need
from gateway.planning.plan import (
    ContextOrigin,
    GroupContext,
    Representation,
    RepresentationBranch,
    RepresentationField,
)
from gateway.planning.search.federated_schema import FederatedSchema


def represent(node: FetchNode, schema: FederatedSchema) -> tuple[Representation, ...]:
    """The representations of an entity fetch, one or more for each of its entity types."""
    position = node.position
    is_typed = len(position.types) > 1 or position.is_abstract
    return tuple(
        representation
        for entity in node.entities.values()
        for representation in _of_entity(entity, position, schema, is_typed=is_typed and entity.is_typed)
    )


def _of_entity(
    entity: NodeEntity, position: Position, schema: FederatedSchema, *, is_typed: bool
) -> list[Representation]:
    key = schema.field_set_needs(entity.key)
    required = [need for field_set in entity.requirements for need in schema.field_set_needs(field_set)]
    if not is_typed:
        key_fields = _fields(key, position, entity.types)
        fields = _unique(key_fields, _fields(required, position, entity.types))
        return [Representation(None, entity.name, fields, len(key_fields))]
    alike: dict[tuple[tuple[RepresentationField, ...], int], list[str]] = {}
    for type_name in sorted(entity.types):
        types = frozenset({type_name})
        key_fields = _fields([need for need in key if _concerns(need, type_name)], position, types)
        required_fields = _fields([need for need in required if _concerns(need, type_name)], position, types)
        alike.setdefault((_unique(key_fields, required_fields), len(key_fields)), []).append(type_name)
    return [
        Representation(frozenset(names), entity.name, fields, key_count) for (fields, key_count), names in alike.items()
    ]


def represent_contexts(node: FetchNode, variables: tuple[str, ...]) -> tuple[GroupContext, ...]:
    """The fetch node's contexts, read from the tree around its objects."""
    return tuple(
        GroupContext(
            variable,
            context.type,
            tuple(
                origin
                for source in context.sources
                for origin in _origins(source, node.position.enclosing(source.levels))
            ),
        )
        for variable, context in zip(variables, node.contexts, strict=True)
    )


def _origins(source: ContextSource, position: Position) -> list[ContextOrigin]:
    """One origin for all types whose objects hold the value alike."""
    alike: dict[RepresentationField, list[str]] = {}
    meant = position.types if source.types is None else position.types & source.types
    for type_name in sorted(meant):
        read = _fields([n for n in source.needs if _concerns(n, type_name)], position, frozenset({type_name}))
        for value in read[:1]:
            alike.setdefault(value, []).append(type_name)
    if source.types is None and len(alike) == 1:
        return [ContextOrigin(source.levels, None, value) for value in alike]
    return [ContextOrigin(source.levels, frozenset(names), value) for value, names in alike.items()]


def _concerns(need: Need, type_name: str) -> bool:
    return need.types is None or type_name in need.types


def _unique(
    key: tuple[RepresentationField, ...], required: tuple[RepresentationField, ...]
) -> tuple[RepresentationField, ...]:
    """Keys, then what is required beside them; two requirements of parts of one object become one."""
    fields = {field.name: field for field in key}
    for field in required:
        known = fields.get(field.name)
        fields[field.name] = field if known is None else _joined(known, field)
    return tuple(fields.values())


def _joined(one: RepresentationField, other: RepresentationField) -> RepresentationField:
    if one == other or not other.branches:
        return one
    if not one.branches or one.source != other.source:
        return other
    branches: list[RepresentationBranch] = []
    by_types = {branch.types: branch for branch in other.branches}
    for branch in one.branches:
        match = by_types.pop(branch.types, None)
        fields = _unique(branch.fields, match.fields) if match else branch.fields
        branches.append(RepresentationBranch(branch.types, fields, branch.typename))
    branches.extend(by_types.values())
    return RepresentationField(one.name, one.source, tuple(branches))


def _fields(
    needs: tuple[Need, ...] | list[Need], position: Position, types: frozenset[str]
) -> tuple[RepresentationField, ...]:
    fields: tuple[RepresentationField, ...] = ()
    for need in needs:
        if need.name == TYPENAME:
            if need.is_context and len(types) == 1:
                fields = _unique(fields, tuple(RepresentationField(TYPENAME, type_name) for type_name in types))
            continue
        branches: tuple[RepresentationBranch, ...] = ()
        if need.children:
            below = position.under(need, types)
            if below is None:
                continue
            branches = _branches(need, below)
        fields = _unique(fields, (RepresentationField(need.name, position.key_of(need, types), branches),))
    return fields


def _branches(need: Need, below: Position) -> tuple[RepresentationBranch, ...]:
    is_same_for_all = all(child.types is None or child.types >= below.types for child in need.children)
    if is_same_for_all and (not below.is_told or len(below.types) == 1):
        # A type condition that excludes nothing needs no type in the tree, but the subgraph may have an abstract type there.
        is_narrowed = any(child.types is not None for child in need.children)
        (typename, *_) = below.types if is_narrowed and below.is_told else (None,)
        return (RepresentationBranch(None, _fields(need.children, below, below.types), typename),)
    return tuple(
        RepresentationBranch(
            frozenset({type_name}),
            _fields([child for child in need.children if _concerns(child, type_name)], below, frozenset({type_name})),
            type_name,
        )
        for type_name in sorted(below.types)
    )
