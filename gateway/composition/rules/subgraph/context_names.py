"""CONTEXT_NAME_INVALID: the name of a context is not one.

Letters and digits only, and no underscore, since the supergraph joins it to the subgraph's name with two of them.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#context
"""

import re
from collections.abc import Iterator

from graphql import StringValueNode

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema, uses
from gateway.composition.read.analysis import Analysis

NAME = re.compile(r"^[A-Za-z][A-Za-z0-9]*$")


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @context of a subgraph."""
    for definition in schema.types.values():
        for use in uses(definition.directives, "context"):
            name = use.arguments.get("name")
            if isinstance(name, StringValueNode) and not NAME.match(name.value):
                yield error_at(
                    "CONTEXT_NAME_INVALID",
                    f'"{name.value}" on "{definition.name}" cannot be the name of a context.',
                    schema.name,
                    [use.node],
                    "Begin with a letter and use only letters and digits.",
                )
