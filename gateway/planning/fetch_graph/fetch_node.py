"""Fetches while they are being written: what each selects, at which position, and which others it waits for."""

from dataclasses import dataclass, field

from gateway.planning.fetch_graph.response_position import Position
from gateway.planning.needs import ContextSource, Need, are_compatible
from gateway.planning.search.location import Location
from gateway.supergraph.field_sets import FieldSet
from gateway.supergraph.model import SubgraphField


@dataclass(slots=True, eq=False)
class NodeField:
    """A field in a fetch node.

    Attributes:
        types: the concrete types whose objects it is selected of.
        key: its name in the tree.
        contexts: its arguments from contexts: (name, index among the fetch node's contexts).
        response_name: its name in the subgraph's answer; settled when the document is written.
    """

    types: frozenset[str]
    key: str
    field: SubgraphField
    arguments: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]
    below: "SelectionSet | None"
    contexts: tuple[tuple[str, int], ...] = ()
    response_name: str = ""


@dataclass(slots=True, eq=False)
class SelectionSet:
    """A selection set of a fetch node, at a position in the tree.

    Attributes:
        here: the type there and what is known of it.
        wants_typename: whether the selection set has to tell the concrete type.
    """

    fetch: "FetchNode"
    here: Location
    position: Position
    wants_typename: bool
    fields: list[NodeField] = field(default_factory=list)
    _index: dict[tuple[str, frozenset[str]], NodeField] = field(default_factory=dict)

    def find(self, key: str, types: frozenset[str]) -> NodeField | None:
        """The field that is selected under `key` for exactly these types."""
        return self._index.get((key, types))

    def add(self, added: NodeField) -> None:
        """Selects one more field."""
        self.fields.append(added)
        self._index[added.key, added.types] = added


@dataclass(slots=True, eq=False)
class NodeEntity:
    """One entity type of an entity fetch.

    Attributes:
        name: as the subgraph calls the type.
        types: the concrete types of the objects it stands for.
        is_typed: whether the tree tells these objects' types.
        requirements: in the order in which they came up.
    """

    name: str
    types: frozenset[str]
    key: FieldSet
    is_typed: bool
    requirements: list[FieldSet] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class SharingRules:
    """What fields demand of an entity fetch that they share.

    Attributes:
        required: what the representations hold beside keys.
        only: the types whose objects may be asked; None if it does no harm to ask others, too. Of an interface object every field
            is asked of every object that is sent, so a field whose name means another field for other types stays by itself.
        keys: by entity type, the key that its objects are sent with.
        by_interface: whether objects are sent under an interface's name: then fragments on object types are asked of all of them.
        is_root: Whether the fields are a root type's, which is entered without a key.
    """

    required: list[Need] = field(default_factory=list)
    only: frozenset[str] | None = None
    keys: dict[str, FieldSet] = field(default_factory=dict)
    by_interface: bool = False
    is_root: bool = False

    def agrees_with(self, other: "SharingRules") -> bool:
        """Whether one representation can hold what both require, and one selection what both ask."""
        has_one_key_each = all(self.keys.get(entity, key) is key for entity, key in other.keys.items())
        are_alike = (
            self.only == other.only and self.by_interface is other.by_interface and self.is_root is other.is_root
        )
        return has_one_key_each and are_alike and are_compatible(self.required, other.required)

    def add(self, other: "SharingRules") -> None:
        """Takes on the other's, which agree."""
        self.required.extend(other.required)
        self.keys.update(other.keys)


@dataclass(frozen=True, slots=True)
class DraftContext:
    """A value that each object of an entity fetch gets from those around it: its type as SDL, and where it is from."""

    type: str
    sources: tuple[ContextSource, ...]


@dataclass(slots=True, eq=False)
class FetchNode:
    """A fetch being written; compared by identity.

    Attributes:
        number: the order of creation, from 0.
        root: what a root fetch selects; None for an entity fetch.
        entities: of an entity fetch, by type name in the subgraph.
        concrete: what is selected of entities that are object types, all together.
        general: what is selected of interfaces and interface objects, each.
        contexts: the values that its fields' arguments take from enclosing objects, each once.
        demands: what its fields demand of it; others may share it if theirs agree.
        ancestors: all that it waits for, over however many steps: bit n is the fetch node of number n.
    """

    number: int
    service: str
    position: Position
    depends_on: set["FetchNode"] = field(default_factory=set)
    root: SelectionSet | None = None
    entities: dict[str, NodeEntity] = field(default_factory=dict)
    concrete: SelectionSet | None = None
    general: dict[str, SelectionSet] = field(default_factory=dict)
    contexts: list[DraftContext] = field(default_factory=list)
    sharing: SharingRules = field(default_factory=SharingRules)
    ancestors: int = 0

    @property
    def is_root(self) -> bool:
        """Whether it asks for root fields."""
        return self.root is not None

    def context(self, type_name: str, sources: tuple[ContextSource, ...]) -> int:
        """The index of a context's value in `contexts`."""
        wanted = DraftContext(type_name, sources)
        if wanted not in self.contexts:
            self.contexts.append(wanted)
        return self.contexts.index(wanted)

    def waits_for(self, other: "FetchNode") -> bool:
        """Whether it depends on the other, over however many steps."""
        return bool(self.ancestors >> other.number & 1)
