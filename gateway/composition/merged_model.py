"""The supergraph while it is made: types with what each subgraph contributes to them, before it is printed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.type_ref import TypeRef


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive on an element of the supergraph.

    Attributes:
        name: of a core directive and of GraphQL's own: as specified, ``tag``, whatever the supergraph calls it; of the subgraphs'
            own: as the supergraph calls it, after an ``@``, so that ``@tag`` is never taken for federation's.
        arguments: their values as GraphQL text.
    """

    name: str
    arguments: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.called(self.name.removeprefix("@"))

    def called(self, name: str) -> str:
        """The directive as SDL, under a name."""
        shown = ", ".join(f"{argument}: {value}" for argument, value in self.arguments)
        return f"@{name}({shown})" if shown else f"@{name}"


@dataclass(frozen=True, slots=True)
class JoinType:
    """A subgraph that has a type, once for each of its keys there."""

    graph: str
    key: str | None = None
    is_extension: bool = False
    is_resolvable: bool = True
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True)
class JoinDirective:
    """A directive of federation that the supergraph keeps for the subgraphs that apply it.

    Attributes:
        name: as specified, ``cacheTag``.
        arguments: their values as GraphQL text.
    """

    graphs: tuple[str, ...]
    name: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that the gateway fills from a context."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class JoinField:
    """What a subgraph has of a field; without a graph: the field comes from an interface object.

    Attributes:
        type: the field's type in this subgraph, where subgraphs differ.
        is_used_overridden: it is overridden, yet keys or interfaces here still need it.
    """

    graph: str | None = None
    requires: str | None = None
    provides: str | None = None
    type: str | None = None
    is_external: bool = False
    override: str | None = None
    is_used_overridden: bool = False
    override_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(slots=True)
class MergedInput:
    """An argument, or a field of an input type, of the supergraph."""

    name: str
    type: TypeRef
    default: str | None = None
    description: str | None = None
    directives: list[Applied] = field(default_factory=list)
    joins: list[JoinField] = field(default_factory=list)


@dataclass(slots=True)
class MergedField:
    """A field of the supergraph.

    Attributes:
        is_from_interface_object: it is an implementation's copy of a field that interface objects resolve.
    """

    name: str
    type: TypeRef
    arguments: dict[str, MergedInput] = field(default_factory=dict)
    description: str | None = None
    directives: list[Applied] = field(default_factory=list)
    joins: list[JoinField] = field(default_factory=list)
    join_directives: list[JoinDirective] = field(default_factory=list)
    is_from_interface_object: bool = False


@dataclass(frozen=True, slots=True)
class MergedDirective:
    """A directive that clients may put into operations.

    Attributes:
        locations: in operations, in order of name.
    """

    name: str
    arguments: dict[str, MergedInput]
    locations: tuple[str, ...]
    is_repeatable: bool = False
    description: str | None = None


@dataclass(slots=True)
class MergedValue:
    """An enum value of the supergraph, or a member of a union, and the subgraphs that have it."""

    name: str
    graphs: list[str] = field(default_factory=list)
    description: str | None = None
    directives: list[Applied] = field(default_factory=list)


@dataclass(slots=True)
class MergedType:
    """A type of the supergraph.

    Attributes:
        implements: (subgraph, interface) pairs.
    """

    kind: Kind
    name: str
    description: str | None = None
    joins: list[JoinType] = field(default_factory=list)
    implements: list[tuple[str, str]] = field(default_factory=list)
    fields: dict[str, MergedField] = field(default_factory=dict)
    inputs: dict[str, MergedInput] = field(default_factory=dict)
    members: dict[str, MergedValue] = field(default_factory=dict)
    values: dict[str, MergedValue] = field(default_factory=dict)
    directives: list[Applied] = field(default_factory=list)
    join_directives: list[JoinDirective] = field(default_factory=list)

    @property
    def interfaces(self) -> list[str]:
        """The interfaces it implements in any subgraph, in order of name."""
        return sorted({interface for _, interface in self.implements})

    def elements(self) -> Iterator[list[Applied]]:
        """Yield the directives of the type and of everything in it."""
        yield self.directives
        for merged in self.fields.values():
            yield merged.directives
            yield from (argument.directives for argument in merged.arguments.values())
        yield from (value.directives for value in self.inputs.values())
        yield from (value.directives for value in self.values.values())


@dataclass(frozen=True, slots=True)
class ComposedFeature:
    """A specification of the subgraphs' own that `@composeDirective` brings along.

    Attributes:
        name: as its address says; "" if that gives none.
        definitions: SDL of the directives, by name.
    """

    url: str
    name: str
    imports: tuple[tuple[str, str], ...]
    definitions: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Supergraph:
    """All of it.

    Attributes:
        subgraphs: in order of name.
        types: by name.
        features: of `@composeDirective`.
        directives: on the schema itself.
        executable: directives for operations, by name.
        core_names: core directive -> what the subgraphs call it, where they all have another name for it.
    """

    subgraphs: tuple[SubgraphSchema, ...]
    types: dict[str, MergedType] = field(default_factory=dict)
    features: list[ComposedFeature] = field(default_factory=list)
    directives: list[Applied] = field(default_factory=list)
    description: str | None = None
    executable: dict[str, MergedDirective] = field(default_factory=dict)
    core_names: dict[str, str] = field(default_factory=dict)

    def implementations(self, interface: str) -> Iterator[MergedType]:
        """The object types that implement an interface, in any subgraph."""
        for merged in self.types.values():
            if merged.kind is Kind.OBJECT and any(name == interface for _, name in merged.implements):
                yield merged

    def directive_arguments(self) -> Iterator[MergedInput]:
        """Yield the arguments of the directives that clients may put into operations."""
        for directive in self.executable.values():
            yield from directive.arguments.values()

    def is_named_subtype(self, sub: str, of: str) -> bool:
        """Whether the first type implements the second, or is a member of it."""
        general, precise = self.types.get(of), self.types.get(sub)
        if general is None or precise is None:
            return False
        return sub in general.members or any(name == of for _, name in precise.implements)
