"""What the supergraph calls the directives of federation that it keeps: as the subgraphs do that use them.

A subgraph may import `@tag` as `@label`, or not import it and write `@federation__tag`. Where all that use it agree, so does the
supergraph; where they do not, `rules.merging.link_import_names` refuses them.

Source: https://specs.apollo.dev/link/v1.0/#@link.import
"""

from collections.abc import Mapping

from gateway.composition.model import SubgraphSchema
from gateway.composition.specs import OTHER_SPECS

KEPT = frozenset(name for names, _ in OTHER_SPECS.values() for name in names) - {"fromContext"} | {"cacheTag"}


def names_in_use(schemas: Mapping[str, SubgraphSchema]) -> dict[str, dict[str, list[str]]]:
    """Core directive that is kept -> its names -> the subgraphs that apply it under that name, in order."""
    found: dict[str, dict[str, list[str]]] = {}
    for subgraph, schema in schemas.items():
        for core, local in schema.core_names.items():
            if core in KEPT:
                found.setdefault(core, {}).setdefault(local, []).append(subgraph)
    return found


def core_names(schemas: Mapping[str, SubgraphSchema]) -> dict[str, str]:
    """Core directive -> its name in the supergraph, where that is not its own."""
    first = ((core, next(iter(names))) for core, names in names_in_use(schemas).items())
    return {core: name for core, name in first if name != core}
