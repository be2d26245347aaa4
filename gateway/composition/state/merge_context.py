"""What merging reads and where it writes: the subgraphs with their analyses, and the errors and hints found.

A subgraph has an object type of the supergraph in one of two ways: it defines the type, or it has an interface of the type as an
interface object and cannot tell which type its objects are. Rules and proofs ask `MergeContext.local_types` and
`MergeContext.runtime_types` for this, and never look up the name of an object type in a subgraph by themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import Node

from gateway.composition.errors import CompositionError, Hint, HintLevel, Place, place_of
from gateway.composition.merged_model import Supergraph
from gateway.composition.model import FieldDefinition, Kind, SubgraphSchema, TypeDefinition, has
from gateway.composition.read.analysis import Analysis
from gateway.composition.state.overrides import Overrides

Sources = Mapping[str, TypeDefinition]


@dataclass(frozen=True, slots=True)
class LocalType:
    """A type of a subgraph whose objects may be of a given type of the supergraph.

    Attributes:
        definition: Of the type itself; of one of its interfaces if `is_interface_object`.
    """

    subgraph: str
    definition: TypeDefinition
    is_interface_object: bool = False


@dataclass(slots=True)
class MergeContext:
    """The state of one merge.

    Attributes:
        schemas: by name, in order of name.
        input_types: what merged arguments and input fields are made of; known when all types but enums are merged.
        output_types: what merged fields are made of; known then too.
        unmerged: (type, field) of what could not be merged, so that nothing is said of what only follows.
    """

    schemas: Mapping[str, SubgraphSchema]
    analyses: Mapping[str, Analysis]
    overrides: Overrides
    supergraph: Supergraph
    input_types: frozenset[str] = frozenset()
    output_types: frozenset[str] = frozenset()
    unmerged: set[tuple[str, str]] = field(default_factory=set)
    errors: list[CompositionError] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    _sources: dict[str, Mapping[str, TypeDefinition]] = field(default_factory=dict)
    _local_types: dict[str, tuple[LocalType, ...]] = field(default_factory=dict)

    def error(self, code: str, message: str, places: Iterable[Place], advice: str) -> None:
        """Adds a reason why there is no supergraph."""
        self.errors.append(CompositionError(code, message, tuple(places), advice))

    def hint(self, code: str, level: HintLevel, message: str, places: Iterable[Place] = ()) -> None:
        """Adds something worth knowing."""
        self.hints.append(Hint(code, level, message, tuple(places)))

    def learn_usage(self) -> None:
        """Finds which types go in and which come out."""
        types = self.supergraph.types.values()
        fields = [field for merged in types for field in merged.fields.values()]
        values = [
            *self.supergraph.directive_arguments(),
            *(a for field in fields for a in field.arguments.values()),
            *(v for m in types for v in m.inputs.values()),
        ]
        self.input_types = frozenset(value.type.name for value in values)
        self.output_types = frozenset(field.type.name for field in fields)

    def place(self, subgraph: str, node: Node | None) -> Place:
        """Where a node of a subgraph stands."""
        return place_of(subgraph, node, file=self.schemas[subgraph].file)

    def sources(self, type_name: str) -> Sources:
        """The subgraphs that have a type, with their definitions, in order of name."""
        known = self._sources.get(type_name)
        if known is None:
            known = {
                name: schema.types[type_name] for name, schema in self.schemas.items() if type_name in schema.types
            }
            self._sources[type_name] = known
        return known

    def local_types(self, type_name: str) -> tuple[LocalType, ...]:
        """Return the types by which subgraphs have a type: those of its name first, then interface objects.

        Requires that all types are declared, since they say which interfaces the type implements.
        """
        known = self._local_types.get(type_name)
        if known is None:
            merged = self.supergraph.types.get(type_name)
            interfaces = merged.interfaces if merged is not None and merged.kind is Kind.OBJECT else []
            known = self._local_types[type_name] = (
                *(LocalType(subgraph, definition) for subgraph, definition in self.sources(type_name).items()),
                *(
                    LocalType(subgraph, definition, is_interface_object=True)
                    for interface in interfaces
                    for subgraph, definition in self.sources(interface).items()
                    if has(definition.directives, "interfaceObject")
                ),
            )
        return known

    def local_names(self, subgraph: str, declared: str, type_name: str) -> tuple[str, ...]:
        """Return what a subgraph may call an object of a type where it declares another type; () if it cannot be there.

        Args:
            declared: A type of the subgraph, e.g. that of a field.
            type_name: An object type of the supergraph.
        """
        possible = (declared, *self.schemas[subgraph].runtime_types(declared))
        return tuple(
            local.definition.name
            for local in self.local_types(type_name)
            if local.subgraph == subgraph and local.definition.name in possible
        )

    def runtime_types(self, subgraph: str, type_name: str) -> tuple[str, ...]:
        """Return the object types of the supergraph that a value of a subgraph's type may have."""
        found: dict[str, None] = {}
        for name in self.schemas[subgraph].runtime_types(type_name):
            if has(self.schemas[subgraph].types[name].directives, "interfaceObject"):
                found.update((implementation.name, None) for implementation in self.supergraph.implementations(name))
            else:
                found[name] = None
        return tuple(found)

    def through_interface_objects(self, type_name: str, field: str) -> dict[tuple[str, str], FieldDefinition]:
        """Return (subgraph, interface object) -> the field, of those that resolve it for a type."""
        return {
            (local.subgraph, local.definition.name): local.definition.fields[field]
            for local in self.local_types(type_name)
            if local.is_interface_object
            and field in local.definition.fields
            and (local.definition.name, field) not in self.analyses[local.subgraph].external
        }
