"""INVALID_LINK_DIRECTIVE_USAGE: a @link imports what its specification does not have, or has only in a later version.

Source: https://specs.apollo.dev/link/v1.0/#@link.import
"""

from collections.abc import Iterator
from difflib import get_close_matches

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.links import FEDERATION
from gateway.composition.read.parse import Document


def check(document: Document) -> Iterator[CompositionError]:
    """Checks what is imported from federation."""
    for link in document.links:
        if link.identity != FEDERATION or not (2, 0) <= (link.version or (2, 0)) < (3, 0):
            continue
        known = set(specs.elements(link))
        for element in link.imports.values():
            if element in known:
                continue
            yield error_at(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f'@link imports "{element}", which "{link.url}" does not have.',
                document.subgraph.name,
                [link.node],
                _advice(element, known),
            )


def _advice(element: str, known: set[str]) -> str:
    spec = specs.DIRECTIVES.get(element.removeprefix("@")) if element.startswith("@") else None
    since = spec.since if spec else specs.TYPES.get(element)
    if since is not None:
        return f"Link federation v{since[0]}.{since[1]} or later."
    close = get_close_matches(element, sorted(known), n=1)
    return f'Did you mean "{close[0]}"?' if close else "Remove it from `import`."
