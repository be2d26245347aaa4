"""INVALID_GRAPHQL: a use of a composed directive does not fit the definition that the supergraph has of it.

The definition is the one of the newest version linked. A subgraph that links an older one may give an argument, or stand on an
element, that the newest no longer knows.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#composedirective
"""

from collections.abc import Iterator

from graphql import DirectiveDefinitionNode, DirectiveLocation, parse, parse_value

from gateway.composition.literals import is_value_of
from gateway.composition.merged_model import Applied, MergedType, Supergraph
from gateway.composition.model import Kind
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import from_node

_LOCATIONS = {
    Kind.SCALAR: DirectiveLocation.SCALAR,
    Kind.OBJECT: DirectiveLocation.OBJECT,
    Kind.INTERFACE: DirectiveLocation.INTERFACE,
    Kind.UNION: DirectiveLocation.UNION,
    Kind.ENUM: DirectiveLocation.ENUM,
    Kind.INPUT: DirectiveLocation.INPUT_OBJECT,
}


def check(context: MergeContext) -> None:
    """Check every use of a composed directive."""
    definitions = {
        f"@{name}": definition
        for feature in context.supergraph.features
        for name, text in feature.definitions
        for definition in parse(text, no_location=True).definitions
        if isinstance(definition, DirectiveDefinitionNode)
    }
    for coordinate, location, directives in _elements(context.supergraph) if definitions else ():
        for applied in directives:
            definition = definitions.get(applied.name)
            for problem in _problems(context, definition, location, applied) if definition is not None else ():
                where = f'"{coordinate}"' if coordinate else "the schema"
                context.error(
                    "INVALID_GRAPHQL",
                    f"{applied} on {where} does not fit the newest definition of {applied.name}: {problem}.",
                    places_of(context, coordinate) if coordinate else (),
                    "Write it as the newest version of the specification says, or link one version everywhere.",
                )


def _problems(
    context: MergeContext, definition: DirectiveDefinitionNode, location: DirectiveLocation, applied: Applied
) -> Iterator[str]:
    if location.name not in {each.value for each in definition.locations}:
        yield f"it may not be used on {location.name}"
    arguments = {argument.name.value: argument for argument in definition.arguments or ()}
    given = dict(applied.arguments)
    for name, text in given.items():
        if name not in arguments:
            yield f'it has no argument "{name}"'
        elif not is_value_of(context.supergraph, from_node(arguments[name].type), parse_value(text)):
            yield f'{text} is no "{from_node(arguments[name].type)}"'
    for name, argument in arguments.items():
        if name not in given and from_node(argument.type).is_non_null and argument.default_value is None:
            yield f'its argument "{name}" is required'


def _elements(supergraph: Supergraph) -> Iterator[tuple[str, DirectiveLocation, list[Applied]]]:
    """(coordinate, location, directives) of everything on which a directive can stand; "" for the schema."""
    yield "", DirectiveLocation.SCHEMA, supergraph.directives
    for merged in supergraph.types.values():
        yield merged.name, _LOCATIONS[merged.kind], merged.directives
        yield from _parts(merged)


def _parts(merged: MergedType) -> Iterator[tuple[str, DirectiveLocation, list[Applied]]]:
    for field in merged.fields.values():
        yield f"{merged.name}.{field.name}", DirectiveLocation.FIELD_DEFINITION, field.directives
        for argument in field.arguments.values():
            yield (
                f"{merged.name}.{field.name}({argument.name}:)",
                DirectiveLocation.ARGUMENT_DEFINITION,
                argument.directives,
            )
    for given in merged.inputs.values():
        yield f"{merged.name}.{given.name}", DirectiveLocation.INPUT_FIELD_DEFINITION, given.directives
    for value in merged.values.values():
        yield f"{merged.name}.{value.name}", DirectiveLocation.ENUM_VALUE, value.directives
