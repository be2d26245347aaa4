"""KEY_INVALID_FIELDS, REQUIRES_INVALID_FIELDS, PROVIDES_INVALID_FIELDS, and _INVALID_FIELDS_TYPE: a field set that selects nothing.

It must be a string, a selection set by GraphQL's grammar without aliases, and select fields that its type has, with selections of
their own exactly where their types have fields.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
"""

from collections.abc import Iterator
from difflib import get_close_matches

from graphql import parse_value

from gateway.composition.errors import CompositionError, error_at, quoted
from gateway.composition.fieldsets import FieldSet, SelectedField
from gateway.composition.literals import is_value_of
from gateway.composition.model import SubgraphSchema, TypeDefinition
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.field_set_uses import FieldSetUse, field_set_uses, is_unsupported


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every field set of a subgraph."""
    for found in field_set_uses(schema):
        if not is_unsupported(schema, found):
            yield from problems(schema, found)


def valid_field_set_uses(schema: SubgraphSchema) -> Iterator[FieldSetUse]:
    """The field sets that select something: those that further rules are about."""
    return (
        found
        for found in field_set_uses(schema)
        if not is_unsupported(schema, found) and not any(problems(schema, found))
    )


def problems(schema: SubgraphSchema, found: FieldSetUse) -> Iterator[CompositionError]:
    """What is wrong with one field set."""
    if found.text is None:
        yield error_at(
            f"{found.code}_INVALID_FIELDS_TYPE",
            f'The fields of @{found.use.name} on "{found.field.coordinate if found.field else found.owner.name}" are not a string.',
            schema.name,
            [found.use.node],
            'Write the fields as one string, as in fields: "id name".',
        )
    elif found.selections is None:
        yield _invalid(
            schema,
            found,
            f"{found.shown} cannot be read: {found.problem}.",
            "Write field names with spaces between.",
        )
    elif found.selects_on is not None:
        yield from _check(schema, found, found.selects_on, found.selections)


def _check(
    schema: SubgraphSchema, found: FieldSetUse, on: TypeDefinition, selections: FieldSet
) -> Iterator[CompositionError]:
    for selection in selections:
        if isinstance(selection, SelectedField):
            yield from _check_field(schema, found, on, selection)
            continue
        condition = on if selection.type_condition is None else schema.types.get(selection.type_condition)
        if condition is None or not condition.is_composite:
            yield _invalid(
                schema,
                found,
                f'{found.shown} has a fragment on "{selection.type_condition}", which is not a type with fields here.',
                "Use a type of this subgraph.",
            )
        elif not set(schema.runtime_types(on.name)) & set(schema.runtime_types(condition.name)):
            yield _invalid(
                schema,
                found,
                f'{found.shown} has a fragment on "{condition.name}", which a "{on.name}" can never be.',
                f'Use a type that "{on.name}" can be.',
            )
        else:
            yield from _check(schema, found, condition, selection.selections)


def _check_field(
    schema: SubgraphSchema, found: FieldSetUse, on: TypeDefinition, selection: SelectedField
) -> Iterator[CompositionError]:
    if selection.alias is not None:
        yield _invalid(
            schema, found, f'{found.shown} has the alias "{selection.alias}".', "Select the field without an alias."
        )
        return
    if selection.name == "__typename":
        if selection.arguments or selection.selections:
            what = "selects fields of" if selection.selections else "gives arguments to"
            yield _invalid(
                schema, found, f'{found.shown} {what} "__typename", which is a name.', 'Select "__typename" alone.'
            )
        return
    field = on.fields.get(selection.name)
    if field is None:
        close = get_close_matches(selection.name, list(on.fields), n=1)
        hint = f'Did you mean "{close[0]}"? Else add' if close else "Add"
        yield _invalid(
            schema,
            found,
            f'{found.shown} selects "{selection.name}", which "{on.name}" does not have.',
            f"{hint} the field here, with @external if another subgraph resolves it.",
        )
        return
    given = dict(selection.arguments)
    unknown = [name for name in given if name not in field.arguments]
    missing = [
        a.name for a in field.arguments.values() if a.type.is_non_null and a.default is None and a.name not in given
    ]
    if len(given) < len(selection.arguments):
        message = f'{found.shown} gives an argument of "{field.coordinate}" twice.'
        yield _invalid(schema, found, message, "Give each argument once.")
        return
    if unknown or missing:
        what = f"gives {quoted(unknown)} to" if unknown else f"does not give {quoted(missing)} to"
        advice = "Remove the argument." if unknown else "Give the argument, or make it nullable."
        yield _invalid(schema, found, f'{found.shown} {what} "{field.coordinate}".', advice)
        return
    for name, text in selection.arguments:
        type_ = field.arguments[name].type
        if not is_value_of(schema, type_, parse_value(text)):
            message = f'{found.shown} gives {text} to "{field.coordinate}({name}:)", which is a "{type_}".'
            yield _invalid(schema, found, message, f'Give a value of the type "{type_}".')
    target = schema.types.get(field.type.name)
    has_fields = target is not None and target.is_composite
    if has_fields and not selection.selections:
        yield _invalid(
            schema,
            found,
            f'{found.shown} selects nothing of "{field.coordinate}", which is of the type "{field.type}".',
            f'Select fields of it, as in "{selection.name} {{ ... }}".',
        )
    elif not has_fields and selection.selections:
        yield _invalid(
            schema,
            found,
            f'{found.shown} selects fields of "{field.coordinate}", which is of the type "{field.type}" and has none.',
            f'Select "{selection.name}" alone.',
        )
    elif target is not None and has_fields:
        yield from _check(schema, found, target, selection.selections)


def _invalid(schema: SubgraphSchema, found: FieldSetUse, message: str, advice: str) -> CompositionError:
    return error_at(f"{found.code}_INVALID_FIELDS", message, schema.name, [found.use.node], advice)
