"""What a representation leaves out of a field set, a key's or a requirement's, nested parts included: part of the checker."""

from collections.abc import Iterator, Mapping

from gateway.operation.model import TYPENAME
from gateway.planning.check.type_tree import Slot
from gateway.planning.plan import RepresentationField
from gateway.supergraph.field_sets import FieldSet, SetField, SetSelection

Fields = tuple[RepresentationField, ...]
Slots = dict[str, Slot]


def top_names(field_set: FieldSet) -> set[str]:
    """Return the names of a field set's outermost fields, for whatever types."""
    names: set[str] = set()
    pending = list(field_set.selections)
    while pending:
        selection = pending.pop()
        if isinstance(selection, SetField):
            names.add(selection.name)
        else:
            pending.extend(selection.selections)
    return names - {TYPENAME}


def unsent(
    field_set: FieldSet, fields: Fields, type_name: str, slots: Slots, possible_types: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """Yield the paths of a field set that are not sent of an object.

    Args:
        fields: What is sent of the object.
        type_name: The object's concrete type.
        slots: What the tree holds of the object.
        possible_types: The concrete types of each type of the supergraph.
    """
    return _Coverage(possible_types).of_selections(field_set.selections, fields, type_name, slots, "")


class _Coverage:
    def __init__(self, possible_types: Mapping[str, frozenset[str]]) -> None:
        self._possible_types = possible_types

    def of_selections(
        self, selections: tuple[SetSelection, ...], fields: Fields, type_name: str, slots: Slots, path: str
    ) -> Iterator[str]:
        """What is not sent of selections on one object."""
        for selection in selections:
            if not isinstance(selection, SetField):
                condition = selection.type_condition
                if type_name in (self._possible_types.get(condition) or {condition}):
                    yield from self.of_selections(selection.selections, fields, type_name, slots, path)
            elif selection.name != TYPENAME:
                sent = next((each for each in fields if each.name == selection.name), None)
                if sent is None:
                    yield path + selection.name
                elif selection.selections:
                    yield from self._below(selection, sent, slots, f"{path}{selection.name}.")

    def _below(self, selection: SetField, sent: RepresentationField, slots: Slots, path: str) -> Iterator[str]:
        """What is not sent of the objects that a field holds, for each type of which something is sent.

        Of other types there are no objects: a shared field has one value, and some subgraph that has the field does not know the type.
        """
        if not sent.branches:
            yield path.removesuffix(".")
        slot = slots.get(sent.source)
        present = slot.below.present() if slot is not None and slot.below is not None else {}
        for type_name, below in present.items():
            branches = (branch for branch in sent.branches if branch.types is None or type_name in branch.types)
            branch = next(branches, None)
            if branch is not None:
                yield from self.of_selections(selection.selections, branch.fields, type_name, below, path)
