"""Equivalent rewritings of an operation: other documents and variables that must get the same data.

A rewriting is a pure function of an operation, its schema and a source of randomness. Most leave the answer as it is; `renamed`
changes the names in it, and what is asked knows how to read such an answer back. Rewritings go one after the other in any order.

    { shop(id: 1) { name } }     renamed, valued      query ($v0: ID! = 1) { r0: shop(id: $v0) { name: name } }
                                 extracted, divided   { shop(id: 1) { ...F0 } shop(id: 1) { name } }  fragment F0 on Shop { name }

What GraphQL says of it: fields of one response name, arguments and place merge (section 6.3.2, CollectFields); the order of
selections decides that of the answer's fields only, but at the root of a mutation, where fields run one after the other.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    parse,
    print_ast,
)
from graphql.utilities import type_from_ast

Names = Mapping[str, tuple[str, "Names"]]
"""By a name in the answer, the name that it had before, and the names below it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation with its variables.

    Attributes:
        document: with one operation.
        variables: as JSON, by name.
        names: what the answer's names are to be read as; names that are missing stay as they are.
    """

    document: DocumentNode
    variables: Mapping[str, Any]
    names: Names = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, variables: Mapping[str, Any]) -> "Asked":
        """An operation that nothing was done to."""
        return cls(parse(text, no_location=True), dict(variables))

    @property
    def text(self) -> str:
        """The document."""
        return print_ast(self.document)

    @property
    def operation(self) -> OperationDefinitionNode:
        """The document's operation."""
        return next(each for each in self.document.definitions if isinstance(each, OperationDefinitionNode))

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """The document's fragments, by name."""
        found = [each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode)]
        return {each.name.value: each for each in found}

    def read_back(self, data: Any) -> Any:
        """The data of an answer, under the names that it had before any rewriting."""
        return _read_back(data, self.names)


Rewrite = Callable[[Asked, GraphQLSchema, random.Random], Asked]


def _read_back(data: Any, names: Names) -> Any:
    if isinstance(data, list):
        return [_read_back(each, names) for each in data]
    if not isinstance(data, dict):
        return data
    read: dict[str, Any] = {}
    for name, value in data.items():
        before, below = names.get(name, (name, {}))
        assert before not in read, f"{name} and another field are both {before}"
        # Below a leaf nothing is renamed: the value of a custom scalar may look like an object of ours.
        read[before] = _read_back(value, below) if below else value
    return read


def _with_definitions(
    asked: Asked, selections: SelectionSetNode, fragments: Sequence[FragmentDefinitionNode] = ()
) -> Asked:
    operation = replace(asked.operation, selection_set=selections)
    return replace(asked, document=DocumentNode(definitions=(operation, *fragments)))


def _set(selections: Sequence[SelectionNode]) -> SelectionSetNode:
    return SelectionSetNode(selections=tuple(selections))


Change = Callable[[list[SelectionNode], GraphQLNamedType], list[SelectionNode]]


def _changed(asked: Asked, schema: GraphQLSchema, change: Change) -> Asked:
    """Every list of sibling selections changed, innermost first; the change is told the type that they are on."""

    def walk(selection_set: SelectionSetNode, parent: GraphQLNamedType) -> SelectionSetNode:
        changed: list[SelectionNode] = []
        for node in selection_set.selections:
            match node:
                case FieldNode(selection_set=SelectionSetNode() as below):
                    definition = schema.get_field(parent, node.name.value)  # type: ignore[arg-type]
                    assert definition is not None
                    changed.append(replace(node, selection_set=walk(below, get_named_type(definition.type))))
                case InlineFragmentNode():
                    inner = _type(schema, node.type_condition) if node.type_condition else parent
                    changed.append(replace(node, selection_set=walk(node.selection_set, inner)))
                case _:
                    changed.append(node)
        return _set(change(changed, parent))

    fragments = [
        replace(each, selection_set=walk(each.selection_set, _type(schema, each.type_condition)))
        for each in asked.fragments.values()
    ]
    root = schema.get_root_type(asked.operation.operation)
    assert root is not None
    return _with_definitions(asked, walk(asked.operation.selection_set, root), fragments)


def _type(schema: GraphQLSchema, node: NamedTypeNode) -> GraphQLNamedType:
    found = type_from_ast(schema, node)
    assert found is not None
    return found


