"""The arguments and input fields of a schema, for what is checked or said of each."""

from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

Input = GraphQLArgument | GraphQLInputField


def inputs_of(schema: GraphQLSchema) -> Iterator[tuple[str, Input]]:
    """Return the arguments and input fields of a schema, with their schema coordinates; those of introspection are left out."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        if isinstance(type_, GraphQLInputObjectType):
            for name, field in type_.fields.items():
                yield f"{type_.name}.{name}", field
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, output in type_.fields.items():
                for name, argument in output.args.items():
                    yield f"{type_.name}.{field_name}({name}:)", argument
