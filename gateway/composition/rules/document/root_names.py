"""ROOT_QUERY_USED, ROOT_MUTATION_USED, ROOT_SUBSCRIPTION_USED: a type has the name of a root type and is not it.

The supergraph calls its root types Query, Mutation and Subscription, whatever subgraphs call theirs.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.read.parse import Document


def check(document: Document) -> Iterator[CompositionError]:
    """Checks the names of all types."""
    for name in document.default_roots_taken:
        root = next((own for own, default in document.roots.items() if default == name), None)
        if root is not None and root not in document.types:
            continue  # the root is misspelt or missing, which `type_references` reports
        instead = f'the {name.lower()} root is "{root}"' if root else f"the schema has no {name.lower()} root"
        yield error_at(
            f"ROOT_{name.upper()}_USED",
            f'A type is called "{name}", but {instead}.',
            document.subgraph.name,
            [document.types[name][0], *document.schema_nodes],
            f"Rename the type, or make it the {name.lower()} root.",
        )
