"""CONTEXT_NOT_SET, NO_CONTEXT_IN_SELECTION, CONTEXT_INVALID_SELECTION, CONTEXT_NO_RESOLVABLE_KEY: how an argument takes a context.

The argument names a context that some type of the subgraph sets, and selects one value there, for every type that sets it, of the
argument's own type or one that is included in it. Since the gateway must first fetch that value, it must be able to come to the
field's object by a key.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#fromcontext
"""

from collections.abc import Iterator

from graphql import Node, StringValueNode, parse_value

from gateway.composition.context_text import split_context
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import (
    FieldSet,
    FieldSetSyntaxError,
    SelectedField,
    SelectedFragment,
    has_directives,
    parse_field_set,
)
from gateway.composition.literals import is_value_of
from gateway.composition.model import (
    FieldDefinition,
    InputValue,
    Kind,
    SubgraphSchema,
    TypeDefinition,
    first,
)
from gateway.composition.read.analysis import Analysis, context_types
from gateway.composition.type_ref import TypeRef, is_subtype


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every argument that takes a context."""
    setting = context_types(schema)
    for definition in schema.types.values():
        for field in definition.fields.values():
            contextual = [a for a in field.arguments.values() if first(a.directives, "fromContext") is not None]
            for argument in contextual:
                yield from _check_argument(schema, setting, definition, field, argument)
            if contextual and definition.kind is Kind.OBJECT:
                yield from _check_holder(schema, analysis, definition, field)


def _check_holder(
    schema: SubgraphSchema, analysis: Analysis, definition: TypeDefinition, field: FieldDefinition
) -> Iterator[CompositionError]:
    for interface in definition.interfaces:
        demanded = schema.types.get(interface)
        if demanded is not None and field.name in demanded.fields:
            yield _error(
                schema,
                "CONTEXT_NOT_SET",
                f'"{field.coordinate}" takes a context, but the interface "{interface}" has the field too, and its callers set none.',
                field.node,
                f'Take the field off "{interface}", or give the argument another way.',
            )
    if definition.name == "Query" or any(key.is_resolvable for key in analysis.keys.get(definition.name, ())):
        return
    yield _error(
        schema,
        "CONTEXT_NO_RESOLVABLE_KEY",
        f'"{field.coordinate}" takes a context, but "{definition.name}" has no resolvable @key by which the gateway could come back.',
        field.node,
        f'Give "{definition.name}" a resolvable @key.',
    )


def _check_argument(
    schema: SubgraphSchema,
    setting: dict[str, list[TypeDefinition]],
    definition: TypeDefinition,
    field: FieldDefinition,
    argument: InputValue,
) -> Iterator[CompositionError]:
    shown = f'"{field.coordinate}({argument.name}:)"'
    use = first(argument.directives, "fromContext")
    value = use.arguments.get("field") if use else None
    node = use.node if use else argument.node
    if definition.kind is Kind.INTERFACE:
        yield _error(
            schema,
            "CONTEXT_NOT_SET",
            f"{shown} takes a context, but stands on an interface, which nobody resolves.",
            node,
            "Take contexts on the fields of objects only.",
        )
        return
    if argument.default is not None:
        yield _error(
            schema,
            "CONTEXT_NOT_SET",
            f"{shown} takes a context and has a default, which would never be used.",
            node,
            "Remove the default.",
        )
    name, selection = split_context(value.value) if isinstance(value, StringValueNode) else (None, "")
    if name is None or not selection:
        yield _error(
            schema,
            "NO_CONTEXT_IN_SELECTION",
            f"{shown} does not say which context it takes what from.",
            node,
            'Write the context and a field of it, as in "$name { field }".',
        )
        return
    types = setting.get(name)
    if types is None:
        known = ", ".join(sorted(setting)) or "none"
        yield _error(
            schema,
            "CONTEXT_NOT_SET",
            f'{shown} takes the context "{name}", which no type of this subgraph sets (it has: {known}).',
            node,
            f'Put @context(name: "{name}") on the type that the value is to be taken from.',
        )
        return
    for problem in dict.fromkeys(_problems(schema, types, selection, argument.type)):
        yield _error(
            schema,
            "CONTEXT_INVALID_SELECTION",
            f'{shown} takes from the context "{name}" what it cannot: {problem}.',
            node,
            "Select one field, of the argument's type, on every type that sets the context.",
        )


def _problems(schema: SubgraphSchema, types: list[TypeDefinition], selection: str, wanted: TypeRef) -> Iterator[str]:
    try:
        selections = parse_field_set(selection)
    except FieldSetSyntaxError as error:
        yield str(error)
        return
    if has_directives(selections):
        yield "it has a directive inside"
        return
    setting = {name for on in types for name in schema.runtime_types(on.name)}
    yield from _unused_conditions(schema, setting, selections)
    for on in types:
        for name in schema.runtime_types(on.name):
            concrete = schema.types.get(name)
            if concrete is not None:
                yield from _value_problems(schema, concrete, _applying(schema, concrete, selections), wanted)


def _unused_conditions(schema: SubgraphSchema, possible: set[str], selections: FieldSet) -> Iterator[str]:
    """Type conditions that none of the possible objects has."""
    for selection in selections:
        if isinstance(selection, SelectedField):
            continue
        condition = selection.type_condition
        applying = possible & set(schema.runtime_types(condition)) if condition is not None else possible
        if applying:
            yield from _unused_conditions(schema, applying, selection.selections)
        else:
            yield f'it has a fragment on "{condition}", which nothing that sets the context is'


def _applying(schema: SubgraphSchema, on: TypeDefinition, selections: FieldSet) -> FieldSet:
    """The selections that hold for an object type, fragments opened."""
    found: list[SelectedField | SelectedFragment] = []
    for selection in selections:
        if isinstance(selection, SelectedField):
            found.append(selection)
        elif on.name in schema.runtime_types(selection.type_condition or on.name):
            found.extend(_applying(schema, on, selection.selections))
    return tuple(found)


def _value_problems(schema: SubgraphSchema, on: TypeDefinition, selections: FieldSet, wanted: TypeRef) -> Iterator[str]:
    if len(selections) != 1:
        yield f'it selects {len(selections) or "no"} fields of "{on.name}" instead of one'
        return
    (selection,) = selections
    assert isinstance(selection, SelectedField)
    if selection.alias is not None:
        yield "it has an alias"
        return
    if selection.name == "__typename":
        yield from _typename_problems(on, selection, wanted)
        return
    field = on.fields.get(selection.name)
    if field is None:
        yield f'"{on.name}" has no field "{selection.name}"'
        return
    yield from _argument_problems(schema, field, selection)
    target = schema.types.get(field.type.name)
    if target is not None and target.is_composite:
        if not selection.selections:
            yield f'it selects nothing of "{field.coordinate}"'
        for name in schema.runtime_types(target.name):
            concrete = schema.types.get(name)
            if concrete is not None and selection.selections:
                inner = TypeRef(wanted.name, wanted.wrappers)
                yield from _value_problems(schema, concrete, _applying(schema, concrete, selection.selections), inner)
        return
    if not is_subtype(field.type, wanted, lambda sub, of: False):
        yield f'"{field.coordinate}" is a "{field.type}", and the argument a "{wanted}"'


def _typename_problems(on: TypeDefinition, selection: SelectedField, wanted: TypeRef) -> Iterator[str]:
    name = TypeRef("String", "!")
    if selection.arguments or selection.selections:
        yield "__typename takes no arguments and has no fields"
    elif first(on.directives, "interfaceObject") is not None:
        yield f'this subgraph cannot name the type of a "{on.name}", which is an interface object'
    elif not is_subtype(name, wanted, lambda sub, of: False):
        yield f'__typename is a "{name}", and the argument a "{wanted}"'


def _argument_problems(schema: SubgraphSchema, field: FieldDefinition, selection: SelectedField) -> Iterator[str]:
    given = dict(selection.arguments)
    for name, text in given.items():
        argument = field.arguments.get(name)
        if argument is None:
            yield f'"{field.coordinate}" has no argument "{name}"'
        elif not is_value_of(schema, argument.type, parse_value(text)):
            yield f'{text} is no value of "{field.coordinate}({name}:)", which is a "{argument.type}"'
    for argument in field.arguments.values():
        if argument.type.is_non_null and argument.default is None and argument.name not in given:
            yield f'"{field.coordinate}" must be given the argument "{argument.name}"'


def _error(schema: SubgraphSchema, code: str, message: str, node: Node | None, advice: str) -> CompositionError:
    return error_at(code, message, schema.name, [node], advice)
