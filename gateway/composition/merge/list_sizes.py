"""`@listSize` of several subgraphs as one: the greatest size, all slicing arguments and sized fields.

An argument that not all subgraphs have is not in the supergraph, so no client can slice by it: it is left out of the directive as well,
with a hint. One slicing argument is required if all subgraphs require it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#listsize
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphql import BooleanValueNode, IntValueNode, NullValueNode, StringValueNode, print_ast

from gateway.composition.errors import HintLevel, quoted
from gateway.composition.literals import strings_of
from gateway.composition.merged_model import Applied, MergedField
from gateway.composition.model import DirectiveUse, FieldDefinition, uses
from gateway.composition.state.merge_context import MergeContext

_NAMES = ("slicingArguments", "sizedFields")


def merge_list_sizes(given: Sequence[DirectiveUse]) -> Applied:
    """Return the directive of the supergraph."""
    arguments: list[tuple[str, str]] = []
    sizes = [int(size.value) for use in given if isinstance(size := use.arguments.get("assumedSize"), IntValueNode)]
    if sizes:
        arguments.append(("assumedSize", str(max(sizes))))
    for name in _NAMES:
        values = [v for use in given if not isinstance(v := use.arguments.get(name), NullValueNode | None)]
        if values:
            arguments.append((name, _printed(text for value in values for text in strings_of(value))))
    flags = [use.arguments.get("requireOneSlicingArgument") for use in given]
    if any(isinstance(flag, BooleanValueNode) for flag in flags):
        required = all(flag.value if isinstance(flag, BooleanValueNode) else True for flag in flags)
        arguments.append(("requireOneSlicingArgument", "true" if required else "false"))
    return Applied("listSize", tuple(arguments))


def leave_out_unmerged_arguments(
    context: MergeContext, merged: MergedField, resolving: Mapping[str, FieldDefinition]
) -> None:
    """Take the arguments that the merged field does not have out of its `@listSize`."""
    slicing = {
        subgraph: [
            name
            for use in uses(field.directives, "listSize")
            for name in strings_of(use.arguments.get("slicingArguments"))
        ]
        for subgraph, field in resolving.items()
    }
    lost = {name: s for s, names in slicing.items() for name in names if name not in merged.arguments}
    if not lost:
        return
    left = [name for names in slicing.values() for name in names if name not in lost]
    merged.directives = [
        replace(applied, arguments=tuple(_without(applied, left))) if applied.name == "listSize" else applied
        for applied in merged.directives
    ]
    some = next(iter(resolving.values()))
    context.hint(
        "LIST_SIZE_SLICING_ARGUMENT_LEFT_OUT",
        HintLevel.WARN,
        f'"{some.coordinate}" is sized by {quoted(lost)} in {quoted(dict.fromkeys(lost.values()))}, which clients cannot give, because not '
        "all subgraphs have it.",
        (context.place(s, resolving[s].node) for s in dict.fromkeys(lost.values())),
    )


def _without(applied: Applied, left: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the arguments with those slicing arguments that are left; a size without any requires none."""
    for name, value in applied.arguments:
        if name not in {"slicingArguments", "requireOneSlicingArgument"}:
            yield name, value
        elif left:
            yield name, _printed(iter(left)) if name == "slicingArguments" else value


def _printed(texts: Iterator[str]) -> str:
    shown = dict.fromkeys(print_ast(StringValueNode(value=text)) for text in texts)
    return f"[{', '.join(shown)}]"
