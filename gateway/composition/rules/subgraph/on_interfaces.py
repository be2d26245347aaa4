"""COST_APPLIED_TO_INTERFACE_FIELD, AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE: what only implementations may say.

The cost of an interface's field, and who may see it, follow from its implementations.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import Directives, Kind, SubgraphSchema, has
from gateway.composition.read.analysis import Analysis
from gateway.composition.specs import ACCESS


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every interface and interface object of a subgraph."""
    for definition in schema.types.values():
        is_interface = definition.kind is Kind.INTERFACE
        if is_interface or has(definition.directives, "interfaceObject"):
            yield from _check_access(schema, f'"{definition.name}"', definition.directives)
        if not is_interface:
            continue
        for field in definition.fields.values():
            yield from _check_access(schema, f'"{field.coordinate}"', field.directives)
            for use in field.directives:
                if use.core == "cost":
                    yield error_at(
                        "COST_APPLIED_TO_INTERFACE_FIELD",
                        f'"{field.coordinate}" is a field of an interface, whose cost is that of the implementations.',
                        schema.name,
                        [use.node],
                        f"Put @{use.name} on the implementations' fields.",
                    )


def _check_access(schema: SubgraphSchema, shown: str, directives: Directives) -> Iterator[CompositionError]:
    for use in directives:
        if use.core in ACCESS:
            yield error_at(
                "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
                f"{shown} is, or belongs to, an interface, whose access rules are those of the implementations.",
                schema.name,
                [use.node],
                f"Put @{use.name} on the implementations.",
            )
