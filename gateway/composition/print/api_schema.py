"""The API schema: what clients may see of a supergraph. Nothing of joins, nothing that is `@inaccessible`.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace

from gateway.composition.merged_model import (
    Applied,
    MergedDirective,
    MergedField,
    MergedInput,
    MergedType,
    MergedValue,
    Supergraph,
)
from gateway.composition.model import BUILT_IN_SCALARS, Kind
from gateway.composition.print.supergraph import describe, executable_definition

SHOWN_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})


def is_inaccessible(directives: list[Applied]) -> bool:
    """Whether an element is hidden."""
    return bool(directives) and any(applied.name == "inaccessible" for applied in directives)


def api_types(supergraph: Supergraph) -> dict[str, MergedType]:
    """The types that clients see, each with only what they see of it."""
    hidden = {name for name, merged in supergraph.types.items() if is_inaccessible(merged.directives)}
    visible = (_visible(merged, hidden) for name, merged in supergraph.types.items() if name not in hidden)
    return {merged.name: merged for merged in visible if merged.fields or merged.name != "Query"}


def print_api(supergraph: Supergraph) -> str:
    """The API schema as SDL, ending with a newline."""
    types, description = api_types(supergraph), supergraph.description
    parts = [_executable(directive, types) for directive in supergraph.executable.values()]
    parts += [_type(merged) for merged in types.values()]
    if description:
        roots = (f"  {name.lower()}: {name}" for name in ("Query", "Mutation", "Subscription") if name in types)
        parts.insert(0, f"{describe(description)}schema {{\n" + "\n".join(roots) + "\n}")
    return "\n\n".join(parts) + "\n"


def shown_arguments(directive: MergedDirective, types: Container[str]) -> Iterator[MergedInput]:
    """The arguments that clients see of a directive for operations.

    Args:
        types: names of those that clients see.
    """
    for argument in directive.arguments.values():
        named = argument.type.name
        if not is_inaccessible(argument.directives) and (named in types or named in BUILT_IN_SCALARS):
            yield argument


def _executable(directive: MergedDirective, types: Container[str]) -> str:
    shown = (f"{_input(a)}{_directives(a.directives)}" for a in shown_arguments(directive, types))
    return executable_definition(directive, ", ".join(shown))


def _visible(merged: MergedType, hidden: set[str]) -> MergedType:
    return replace(
        merged,
        implements=[(graph, interface) for graph, interface in merged.implements if interface not in hidden],
        fields={
            name: replace(field, arguments=_inputs(field.arguments, hidden)) if field.arguments else field
            for name, field in merged.fields.items()
            if not is_inaccessible(field.directives) and field.type.name not in hidden
        },
        inputs=_inputs(merged.inputs, hidden),
        members={name: member for name, member in merged.members.items() if name not in hidden},
        values={name: value for name, value in merged.values.items() if not is_inaccessible(value.directives)},
    )


def _inputs(values: Mapping[str, MergedInput], hidden: set[str]) -> dict[str, MergedInput]:
    return {
        name: value
        for name, value in values.items()
        if not is_inaccessible(value.directives) and value.type.name not in hidden
    }


def _type(merged: MergedType) -> str:
    interfaces = merged.interfaces if merged.kind in {Kind.OBJECT, Kind.INTERFACE} else []
    implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
    head = (
        f"{describe(merged.description)}{merged.kind.value} {merged.name}{implements}{_directives(merged.directives)}"
    )
    match merged.kind:
        case Kind.SCALAR:
            return head
        case Kind.UNION:
            return f"{head} = {' | '.join(merged.members)}"
        case Kind.ENUM:
            lines = [_line(value, value.name) for value in merged.values.values()]
        case Kind.INPUT:
            lines = [_line(value, _input(value)) for value in merged.inputs.values()]
        case Kind.OBJECT | Kind.INTERFACE:
            lines = [_line(field, f"{field.name}{_arguments(field)}: {field.type}") for field in merged.fields.values()]
    return f"{head} {{\n" + "\n".join(lines) + "\n}"


def _line(element: MergedField | MergedInput | MergedValue, text: str) -> str:
    return f"{describe(element.description, '  ')}  {text}{_directives(element.directives)}"


def _arguments(field: MergedField) -> str:
    if not field.arguments:
        return ""
    if any(argument.description for argument in field.arguments.values()):
        lines = (
            f"{describe(a.description, '    ')}    {_input(a)}{_directives(a.directives)}"
            for a in field.arguments.values()
        )
        return "(\n" + "\n".join(lines) + "\n  )"
    return f"({', '.join(f'{_input(a)}{_directives(a.directives)}' for a in field.arguments.values())})"


def _input(value: MergedInput) -> str:
    return f"{value.name}: {value.type}" + (f" = {value.default}" if value.default is not None else "")


def _directives(directives: list[Applied]) -> str:
    return "".join(f" {applied}" for applied in directives if applied.name in SHOWN_DIRECTIVES)
