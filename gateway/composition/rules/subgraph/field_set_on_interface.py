"""KEY_UNSUPPORTED_ON_INTERFACE, REQUIRES_UNSUPPORTED_ON_INTERFACE, PROVIDES_UNSUPPORTED_ON_INTERFACE: not where interfaces are.

Interfaces have no fields of their own to require or provide something for; keys on them came with federation 2.3.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#key
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.field_set_uses import field_set_uses, is_unsupported


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks what stands on the interfaces of a subgraph."""
    for found in field_set_uses(schema):
        if not is_unsupported(schema, found):
            continue
        advice = "Link federation v2.3 or later." if found.core == "key" else "Put it on the implementations' fields."
        yield error_at(
            f"{found.code}_UNSUPPORTED_ON_INTERFACE",
            f"{found.shown} stands on an interface.",
            schema.name,
            [found.use.node],
            advice,
        )
