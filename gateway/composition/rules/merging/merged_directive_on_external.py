"""MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: a directive that the supergraph keeps is applied to an @external field.

The field is described by the subgraph that resolves it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from gateway.composition.merge.context import MergeContext

MERGED = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize"})


def check(context: MergeContext) -> None:
    """Checks every @external field that some subgraph resolves."""
    for subgraph, analysis in context.analyses.items():
        for at in sorted(analysis.external - context.unmerged):
            field = context.schemas[subgraph].types[at[0]].fields[at[1]]
            for use in field.directives:
                if use.core in MERGED:
                    context.error(
                        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                        f'"{field.coordinate}" is @external in "{subgraph}", so @{use.name} has no effect on it there.',
                        [context.place(subgraph, use.node)],
                        f"Apply @{use.name} in the subgraph that resolves the field.",
                    )
