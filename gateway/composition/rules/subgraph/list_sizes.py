"""LIST_SIZE_APPLIED_TO_NON_LIST, LIST_SIZE_INVALID_ASSUMED_SIZE, _SLICING_ARGUMENT, _SIZED_FIELD: a @listSize that sizes nothing.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#listsize
"""

from collections.abc import Iterator

from graphql import IntValueNode, Node

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.literals import strings_of
from gateway.composition.model import DirectiveUse, FieldDefinition, SubgraphSchema, uses
from gateway.composition.read.analysis import Analysis, all_fields


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @listSize of a subgraph."""
    for field in all_fields(schema):
        for use in uses(field.directives, "listSize"):
            yield from _check(schema, field, use)


def _check(schema: SubgraphSchema, field: FieldDefinition, use: DirectiveUse) -> Iterator[CompositionError]:
    shown = f'"{field.coordinate}"'
    sized = strings_of(use.arguments.get("sizedFields"))
    if not field.type.is_list and not sized:
        yield _error(
            schema,
            "LIST_SIZE_APPLIED_TO_NON_LIST",
            f'{shown} has @{use.name}, but is a "{field.type}" and no list.',
            use.node,
            "Name the lists inside it with `sizedFields`, or remove the directive.",
        )
    assumed = use.arguments.get("assumedSize")
    if isinstance(assumed, IntValueNode) and int(assumed.value) < 0:
        yield _error(
            schema,
            "LIST_SIZE_INVALID_ASSUMED_SIZE",
            f"The assumed size of {shown} is {assumed.value}.",
            use.node,
            "Assume a size that is not negative.",
        )
    for name in strings_of(use.arguments.get("slicingArguments")):
        argument = field.arguments.get(name)
        if argument is None or str(argument.type.nullable()) != "Int":
            what = f'is a "{argument.type}"' if argument else "does not exist"
            yield _error(
                schema,
                "LIST_SIZE_INVALID_SLICING_ARGUMENT",
                f'{shown} is sized by its argument "{name}", which {what}.',
                use.node,
                "Name arguments of the type Int.",
            )
    for name in sized:
        yield from _check_sized_field(schema, field, name, use.node)


def _check_sized_field(
    schema: SubgraphSchema, field: FieldDefinition, name: str, node: Node | None
) -> Iterator[CompositionError]:
    target = schema.types.get(field.type.name)
    inner = target.fields.get(name) if target else None
    if inner is None:
        yield _error(
            schema,
            "LIST_SIZE_INVALID_SIZED_FIELD",
            f'"{field.coordinate}" sizes the field "{name}", which "{field.type.name}" does not have.',
            node,
            "Name fields of the type that are lists.",
        )
    elif not inner.type.is_list:
        yield _error(
            schema,
            "LIST_SIZE_APPLIED_TO_NON_LIST",
            f'"{field.coordinate}" sizes "{inner.coordinate}", which is a "{inner.type}" and no list.',
            node,
            "Name fields of the type that are lists.",
        )


def _error(schema: SubgraphSchema, code: str, message: str, node: Node | None, advice: str) -> CompositionError:
    return error_at(code, message, schema.name, [node], advice)
