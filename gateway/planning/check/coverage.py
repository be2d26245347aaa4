"""What a plan's fetches have written, held against the operation: the checker's last step."""

from collections.abc import Iterator

from graphql import get_named_type, is_composite_type, print_ast

from gateway.operation.model import TYPENAME, Field, Operation, Selection
from gateway.planning.check.type_tree import TypeTree
from gateway.supergraph.model import Supergraph, TypeKind

Names = tuple[str, ...]


def unanswered(operation: Operation, root: TypeTree, supergraph: Supergraph) -> Iterator[str]:
    """The fields that the client asked for and that are not there, each with the type of whose objects it is missing."""
    return _Answering(supergraph).of_selections(operation.selections, operation.root_type, root, ())


class _Answering:
    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph

    def of_selections(
        self, selections: tuple[Selection, ...], parent: str, type_tree: TypeTree, path: Names
    ) -> Iterator[str]:
        """What is missing of selections on objects, for every type that these can have."""
        if self._needs_typename(selections, parent):
            yield from (
                f"{'.'.join((*path, TYPENAME))} of {type_name}"
                for type_name, slots in type_tree.slots.items()
                # An interface stands in the type tree where the subgraph has no type that implements it: no object can be there.
                if TYPENAME not in slots and self._supergraph.kinds[type_name] is TypeKind.OBJECT
            )
        for selection in selections:
            if not isinstance(selection, Field):
                kept = self._possible(selection.type_condition)
                narrowed = TypeTree({name: slots for name, slots in type_tree.slots.items() if name in kept})
                yield from self.of_selections(selection.selections, selection.type_condition, narrowed, path)
            elif selection.refusal is None and not selection.name.startswith("__"):
                yield from self._of_field(selection, parent, type_tree, path)

    def _needs_typename(self, selections: tuple[Selection, ...], parent: str) -> bool:
        """Whether the objects' types decide what of an abstract type is shown."""
        if self._supergraph.kinds.get(parent) not in {TypeKind.INTERFACE, TypeKind.UNION}:
            return False
        return any(not isinstance(selection, Field) or selection.name == TYPENAME for selection in selections)

    def _of_field(self, selected: Field, parent: str, type_tree: TypeTree, path: Names) -> Iterator[str]:
        meaning = (selected.name, tuple((name, print_ast(value)) for name, value in selected.arguments))
        places: list[TypeTree] = []
        possible, visible = self._possible(parent), self._supergraph.api.type_map
        for type_name, slots in type_tree.slots.items():
            if type_name not in possible or type_name not in visible:
                continue
            slot = slots.get(selected.response_name)
            if slot is None or slot.meaning != meaning:
                yield f"{'.'.join((*path, selected.response_name))} of {type_name}"
            elif slot.below is not None and not any(slot.below is place for place in places):
                places.append(slot.below)
        if not selected.selections:
            return
        parent_type = self._supergraph.api.get_type(parent)
        assert is_composite_type(parent_type)
        definition = self._supergraph.api.get_field(parent_type, selected.name)
        returned = get_named_type(definition.type) if definition else None
        if not is_composite_type(returned):
            return
        exempt = self._unknown_to_some(returned.name)
        for place in places:
            kept = TypeTree({name: slots for name, slots in place.present().items() if name not in exempt})
            yield from self.of_selections(selected.selections, returned.name, kept, (*path, selected.response_name))

    def _unknown_to_some(self, type_name: str) -> frozenset[str]:
        """Members of a union that not every subgraph with the union knows: they may be left unanswered."""
        if self._supergraph.kinds.get(type_name) is not TypeKind.UNION:
            return frozenset()
        known = [
            types[type_name].possible_types for types in self._supergraph.subgraph_types.values() if type_name in types
        ]
        return self._possible(type_name) - frozenset.intersection(*known) if known else frozenset()

    def _possible(self, type_name: str) -> frozenset[str]:
        return self._supergraph.possible_types.get(type_name) or frozenset({type_name})
