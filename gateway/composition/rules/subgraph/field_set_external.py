"""REQUIRES_FIELDS_MISSING_EXTERNAL, PROVIDES_FIELDS_MISSING_EXTERNAL: a field set selects what the subgraph resolves anyway.

What a subgraph requires, or provides on one path only, is another subgraph's: every leaf must be @external, or below a field that
is.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#requires
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import FieldSet, SelectedField
from gateway.composition.model import FieldDefinition, Kind, SubgraphSchema, TypeDefinition, has
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.field_set_uses import FieldSetUse
from gateway.composition.rules.subgraph.field_set_validity import valid_field_set_uses


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @requires and @provides of a subgraph."""
    for found in valid_field_set_uses(schema):
        if found.core == "key" or found.selects_on is None or found.owner.kind is Kind.INTERFACE:
            continue
        for field in _not_external(schema, analysis, found.selects_on, found.selections or ()):
            yield _error(schema, found, field)


def _not_external(
    schema: SubgraphSchema, analysis: Analysis, on: TypeDefinition, selections: FieldSet
) -> Iterator[FieldDefinition]:
    for selection in selections:
        if not isinstance(selection, SelectedField):
            condition = schema.types.get(selection.type_condition) if selection.type_condition else on
            if condition is not None:
                yield from _not_external(schema, analysis, condition, selection.selections)
            continue
        field = on.fields.get(selection.name)
        if field is None or _is_external(schema, analysis, on, field):
            continue
        target = schema.types.get(field.type.name)
        if selection.selections and target is not None:
            yield from _not_external(schema, analysis, target, selection.selections)
        else:
            yield field


def _is_external(schema: SubgraphSchema, analysis: Analysis, on: TypeDefinition, field: FieldDefinition) -> bool:
    """Whether the field is, or, an interface's, one of its implementations'; the key of an extension is not, whatever it says."""
    if (on.name, field.name) in analysis.external or (schema.is_fed1 and has(field.directives, "external")):
        return True
    if on.kind is not Kind.INTERFACE:
        return False
    implementations = (schema.types[name] for name in schema.runtime_types(on.name))
    return any(
        _is_external(schema, analysis, own, own.fields[field.name])
        for own in implementations
        if field.name in own.fields
    )


def _error(schema: SubgraphSchema, found: FieldSetUse, field: FieldDefinition) -> CompositionError:
    return error_at(
        f"{found.code}_FIELDS_MISSING_EXTERNAL",
        f'{found.shown} selects "{field.coordinate}", which this subgraph resolves itself.',
        schema.name,
        [found.use.node, field.node],
        f'Mark "{field.coordinate}" @external if another subgraph resolves it, or take it out of @{found.use.name}.',
    )
