"""MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL: a directive that the supergraph keeps is applied to an @external field.

The field is described by the subgraph that resolves it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.analysis import Analysis
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema

MERGED = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost", "listSize"})


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @external field of a subgraph."""
    for name, field_name in sorted(analysis.external):
        if not analysis.is_used((name, field_name)):
            continue  # the field has no use at all, which is said already
        field = schema.types[name].fields[field_name]
        for use in field.directives:
            if use.core in MERGED:
                yield error_at(
                    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
                    f'"{field.coordinate}" is @external here, so @{use.name} has no effect on it.',
                    schema.name,
                    [use.node],
                    f"Apply @{use.name} in the subgraph that resolves the field.",
                )
