"""INVALID_GRAPHQL: a type does not keep what its interfaces promise, once all subgraphs are put together.

Each subgraph is right alone. Together, an interface may have come to implement another one, or its field to take an argument, in a
subgraph that does not know the implementation.

Source: https://spec.graphql.org/September2025/#IsValidImplementation
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError
from gateway.composition.merged_model import MergedField, MergedType
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import is_subtype


def check(context: MergeContext) -> None:
    """Checks every type against every interface of it."""
    types = context.supergraph.types
    for merged in types.values():
        for name in merged.interfaces:
            interface = types.get(name)
            if interface is not None:
                context.errors.extend(_problems(context, merged, interface))


def _problems(context: MergeContext, merged: MergedType, interface: MergedType) -> Iterator[CompositionError]:
    for further in interface.interfaces:
        if further not in merged.interfaces and further != merged.name:
            yield CompositionError(
                "INVALID_GRAPHQL",
                f'"{merged.name}" implements "{interface.name}", which implements "{further}", but does not implement that itself.',
                (*places_of(context, merged.name), *places_of(context, interface.name)),
                f'Let "{merged.name}" implement "{further}" in some subgraph.',
            )
    for field in interface.fields.values():
        own = merged.fields.get(field.name)
        if own is not None:
            yield from _field_problems(context, (merged, own), (interface, field))


def _field_problems(
    context: MergeContext, implementation: tuple[MergedType, MergedField], interface: tuple[MergedType, MergedField]
) -> Iterator[CompositionError]:
    (merged, own), (general, field) = implementation, interface
    at, promised = f"{merged.name}.{own.name}", f"{general.name}.{field.name}"
    places = (*places_of(context, at), *places_of(context, promised))
    if not is_subtype(own.type, field.type, context.supergraph.is_named_subtype):
        yield CompositionError(
            "INVALID_GRAPHQL",
            f'"{at}" is a "{own.type}" and implements "{promised}", which is a "{field.type}".',
            places,
            f'Give "{at}" the type "{field.type}" or a more precise one.',
        )
    for argument in field.arguments.values():
        given = own.arguments.get(argument.name)
        if given is None or given.type != argument.type:
            what = f'is a "{given.type}"' if given else "is missing"
            yield CompositionError(
                "INVALID_GRAPHQL",
                f'The argument "{argument.name}: {argument.type}" of "{promised}" {what} on "{at}", which implements it.',
                places,
                f'Give "{at}" the argument "{argument.name}: {argument.type}" in every subgraph that has the field.',
            )
    for argument in own.arguments.values():
        if argument.name not in field.arguments and argument.type.is_non_null and argument.default is None:
            yield CompositionError(
                "INVALID_GRAPHQL",
                f'"{at}" demands the argument "{argument.name}", which "{promised}" does not have.',
                places,
                "Make the argument nullable, or give it a default.",
            )