def inlined(asked: Asked, _schema: GraphQLSchema, _rnd: random.Random) -> Asked:
    """Named fragments become inline ones."""
    fragments = asked.fragments

    def walk(selection_set: SelectionSetNode) -> SelectionSetNode:
        nodes: list[SelectionNode] = []
        for node in selection_set.selections:
            match node:
                case FragmentSpreadNode():
                    fragment = fragments[node.name.value]
                    nodes.append(
                        InlineFragmentNode(
                            type_condition=fragment.type_condition,
                            directives=node.directives,
                            selection_set=walk(fragment.selection_set),
                        )
                    )
                case FieldNode(selection_set=SelectionSetNode() as below):
                    nodes.append(replace(node, selection_set=walk(below)))
                case InlineFragmentNode():
                    nodes.append(replace(node, selection_set=walk(node.selection_set)))
                case _:
                    nodes.append(node)
        return _set(nodes)

    return _with_definitions(asked, walk(asked.operation.selection_set))


def extracted(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some neighbouring selections, and some inline fragments, become named fragments; equal ones share one."""
    names = (name for number in count() if (name := f"F{number}") not in asked.fragments)
    made: dict[str, FragmentDefinitionNode] = {}

    def spread(nodes: Sequence[SelectionNode], on: str, directives: Sequence[DirectiveNode]) -> FragmentSpreadNode:
        selections = _set(nodes)
        meaning = f"{on} {print_ast(selections)}"
        if meaning not in made:
            condition = NamedTypeNode(name=NameNode(value=on))
            made[meaning] = FragmentDefinitionNode(
                name=NameNode(value=next(names)), type_condition=condition, selection_set=selections
            )
        return FragmentSpreadNode(name=made[meaning].name, directives=tuple(directives))

    def change(nodes: list[SelectionNode], parent: GraphQLNamedType) -> list[SelectionNode]:
        for index, node in enumerate(nodes):
            if isinstance(node, InlineFragmentNode) and rnd.random() < 0.5:
                on = node.type_condition.name.value if node.type_condition else parent.name
                nodes[index] = spread(node.selection_set.selections, on, node.directives or ())
        if rnd.random() < 0.4:
            start, end = _slice(nodes, rnd)
            nodes[start:end] = [spread(nodes[start:end], parent.name, ())]
        return nodes

    changed = _changed(asked, schema, change)
    return _with_definitions(changed, changed.operation.selection_set, [*changed.fragments.values(), *made.values()])


def _slice(nodes: Sequence[object], rnd: random.Random) -> tuple[int, int]:
    start = rnd.randrange(len(nodes))
    return start, rnd.randint(start + 1, len(nodes))


def reordered(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Siblings in another order, but for the root fields of a mutation."""

    def change(nodes: list[SelectionNode], parent: GraphQLNamedType) -> list[SelectionNode]:
        if parent is not schema.mutation_type:
            rnd.shuffle(nodes)
        return nodes

    return _changed(asked, schema, change)


def wrapped(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some neighbouring selections in an inline fragment of the type that they are on, named or not."""

    def change(nodes: list[SelectionNode], parent: GraphQLNamedType) -> list[SelectionNode]:
        if rnd.random() < 0.4:
            start, end = _slice(nodes, rnd)
            condition = NamedTypeNode(name=NameNode(value=parent.name)) if rnd.random() < 0.7 else None
            nodes[start:end] = [InlineFragmentNode(type_condition=condition, selection_set=_set(nodes[start:end]))]
        return nodes

    return _changed(asked, schema, change)


def narrowed(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some fields of interfaces asked of each implementation instead."""

    def change(nodes: list[SelectionNode], parent: GraphQLNamedType) -> list[SelectionNode]:
        if not is_abstract_type(parent):
            return nodes
        changed: list[SelectionNode] = []
        for node in nodes:
            types = schema.get_possible_types(parent)
            if isinstance(node, FieldNode) and rnd.random() < 0.4 and _is_alike(schema, node, parent, types):
                conditions = [NamedTypeNode(name=NameNode(value=each.name)) for each in types]
                changed += [InlineFragmentNode(type_condition=each, selection_set=_set([node])) for each in conditions]
            else:
                changed.append(node)
        return changed

    return _changed(asked, schema, change)


def _is_alike(
    schema: GraphQLSchema, node: FieldNode, parent: GraphQLNamedType, types: Sequence[GraphQLObjectType]
) -> bool:
    """Whether the field has the interface's type in all implementations, so that what is below it stays valid."""
    found = [schema.get_field(each, node.name.value) for each in (parent, *types)]  # type: ignore[arg-type]
    return len({str(each.type) for each in found if each is not None}) == 1


def divided(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some fields asked for twice, each time with a part of what is below them: they must merge."""

    def change(nodes: list[SelectionNode], _parent: GraphQLNamedType) -> list[SelectionNode]:
        twice: list[SelectionNode] = []
        for index, node in enumerate(nodes):
            if not isinstance(node, FieldNode) or rnd.random() > 0.3:
                continue
            if node.selection_set is not None:
                below = node.selection_set.selections
                middle = rnd.randint(1, len(below))
                nodes[index] = replace(node, selection_set=_set(below[:middle]))
                node = replace(node, selection_set=_set(below[middle:] or below[:1]))  # noqa: PLW2901
            twice.append(node)
        return nodes + twice

    return _changed(asked, schema, change)


def included(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some selections under a condition that holds: ``@include(if: true)`` or ``@skip(if: false)``."""

    def change(nodes: list[SelectionNode], _parent: GraphQLNamedType) -> list[SelectionNode]:
        for index, node in enumerate(nodes):
            name, holds = rnd.choice([("include", True), ("skip", False)])
            there = node.directives or ()
            if rnd.random() < 0.3 and all(each.name.value != name for each in there):
                argument = ArgumentNode(name=NameNode(value="if"), value=BooleanValueNode(value=holds))
                added = DirectiveNode(name=NameNode(value=name), arguments=(argument,))
                nodes[index] = replace(node, directives=(*there, added))
        return nodes

    return _changed(asked, schema, change)


def renamed(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Other names in the answer: new aliases, none, or those of their neighbours.

    All that ends up under one name in one object gets the same new one, so that the same fields merge; for that, named fragments
    are inlined first.
    """
    asked = inlined(asked, schema, rnd)
    selections, names = _renamed([asked.operation.selection_set], rnd, asked.names)
    return replace(_with_definitions(asked, selections[0]), names=names)


def _renamed(
    sets: Sequence[SelectionSetNode], rnd: random.Random, before: Names
) -> tuple[list[SelectionSetNode], dict[str, tuple[str, Names]]]:
    """The selection sets of one object with other names, and how to read those."""
    fields: dict[str, list[FieldNode]] = {}
    for node in _fields(sets):
        fields.setdefault(response_name(node), []).append(node)
    new_names = _new_names(fields, rnd)
    names: dict[str, tuple[str, Names]] = {}
    done: dict[int, FieldNode] = {}
    for old, nodes in fields.items():
        original, below_before = before.get(old, (old, {}))
        inner = [node.selection_set for node in nodes if node.selection_set is not None]
        changed, below = _renamed(inner, rnd, below_before) if inner else ([], {})
        names[new_names[old]] = (original, below)
        for index, node in enumerate(nodes):
            is_plain = node.name.value == new_names[old] and rnd.random() < 0.7
            alias = None if is_plain else NameNode(value=new_names[old])
            selection_set = changed[index] if changed else None
            done[id(node)] = replace(node, alias=alias, selection_set=selection_set)
    return [_with_fields(each, done) for each in sets], names


def _new_names(fields: Mapping[str, Sequence[FieldNode]], rnd: random.Random) -> dict[str, str]:
    """A new name for each old one, no two alike; some keep theirs, and none poses as a name of introspection."""
    names = {old: old for old in fields}
    movable = [old for old in fields if not old.startswith("__")]
    chosen = [old for old in movable if rnd.random() < 0.6]
    names.update(zip(chosen, rnd.sample(chosen, len(chosen)), strict=True))
    # A name that is a key's, a field's or a neighbour's confuses best.
    other = {nodes[0].name.value for nodes in fields.values() if not nodes[0].name.value.startswith("__")}
    tempting = ["id", "code", "name", "title", *sorted(other)]
    for number, old in enumerate(fields):
        if rnd.random() < 0.5:
            wanted = rnd.choice([f"r{number}", rnd.choice(tempting)])
            if wanted not in names.values():
                names[old] = wanted
    return names


def _fields(sets: Sequence[SelectionSetNode]) -> Iterator[FieldNode]:
    for each in sets:
        for node in each.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from _fields([node.selection_set])


def _with_fields(selection_set: SelectionSetNode, done: Mapping[int, FieldNode]) -> SelectionSetNode:
    nodes: list[SelectionNode] = []
    for node in selection_set.selections:
        if isinstance(node, InlineFragmentNode):
            nodes.append(replace(node, selection_set=_with_fields(node.selection_set, done)))
        else:
            nodes.append(done[id(node)])
    return _set(nodes)


def response_name(node: FieldNode) -> str:
    """The name that a field has in the answer."""
    return node.alias.value if node.alias else node.name.value
