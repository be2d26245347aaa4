"""DISALLOWED_INACCESSIBLE: @inaccessible on what every schema has, or on an argument of a directive of a specification.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from collections.abc import Iterator

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import BUILT_IN_SCALARS, SubgraphSchema, first
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks built-in scalars, and the definitions of directives."""
    for definition in schema.types.values():
        use = first(definition.directives, "inaccessible")
        if use is not None and definition.name in BUILT_IN_SCALARS:
            yield error_at(
                "DISALLOWED_INACCESSIBLE",
                f'"{definition.name}" is a scalar of GraphQL itself and cannot be hidden.',
                schema.name,
                [use.node],
                f"Remove @{use.name}.",
            )
    for directive in schema.directives.values():
        if not _is_linked(schema, directive.name.value):
            continue
        for argument in directive.arguments or ():
            for applied in argument.directives or ():
                core = specs.core_directive(applied.name.value, schema.links, is_fed1=schema.is_fed1)
                if core == "inaccessible":
                    yield error_at(
                        "DISALLOWED_INACCESSIBLE",
                        f'The argument "{argument.name.value}" of @{directive.name.value} cannot be hidden: the directive is of a specification.',
                        schema.name,
                        [applied],
                        f"Remove @{applied.name.value}.",
                    )


def _is_linked(schema: SubgraphSchema, directive: str) -> bool:
    """Whether a directive is of a linked specification, which says what its arguments are."""
    return any(link.element(f"@{directive}") is not None for link in schema.links)
