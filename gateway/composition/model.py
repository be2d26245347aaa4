"""A subgraph's schema as composition reads it: plain tables of definitions, each knowing where it was written.

Federation's directives are recognised whatever they were renamed to (`DirectiveUse.core`), extensions are folded into the types
they extend, and root types have their default names. Nothing in it changes after `parse`; a later step makes a new schema.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import DirectiveDefinitionNode, DirectiveNode, Node, ValueNode

from gateway.composition.links import Link
from gateway.composition.type_ref import TypeRef

ROOT_TYPES = ("Query", "Mutation", "Subscription")
BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


@dataclass(frozen=True, slots=True)
class Subgraph:
    """What composition is given of a subgraph.

    Attributes:
        name: as the supergraph will call it.
        url: where queries go; may be empty.
        file: how errors name the SDL; by default ``<name>.graphql``.
    """

    name: str
    url: str
    sdl: str
    file: str = ""


class Kind(enum.Enum):
    """The kinds of types, by the keyword that defines them."""

    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class DirectiveUse:
    """A directive where it is applied.

    Attributes:
        name: as written, without ``@``.
        core: its name in the federation specifications, e.g. ``key``, whatever it is called here; None for all others.
        arguments: in the order written.
        in_extension: whether it stands on an ``extend``.
        block: which of a type's declarations it stands on, in the order written, from 0.
    """

    name: str
    core: str | None
    arguments: Mapping[str, ValueNode]
    node: DirectiveNode | None = None
    in_extension: bool = False
    block: int = 0


Directives = tuple[DirectiveUse, ...]


@dataclass(frozen=True, slots=True)
class InputValue:
    """An argument, or a field of an input type."""

    name: str
    type: TypeRef
    default: ValueNode | None
    description: str | None
    directives: Directives
    node: Node | None


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field of an object type or an interface.

    Attributes:
        block: which of the type's declarations it stands in, in the order written, from 0.
    """

    parent: str
    name: str
    type: TypeRef
    arguments: Mapping[str, InputValue]
    description: str | None
    directives: Directives
    node: Node | None
    block: int = 0

    @property
    def coordinate(self) -> str:
        """``Type.field``."""
        return f"{self.parent}.{self.name}"


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A value of an enum."""

    name: str
    description: str | None
    directives: Directives
    node: Node | None


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A type with all its extensions folded in.

    Attributes:
        fields: of objects and interfaces.
        inputs: of input types.
        members: of unions; name -> where it stands.
        interfaces: of objects and interfaces; name -> where it stands.
        is_extension: whether it is only ever extended here, never defined (also said by ``@extends``).
    """

    kind: Kind
    name: str
    description: str | None = None
    directives: Directives = ()
    fields: Mapping[str, FieldDefinition] = field(default_factory=dict)
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    members: Mapping[str, Node] = field(default_factory=dict)
    interfaces: Mapping[str, Node] = field(default_factory=dict)
    values: Mapping[str, EnumValue] = field(default_factory=dict)
    node: Node | None = None
    is_extension: bool = False

    @property
    def is_composite(self) -> bool:
        """Whether it has a selection set."""
        return self.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}

    @property
    def is_abstract(self) -> bool:
        """Whether its objects have more precise types."""
        return self.kind in {Kind.INTERFACE, Kind.UNION}


@dataclass(frozen=True, slots=True)
class SubgraphSchema:
    """One subgraph, parsed.

    Attributes:
        version: of the federation specification it links, e.g. ``(2, 9)``; ``(1, 0)`` where it links none.
        types: by name, in the order written; without built-in scalars and federation's own.
        directives: definitions of directives that are not of federation, by name.
        implementations: interface -> object types that implement it here, in the order written.
        core_names: federation directive that is applied -> what it is called here, without ``@``.
        ignored_interface_keys: interfaces whose keys mean nothing, because the document is of federation 1.
    """

    name: str
    url: str
    file: str
    version: tuple[int, int]
    links: tuple[Link, ...]
    types: Mapping[str, TypeDefinition]
    directives: Mapping[str, DirectiveDefinitionNode]
    schema_directives: Directives
    description: str | None = None
    implementations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    node: Node | None = None
    core_names: Mapping[str, str] = field(default_factory=dict)
    ignored_interface_keys: frozenset[str] = frozenset()

    @property
    def is_fed1(self) -> bool:
        """Whether it follows the rules of federation 1."""
        return self.version < (2, 0)

    def runtime_types(self, name: str) -> tuple[str, ...]:
        """The object types that a value of this type may have here."""
        definition = self.types.get(name)
        if definition is None:
            return ()
        match definition.kind:
            case Kind.UNION:
                return tuple(definition.members)
            case Kind.INTERFACE:
                return self.implementations.get(name, ())
            case _:
                return (name,)


def uses(directives: Directives, core: str) -> Iterator[DirectiveUse]:
    """The applications of one of federation's directives, in order."""
    return (use for use in directives if use.core == core)


def has(directives: Directives, core: str) -> bool:
    """Whether one of federation's directives is applied."""
    return any(use.core == core for use in directives)


def first(directives: Directives, core: str) -> DirectiveUse | None:
    """The first application of one of federation's directives, or None."""
    return next(uses(directives, core), None)
