"""Reads a document of federation 1 as what it means in federation 2.

Federation 1 was looser: it ignored directives where they say nothing, and shared every type by its name. So: keys may be lists;
directives on interfaces, `@provides` on leaves and requirements of the subgraph's own fields are dropped; an `@external` field that
nothing names is dropped; and every field may be resolved by several subgraphs, which `analysis` takes care of.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/backward-compatibility
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from graphql import EnumValueNode, ListValueNode, StringValueNode, ValueNode

from gateway.composition.analysis import Analysis, analyse
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import FieldSetSyntaxError, SelectedField, argument_text, parse_field_set
from gateway.composition.model import (
    Directives,
    DirectiveUse,
    FieldDefinition,
    Kind,
    SubgraphSchema,
    TypeDefinition,
    has,
)

FIELD_SET_DIRECTIVES = frozenset({"key", "requires", "provides"})
MEANINGLESS_ON_INTERFACES = frozenset({"key", "requires", "provides", "external"})


def upgrade(schema: SubgraphSchema) -> tuple[SubgraphSchema, list[CompositionError]]:
    """The schema in the terms of federation 2, and what cannot be put in them; a schema of federation 2 as it is."""
    if not schema.is_fed1:
        return schema, []
    cleaned = _with_types(schema, {name: _cleaned(schema, definition) for name, definition in schema.types.items()})
    cleaned = _with_types(cleaned, {name: _without_own(cleaned, d) for name, d in cleaned.types.items()})
    analysis = analyse(cleaned)
    used = {name: _without_unused(definition, analysis) for name, definition in cleaned.types.items()}
    errors = list(_emptied(schema, cleaned, used))
    keyed = {d.name for d in schema.types.values() if d.kind is Kind.INTERFACE and has(d.directives, "key")}
    return replace(cleaned, types=used, ignored_interface_keys=frozenset(keyed)), errors


def _cleaned(schema: SubgraphSchema, definition: TypeDefinition) -> TypeDefinition:
    """Field sets as strings, and nothing where it means nothing."""
    is_interface = definition.kind is Kind.INTERFACE
    fields: dict[str, FieldDefinition] = {}
    for field in definition.fields.values():
        target = schema.types.get(field.type.name)
        is_leaf = target is None or not target.is_composite
        kept = (
            use
            for use in field.directives
            if not (is_interface and use.core in MEANINGLESS_ON_INTERFACES) and not (use.core == "provides" and is_leaf)
        )
        fields[field.name] = replace(field, directives=_stringified(kept))
    on_type = (use for use in definition.directives if not (is_interface and use.core in MEANINGLESS_ON_INTERFACES))
    return replace(definition, directives=_stringified(on_type), fields=fields)


def _stringified(directives: Iterator[DirectiveUse]) -> Directives:
    return tuple(
        replace(use, arguments={name: _as_string(value) for name, value in use.arguments.items()})
        if use.core in FIELD_SET_DIRECTIVES
        else use
        for use in directives
    )


def _as_string(value: ValueNode) -> ValueNode:
    """A list of names, or a bare name, as the string that federation 2 wants."""
    if isinstance(value, EnumValueNode):
        return StringValueNode(value=value.value)
    if isinstance(value, ListValueNode):
        names = [item.value for item in value.values if isinstance(item, StringValueNode | EnumValueNode)]
        if len(names) == len(value.values):
            return StringValueNode(value=" ".join(names))
    return value


def _without_own(schema: SubgraphSchema, definition: TypeDefinition) -> TypeDefinition:
    """Without requirements and provisions that name nothing of another subgraph."""
    fields: dict[str, FieldDefinition] = {}
    for field in definition.fields.values():
        kept = tuple(
            use
            for use in field.directives
            if use.core not in {"requires", "provides"}
            or _names_external(schema, definition.name if use.core == "requires" else field.type.name, use)
        )
        fields[field.name] = replace(field, directives=kept)
    return replace(definition, fields=fields)


def _names_external(schema: SubgraphSchema, on: str, use: DirectiveUse) -> bool:
    text = argument_text(use.arguments.get("fields"))
    if text is None:
        return True
    try:
        selections = parse_field_set(text)
    except FieldSetSyntaxError:
        return True
    definition = schema.types.get(on)
    for selection in selections:
        if not isinstance(selection, SelectedField) or definition is None:
            return True
        field = definition.fields.get(selection.name)
        if field is None or selection.selections or has(field.directives, "external"):
            return True
    return False


def _without_unused(definition: TypeDefinition, analysis: Analysis) -> TypeDefinition:
    fields = {
        name: field
        for name, field in definition.fields.items()
        if (definition.name, name) not in analysis.external or analysis.is_used((definition.name, name))
    }
    return replace(definition, fields=fields)


def _emptied(
    schema: SubgraphSchema, before: SubgraphSchema, after: Mapping[str, TypeDefinition]
) -> Iterator[CompositionError]:
    """TYPE_WITH_ONLY_UNUSED_EXTERNAL: types of which nothing is left."""
    for name, definition in after.items():
        if before.types[name].fields and not definition.fields and name != "Query":
            yield error_at(
                "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
                f'"{name}" has only @external fields that nothing in this subgraph uses, so nothing of it is left.',
                schema.name,
                [definition.node],
                "Remove the type, or remove @external from the fields that this subgraph resolves.",
            )


def _with_types(schema: SubgraphSchema, types: Mapping[str, TypeDefinition]) -> SubgraphSchema:
    return replace(schema, types=types)
