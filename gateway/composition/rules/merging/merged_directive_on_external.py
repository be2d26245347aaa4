"""MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: a directive that the supergraph keeps is applied to an @external field.

The field is described by the subgraph that resolves it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.errors import Place
from gateway.composition.state.composed import find_composed
from gateway.composition.state.merge_context import MergeContext

MERGED = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize"})


def check(context: MergeContext) -> None:
    """Checks every @external field that some subgraph resolves."""
    composed = find_composed(context.schemas)
    for subgraph, analysis in context.analyses.items():
        for at in sorted(analysis.external - context.unmerged):
            field = context.schemas[subgraph].types[at[0]].fields[at[1]]
            for use in field.directives:
                is_own = use.core is None and composed.local_name(subgraph, use.name) is not None
                if use.core in MERGED or is_own or (use.core is None and use.name == "deprecated"):
                    context.error(
                        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                        f'"{field.coordinate}" is @external in "{subgraph}", so @{use.name} has no effect on it there.',
                        [context.place(subgraph, use.node), *_resolved(context, subgraph, at)],
                        f"Apply @{use.name} in the subgraph that resolves the field.",
                    )


def _resolved(context: MergeContext, subgraph: str, at: tuple[str, str]) -> Iterator[Place]:
    """Where other subgraphs resolve a field."""
    for other, definition in context.sources(at[0]).items():
        if other != subgraph and at[1] in definition.fields and at not in context.analyses[other].external:
            yield context.place(other, definition.fields[at[1]].node)
