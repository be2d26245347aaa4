"""What merging reads and where it writes: the subgraphs with their analyses, and the errors and hints found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import Node

from gateway.composition.analysis import Analysis
from gateway.composition.errors import CompositionError, Hint, HintLevel, Place, place_of
from gateway.composition.merge.overrides import Overrides
from gateway.composition.merged import Supergraph
from gateway.composition.model import SubgraphSchema, TypeDefinition

Sources = Mapping[str, TypeDefinition]


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
            *(a for directive in self.supergraph.executable.values() for a in directive.arguments.values()),
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
