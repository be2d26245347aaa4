"""Rewritings of an operation's values: literals become variables of the right type, and variables the literals that they stand for."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse_type,
    print_ast,
    visit,
)
from graphql.utilities import type_from_ast, value_from_ast_untyped

from tests.laboratory.rewriting import Asked, response_name

Put = Callable[[ValueNode, GraphQLInputType], ValueNode | None]
"""What stands in the place of an argument's value; None leaves the argument out."""


def valued(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some literals become variables of the type that is expected there, or of its non-null one; some of those by default.

    Literals inside lists and input objects as well. A variable is used again for an equal literal of the same type.
    """
    taken = {each.variable.name.value for each in asked.operation.variable_definitions or ()}
    names = (name for number in count() if (name := f"v{number}") not in taken)
    made: dict[tuple[str, str], str] = {}
    definitions = list(asked.operation.variable_definitions or ())
    variables = dict(asked.variables)

    def variable(value: ValueNode, expected: GraphQLInputType) -> VariableNode:
        is_stricter = not is_non_null_type(expected) and not isinstance(value, NullValueNode) and rnd.random() < 0.3
        declared = f"{expected}!" if is_stricter else str(expected)
        if (declared, print_ast(value)) not in made:
            name = made[declared, print_ast(value)] = next(names)
            default = value if rnd.random() < 0.3 else None
            if default is None:
                variables[name] = value_from_ast_untyped(value)
            definitions.append(
                VariableDefinitionNode(
                    variable=VariableNode(name=NameNode(value=name)),
                    type=parse_type(declared),
                    default_value=default,  # type: ignore[arg-type]
                )
            )
        return VariableNode(name=NameNode(value=made[declared, print_ast(value)]))

    def put(value: ValueNode, expected: GraphQLInputType) -> ValueNode:
        if _is_constant(value) and rnd.random() < 0.5:
            return variable(value, expected)
        return _inside(value, expected, put)

    changed = _with_values(asked, schema, put)
    return _with_variables(changed, definitions, variables)


def spelled_out(asked: Asked, schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Some variables become literals of their values; one that has none, and no default, leaves its argument out."""
    literals: dict[str, ValueNode | None] = {}
    kept: list[VariableDefinitionNode] = []
    for definition in asked.operation.variable_definitions or ():
        name = definition.variable.name.value
        expected = type_from_ast(schema, definition.type)
        assert expected is not None
        if rnd.random() < 0.3:
            kept.append(definition)
        elif name in asked.variables:
            literals[name] = _literal(asked.variables[name], expected)
        else:
            literals[name] = definition.default_value

    def put(value: ValueNode, expected: GraphQLInputType) -> ValueNode | None:
        if isinstance(value, VariableNode):
            return literals.get(value.name.value, value)
        return _inside(value, expected, put)

    changed = _with_values(asked, schema, put)
    variables = {name: value for name, value in asked.variables.items() if name not in literals}
    return _with_variables(changed, kept, variables)


def relabelled(asked: Asked, _schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """Variables under other names: those of their neighbours, or new ones."""
    old = [each.variable.name.value for each in asked.operation.variable_definitions or ()]
    new = dict(zip(old, rnd.sample(old, len(old)), strict=True)) if rnd.random() < 0.5 else {}
    new = new or {name: f"w{number}" for number, name in enumerate(rnd.sample(old, len(old)))}

    class Relabelling(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> VariableNode:
            return VariableNode(name=NameNode(value=new[node.name.value]))

    document: DocumentNode = visit(asked.document, Relabelling())
    return replace(asked, document=document, variables={new[name]: value for name, value in asked.variables.items()})


def _with_variables(asked: Asked, definitions: list[VariableDefinitionNode], variables: Mapping[str, Any]) -> Asked:
    operation = replace(asked.operation, variable_definitions=tuple(definitions))
    document = DocumentNode(definitions=(operation, *asked.fragments.values()))
    return replace(asked, document=document, variables=variables)


def _with_values(asked: Asked, schema: GraphQLSchema, put: Put) -> Asked:
    """Every argument of every field and directive with another value; equal ones of fields with one name with an equal one."""
    done: dict[tuple[str, str], tuple[ArgumentNode, ...]] = {}

    def arguments(
        nodes: tuple[ArgumentNode, ...] | None, known: Mapping[str, GraphQLArgument]
    ) -> tuple[ArgumentNode, ...]:
        changed: list[ArgumentNode] = []
        for node in nodes or ():
            value = put(node.value, known[node.name.value].type)
            if value is not None:
                changed.append(replace(node, value=value))
        return tuple(changed)

    def field_arguments(node: FieldNode, known: Mapping[str, GraphQLArgument]) -> tuple[ArgumentNode, ...]:
        # Fields that merge must have equal arguments, to the letter.
        key = (response_name(node), " ".join(print_ast(each) for each in node.arguments or ()))
        if key not in done:
            done[key] = arguments(node.arguments, known)
        return done[key]

    def directives(nodes: tuple[DirectiveNode, ...] | None) -> tuple[DirectiveNode, ...]:
        changed: list[DirectiveNode] = []
        for node in nodes or ():
            definition = schema.get_directive(node.name.value)
            assert definition is not None
            changed.append(replace(node, arguments=arguments(node.arguments, definition.args)))
        return tuple(changed)

    def walk(selection_set: SelectionSetNode, parent: GraphQLNamedType) -> SelectionSetNode:
        nodes = []
        for node in selection_set.selections:
            changed = replace(node, directives=directives(node.directives))
            if isinstance(changed, FieldNode):
                definition = schema.get_field(parent, changed.name.value)  # type: ignore[arg-type]
                assert definition is not None
                changed = replace(changed, arguments=field_arguments(changed, definition.args))
                if changed.selection_set is not None:
                    below = walk(changed.selection_set, get_named_type(definition.type))
                    changed = replace(changed, selection_set=below)
            elif isinstance(changed, InlineFragmentNode):
                condition = changed.type_condition
                on = schema.type_map[condition.name.value] if condition is not None else parent
                changed = replace(changed, selection_set=walk(changed.selection_set, on))
            nodes.append(changed)
        return SelectionSetNode(selections=tuple(nodes))

    operation = asked.operation
    root = schema.get_root_type(operation.operation)
    assert root is not None
    fragments = [
        replace(each, selection_set=walk(each.selection_set, schema.type_map[each.type_condition.name.value]))
        for each in asked.fragments.values()
    ]
    changed: OperationDefinitionNode = replace(operation, selection_set=walk(operation.selection_set, root))
    return replace(asked, document=DocumentNode(definitions=(changed, *fragments)))


def _inside(value: ValueNode, expected: GraphQLInputType, put: Put) -> ValueNode:
    """The value with what is inside it changed, where the schema says what is expected there."""
    expected = _nullable(expected)
    if isinstance(value, ListValueNode) and is_list_type(expected):
        # A variable without a value is a null there, since places in a list cannot be left out.
        items = [put(item, expected.of_type) or NullValueNode() for item in value.values]
        return ListValueNode(values=tuple(items))
    if isinstance(value, ObjectValueNode) and is_input_object_type(expected):
        fields: list[ObjectFieldNode] = []
        for node in value.fields:
            inner = put(node.value, expected.fields[node.name.value].type)
            if inner is not None:
                fields.append(replace(node, value=inner))
        return ObjectValueNode(fields=tuple(fields))
    return value


def _nullable(expected: GraphQLInputType) -> GraphQLInputType:
    return expected.of_type if isinstance(expected, GraphQLNonNull) else expected


def _is_constant(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return False
        case ListValueNode(values=values):
            return all(_is_constant(each) for each in values)
        case ObjectValueNode(fields=fields):
            return all(_is_constant(each.value) for each in fields)
        case _:
            return True


def _literal(value: Any, expected: Any) -> ValueNode:
    """The literal that means the same as a variable's JSON value; the type tells enums from strings."""
    if value is None:
        return NullValueNode()
    inner = _nullable(expected) if expected is not None else None
    if isinstance(value, list):
        of_type = inner.of_type if isinstance(inner, GraphQLList) else None
        return ListValueNode(values=tuple(_literal(each, of_type) for each in value))
    while isinstance(inner, GraphQLList):
        inner = _nullable(inner.of_type)
    if isinstance(value, dict):
        known = inner.fields if isinstance(inner, GraphQLInputObjectType) else {}
        fields = [
            ObjectFieldNode(
                name=NameNode(value=name), value=_literal(each, known[name].type if name in known else None)
            )
            for name, each in value.items()
        ]
        return ObjectValueNode(fields=tuple(fields))
    if isinstance(value, bool):
        return BooleanValueNode(value=value)
    if isinstance(value, int):
        return IntValueNode(value=str(value))
    if isinstance(value, float):
        return FloatValueNode(value=repr(value))
    if isinstance(inner, GraphQLEnumType) or is_enum_type(inner):
        return EnumValueNode(value=value)
    return StringValueNode(value=value)
