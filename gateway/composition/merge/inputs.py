"""Arguments, and the fields of input types: what every subgraph accepts is what the supergraph accepts.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/composition#input-types-and-field-arguments
"""

from collections.abc import Mapping
from typing import Protocol

from graphql import Node, print_ast

from gateway.composition.errors import HintLevel, quoted
from gateway.composition.literals import canonical
from gateway.composition.merge.descriptions import merge_descriptions
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.references import narrowest
from gateway.composition.merged_model import JoinField, MergedInput, MergedType
from gateway.composition.model import InputValue, TypeDefinition, has
from gateway.composition.rules.merging import (
    empty_merged_input_type,
    field_argument_default_mismatch,
    field_argument_type_mismatch,
    field_type_mismatch,
    input_field_default_mismatch,
    required_argument_missing,
    required_input_field_missing,
)
from gateway.composition.state.composed import ComposedDirectives
from gateway.composition.state.merge_context import MergeContext


class HasArguments(Protocol):
    """A field, or a directive, of one subgraph."""

    @property
    def coordinate(self) -> str: ...
    @property
    def arguments(self) -> Mapping[str, InputValue]: ...
    @property
    def node(self) -> Node | None: ...


def merge_arguments(
    context: MergeContext, composed: ComposedDirectives, fields: Mapping[str, HasArguments]
) -> dict[str, MergedInput]:
    """The arguments of a field, given the subgraphs that resolve it, or of a directive."""
    merged: dict[str, MergedInput] = {}
    names = dict.fromkeys(name for field in fields.values() for name in field.arguments)
    for name in names:
        sources = {subgraph: field.arguments[name] for subgraph, field in fields.items() if name in field.arguments}
        if any(has(source.directives, "fromContext") for source in sources.values()):
            continue  # the gateway fills it in, so that no client gives it, in no subgraph
        without = [subgraph for subgraph, field in fields.items() if name not in field.arguments]
        coordinate = f"{next(iter(fields.values())).coordinate}({name}:)"
        if without:
            if any(source.type.is_non_null and source.default is None for source in sources.values()):
                required_argument_missing.report(context, coordinate, sources, {s: fields[s].node for s in without})
            else:
                context.hint(
                    "INCONSISTENT_ARGUMENT_PRESENCE",
                    HintLevel.WARN,
                    f'The argument "{coordinate}" is left out: {quoted(without)} do not have it.',
                    (context.place(subgraph, source.node) for subgraph, source in sources.items()),
                )
            continue
        merged[name] = _merge_value(context, composed, coordinate, sources, is_argument=True)
    return merged


def merge_input_type(
    context: MergeContext, composed: ComposedDirectives, merged: MergedType, sources: Mapping[str, TypeDefinition]
) -> None:
    """Fills in the fields of an input type: those that all subgraphs have."""
    for name in dict.fromkeys(name for source in sources.values() for name in source.inputs):
        values = {subgraph: source.inputs[name] for subgraph, source in sources.items() if name in source.inputs}
        without = [subgraph for subgraph in sources if subgraph not in values]
        coordinate = f"{merged.name}.{name}"
        value = _merge_value(context, composed, coordinate, values, is_argument=False)
        if without:
            if any(source.type.is_non_null and source.default is None for source in values.values()):
                required_input_field_missing.report(context, coordinate, values, {s: sources[s] for s in without})
            else:
                context.hint(
                    "INCONSISTENT_INPUT_OBJECT_FIELD",
                    HintLevel.WARN,
                    f'The input field "{coordinate}" is left out: {quoted(without)} do not have it.',
                    (context.place(subgraph, source.node) for subgraph, source in values.items()),
                )
            continue
        merged.inputs[name] = value
        if len({source.type for source in values.values()}) > 1:
            value.joins = [JoinField(graph=subgraph, type=str(source.type)) for subgraph, source in values.items()]
    if not merged.inputs and not any(error.message.startswith(f'"{merged.name}.') for error in context.errors):
        empty_merged_input_type.report(context, merged.name, sources)


def _merge_value(
    context: MergeContext,
    composed: ComposedDirectives,
    coordinate: str,
    sources: Mapping[str, InputValue],
    *,
    is_argument: bool,
) -> MergedInput:
    types = {subgraph: source.type for subgraph, source in sources.items()}
    chosen = narrowest(types, context.supergraph)
    if chosen is None:
        mismatch = field_argument_type_mismatch if is_argument else field_type_mismatch
        mismatch.report(context, coordinate, {s: (source.type, source.node) for s, source in sources.items()})
        chosen = next(iter(types.values()))
    elif len(set(types.values())) > 1:
        context.hint(
            f"INCONSISTENT_BUT_COMPATIBLE_{'ARGUMENT' if is_argument else 'FIELD'}_TYPE",
            HintLevel.INFO,
            f'"{coordinate}" has different types; the supergraph takes the strictest, "{chosen}".',
            (context.place(subgraph, source.node) for subgraph, source in sources.items()),
        )
    nodes = {subgraph: source.node for subgraph, source in sources.items()}
    return MergedInput(
        name=next(iter(sources.values())).name,
        type=chosen,
        default=_merge_default(context, coordinate, sources, is_argument=is_argument),
        description=merge_descriptions(context, coordinate, {s: v.description for s, v in sources.items()}, nodes),
        directives=merge_directives(context, composed, coordinate, {s: v.directives for s, v in sources.items()}),
    )


def _merge_default(
    context: MergeContext, coordinate: str, sources: Mapping[str, InputValue], *, is_argument: bool
) -> str | None:
    """The default, if all subgraphs have the same; none if some have none, since those would get no value at all."""
    given = {s: source.default for s, source in sources.items() if source.default is not None}
    distinct = {canonical(default) for default in given.values()}
    if len(distinct) > 1:
        mismatch = field_argument_default_mismatch if is_argument else input_field_default_mismatch
        mismatch.report(context, coordinate, {s: (print_ast(default), sources[s].node) for s, default in given.items()})
    if given and len(given) < len(sources):
        context.hint(
            "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
            HintLevel.WARN,
            f'"{coordinate}" has a default in some subgraphs only; the supergraph has none.',
            (context.place(s, source.node) for s, source in sources.items() if source.default is not None),
        )
        return None
    return print_ast(next(iter(given.values()))) if len(distinct) == 1 else None
