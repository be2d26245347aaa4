"""LINK_IMPORT_NAME_MISMATCH: a directive that the supergraph keeps is imported under different names.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.errors import quoted
from gateway.composition.links import FEDERATION, SPECS, Link
from gateway.composition.merge.composed import declared
from gateway.composition.merge.context import MergeContext
from gateway.composition.specs import OTHER_SPECS

KEPT = frozenset(f"@{name}" for names, _ in OTHER_SPECS.values() for name in names)


def check(context: MergeContext) -> None:
    """Checks what each subgraph calls the directives that are kept."""
    named: dict[tuple[str, str], dict[str, list[tuple[str, Link]]]] = {}
    for subgraph, link, local, element in _imported(context):
        named.setdefault((link.identity, element), {}).setdefault(local, []).append((subgraph, link))
    for (identity, element), names in named.items():
        if len(names) < 2:
            continue
        shown = "; ".join(f'"{local}" in {quoted(s for s, _ in users)}' for local, users in sorted(names.items()))
        usual = max(sorted(names), key=lambda local: (len(names[local]), local == element))
        renamed = [user for local, users in names.items() if local != usual for user in users]
        context.error(
            "LINK_IMPORT_NAME_MISMATCH",
            f'"{element}" of {identity} is not called the same everywhere: {shown}.',
            [context.place(subgraph, link.node) for subgraph, link in (*renamed, *names[usual])],
            f'Import it as "{usual}" in all of them.',
        )


def _imported(context: MergeContext) -> Iterator[tuple[str, Link, str, str]]:
    """(subgraph, link, name there, name in the specification) of every import that the supergraph keeps."""
    composed = {
        (link.identity, element)
        for schema in context.schemas.values()
        for _, name in declared(schema)
        for link in schema.links
        if name is not None and (element := link.element(name)) is not None
    }
    for subgraph, schema in context.schemas.items():
        for link in schema.links:
            for local, element in link.imports.items():
                is_core = (link.identity == FEDERATION or link.identity.startswith(f"{SPECS}/")) and element in KEPT
                if is_core or (link.identity, element) in composed:
                    yield subgraph, link, local, element
