"""INVALID_SUBGRAPH_NAME: a subgraph has no name, a reserved one, or that of another.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from gateway.composition.errors import CompositionError, Place
from gateway.composition.model import Subgraph

RESERVED = "_"  # the gateway's own in query plans


def check(subgraphs: Sequence[Subgraph]) -> Iterator[CompositionError]:
    """Checks the names of all subgraphs."""
    for name, count in sorted(Counter(subgraph.name for subgraph in subgraphs).items()):
        files = tuple(Place(name, s.file or f"{name}.graphql") for s in subgraphs if s.name == name)
        if not name.strip() or name == RESERVED:
            yield CompositionError(
                "INVALID_SUBGRAPH_NAME", f'A subgraph cannot be called "{name}".', files, "Give it another name."
            )
        elif count > 1:
            yield CompositionError(
                "INVALID_SUBGRAPH_NAME",
                f'{count} subgraphs are called "{name}".',
                files,
                "Give each subgraph a name of its own.",
            )
