"""The frozen model of a supergraph: for each subgraph its own view of every type, for clients the API schema.

Compiled once when the file is read, so that planning only looks things up.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import GraphQLSchema

from gateway.supergraph.access import Access
from gateway.supergraph.field_sets import FieldSet


class TypeKind(enum.Enum):
    """What a type is in GraphQL."""

    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"
    LEAF = "leaf"
    INPUT = "input"


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key of an entity in one subgraph; unless resolvable, the subgraph only hands it out."""

    fields: FieldSet
    is_resolvable: bool


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that the gateway fills from an enclosing object (`@fromContext`).

    Attributes:
        name: of the argument in the subgraph.
        type: as SDL.
        context: the context's name.
        selection: what is read of the object that sets the context.
    """

    name: str
    type: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True)
class InputValue:
    """An argument of a field, or a field of an input type.

    Attributes:
        type_name: the named type, e.g. ``Filter``.
        wrappers: as of `SubgraphField`.
        is_required: whether it is non-null and has no default.
    """

    type_name: str
    wrappers: str
    is_required: bool


@dataclass(frozen=True, slots=True, eq=False)
class InputType:
    """An enum, an input type or a scalar, as one subgraph has it.

    Attributes:
        values: of an enum; None for all others.
        fields: of an input type; None for all others.
        is_one_of: whether a value of the input type has one field alone.
    """

    values: frozenset[str] | None = None
    fields: Mapping[str, InputValue] | None = None
    is_one_of: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphField:
    """A field as one subgraph has it.

    Attributes:
        type_name: the named type, e.g. ``Product``.
        wrappers: from outside in, ``"!"`` and ``"["``: ``[Int!]!`` is ``![!``.
        is_external: declared there, but resolved there only where a `@provides` says so.
        is_used_overridden: external because another subgraph took it over; its value there is still true.
        override_label: if set, the field is resolved there only while the label is active (`is_override_target`) or is not.
        hidden_arguments: filled by the gateway, unknown to clients.
        arguments: the others, by name; every subgraph that resolves the field has them.
    """

    name: str
    type_name: str
    wrappers: str
    is_external: bool = False
    is_used_overridden: bool = False
    requires: FieldSet | None = None
    provides: FieldSet | None = None
    override_label: str | None = None
    is_override_target: bool = False
    hidden_arguments: tuple[ContextArgument, ...] = ()
    arguments: Mapping[str, InputValue] = field(default_factory=dict)

    def is_active(self, labels: frozenset[str]) -> bool:
        """Whether the field is resolved there, as far as override labels decide."""
        return self.override_label is None or (self.override_label in labels) == self.is_override_target


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphType:
    """An object type, interface or union as one subgraph has it.

    Attributes:
        kind: an interface object is an OBJECT here.
        is_interface_object: the subgraph knows the interface as an object, and none of its implementations.
        fields: by name; () for unions.
        keys: in the supergraph's order.
        possible_types: names of the object types that a value of this type can have, as far as the subgraph knows; for an
            interface object, all implementations that the supergraph knows.
        interface_objects: the interfaces that the subgraph has as objects and that a value of this type can be: their
            concrete types are among `possible_types`, but the subgraph cannot name them.
        contexts: names of the contexts that objects of this type set.
    """

    name: str
    kind: TypeKind
    is_interface_object: bool
    fields: Mapping[str, SubgraphField]
    keys: tuple[Key, ...]
    possible_types: frozenset[str]
    interface_objects: frozenset[str] = frozenset()
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Supergraph:
    """Everything that the gateway knows about the graph it serves.

    Attributes:
        subgraphs: url by name, in the supergraph's order.
        api: what clients see: nothing inaccessible, nothing of federation.
        subgraph_types: by subgraph, then by type; object types, interfaces and unions only.
        input_types: by subgraph, then by type; enums, input types and scalars only.
        kinds: of every type, hidden ones included.
        possible_types: of every object type, interface and union, by the whole supergraph.
        interfaces: of every object type and interface, the interfaces that it implements.
        access: by (type, field) what a caller must hold; fields without an entry are open.
        override_labels: every label, to be decided once per request.
        digest: of the text, in hexadecimal; for cache keys.
    """

    subgraphs: Mapping[str, str]
    api: GraphQLSchema
    subgraph_types: Mapping[str, Mapping[str, SubgraphType]]
    input_types: Mapping[str, Mapping[str, InputType]]
    kinds: Mapping[str, TypeKind]
    possible_types: Mapping[str, frozenset[str]]
    interfaces: Mapping[str, frozenset[str]]
    access: Mapping[tuple[str, str], Access]
    override_labels: frozenset[str]
    digest: str
