"""LINK_IMPORT_NAME_MISMATCH: a directive of federation that the supergraph keeps is used under different names.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from gateway.composition.errors import quoted
from gateway.composition.links import FEDERATION, Link
from gateway.composition.state.core_names import names_in_use
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks what each subgraph calls the directives that are kept."""
    for core, names in names_in_use(context.schemas).items():
        if len(names) < 2:
            continue
        shown = "; ".join(f'"@{local}" in {quoted(users)}' for local, users in sorted(names.items()))
        usual = max(sorted(names), key=lambda local: (len(names[local]), local == core))
        renamed = [subgraph for local, users in names.items() if local != usual for subgraph in users]
        context.error(
            "LINK_IMPORT_NAME_MISMATCH",
            f'"@{core}" is not called the same everywhere: {shown}.',
            [
                context.place(s, link.node if (link := _link(context, s, core)) else None)
                for s in (*renamed, *names[usual])
            ],
            f'Import it as "@{usual}" in all of them.',
        )


def _link(context: MergeContext, subgraph: str, core: str) -> Link | None:
    """Where a subgraph has a directive from."""
    links = context.schemas[subgraph].links
    imported = (link for link in links if f"@{core}" in link.imports.values())
    return next(imported, None) or next((link for link in links if link.identity == FEDERATION), None)
