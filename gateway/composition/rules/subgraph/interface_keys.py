"""INTERFACE_KEY_NOT_ON_IMPLEMENTATION: an interface is an entity by a key that one of its implementations does not have.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#interfaceobject
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import FieldSet, SelectedField, print_field_set
from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.read.analysis import Analysis, Key
from gateway.composition.rules.field_set_uses import field_set_uses
from gateway.composition.rules.subgraph.field_set_validity import problems


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks the keys of every interface against those of its implementations in the same subgraph."""
    invalid = {found.owner.name for found in field_set_uses(schema) if any(problems(schema, found))}
    for definition in schema.types.values():
        if definition.kind is not Kind.INTERFACE or definition.name in invalid:
            continue
        for key in analysis.keys.get(definition.name, ()):
            for name in schema.runtime_types(definition.name):
                if name in invalid or any(_is_same(own, key) for own in analysis.keys.get(name, ())):
                    continue
                yield error_at(
                    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
                    f'The interface "{definition.name}" has @key(fields: "{print_field_set(key.fields)}"), which its implementation '
                    f'"{name}" does not have.',
                    schema.name,
                    [schema.types[name].node, key.use.node],
                    f'Add the key to "{name}"' + ("." if key.is_resolvable else ", resolvable or not."),
                )


def _is_same(own: Key, interface: Key) -> bool:
    return _as_set(own.fields) == _as_set(interface.fields) and (own.is_resolvable or not interface.is_resolvable)


def _as_set(selections: FieldSet) -> frozenset[object]:
    return frozenset(
        (s.name if isinstance(s, SelectedField) else s.type_condition, _as_set(s.selections)) for s in selections
    )
