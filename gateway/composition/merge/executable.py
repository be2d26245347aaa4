"""Directives that clients may put into operations: those that every subgraph defines, with what all of them allow.

A definition is kept with the places in operations that all subgraphs name and the arguments that all have, with the directives on those;
it may be repeated if all say so. Places in schemas say nothing to clients and are left out.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#managing-custom-directives
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import DirectiveDefinitionNode, DirectiveNode

from gateway.composition import specs
from gateway.composition.errors import HintLevel, quoted
from gateway.composition.merge.descriptions import merge_descriptions
from gateway.composition.merge.inputs import merge_arguments
from gateway.composition.merged_model import MergedDirective
from gateway.composition.model import DirectiveUse, InputValue, SubgraphSchema
from gateway.composition.state.composed import ComposedDirectives
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import from_node

GRAPHQLS_OWN = frozenset({"skip", "include", "defer", "stream", "deprecated", "specifiedBy", "oneOf"})


@dataclass(frozen=True, slots=True)
class _Definition:
    """A subgraph's definition, as `merge_arguments` reads it."""

    coordinate: str
    arguments: Mapping[str, InputValue]
    locations: tuple[str, ...]
    node: DirectiveDefinitionNode


def merge_executable(context: MergeContext, composed: ComposedDirectives) -> dict[str, MergedDirective]:
    """The directives for operations, by name, in order of name."""
    found: dict[str, dict[str, _Definition]] = {}
    for subgraph, schema in context.schemas.items():
        for name, node in schema.directives.items():
            if name not in GRAPHQLS_OWN and composed.local_name(subgraph, name) is None:
                found.setdefault(name, {})[subgraph] = _read(schema, node)
    merged = (_merge(context, composed, name, found[name]) for name in sorted(found))
    return {directive.name: directive for directive in merged if directive is not None}


def _read(schema: SubgraphSchema, node: DirectiveDefinitionNode) -> _Definition:
    arguments = {
        a.name.value: InputValue(
            name=a.name.value,
            type=from_node(a.type),
            default=a.default_value,
            description=a.description.value if a.description else None,
            directives=tuple(_applied(schema, use) for use in a.directives or ()),
            node=a,
        )
        for a in node.arguments or ()
    }
    locations = tuple(sorted({location.value for location in node.locations} & specs.EXECUTABLE_LOCATIONS))
    return _Definition(f"@{node.name.value}", arguments, locations, node)


def _applied(schema: SubgraphSchema, node: DirectiveNode) -> DirectiveUse:
    core = specs.core_directive(node.name.value, schema.links, is_fed1=schema.is_fed1)
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    return DirectiveUse(node.name.value, core, arguments, node)


def _merge(
    context: MergeContext, composed: ComposedDirectives, name: str, definitions: Mapping[str, _Definition]
) -> MergedDirective | None:
    if not any(definition.locations for definition in definitions.values()):
        return None
    lacking = [subgraph for subgraph in context.schemas if subgraph not in definitions]
    if lacking:
        _hint(context, "PRESENCE", f'"@{name}" is left out: {quoted(lacking)} do not define it.', definitions)
        return None
    common = _common(definition.locations for definition in definitions.values())
    if not common:
        context.hint(
            "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
            HintLevel.WARN,
            f'"@{name}" is left out: no place in operations is allowed by all subgraphs.',
            (context.place(subgraph, definition.node) for subgraph, definition in definitions.items()),
        )
        return None
    if any(definition.locations != common for definition in definitions.values()):
        _hint(
            context,
            "LOCATIONS",
            f'"@{name}" may stand only where all subgraphs allow it: {", ".join(common)}.',
            definitions,
        )
    repeatable = [subgraph for subgraph, definition in definitions.items() if definition.node.repeatable]
    if repeatable and len(repeatable) < len(definitions):
        _hint(
            context,
            "REPEATABLE",
            f'"@{name}" may be repeated in {quoted(repeatable)} only, so not by clients.',
            definitions,
        )
    return MergedDirective(
        name=name,
        arguments=merge_arguments(context, composed, definitions),
        locations=common,
        is_repeatable=len(repeatable) == len(definitions),
        description=merge_descriptions(
            context,
            f"@{name}",
            {s: d.node.description.value if d.node.description else None for s, d in definitions.items()},
            {s: d.node for s, d in definitions.items()},
        ),
    )


def _common(locations: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted(specs.EXECUTABLE_LOCATIONS.intersection(*locations)))


def _hint(context: MergeContext, what: str, message: str, definitions: Mapping[str, _Definition]) -> None:
    places = (context.place(subgraph, definition.node) for subgraph, definition in definitions.items())
    context.hint(f"INCONSISTENT_EXECUTABLE_DIRECTIVE_{what}", HintLevel.WARN, message, places)
