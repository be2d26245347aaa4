"""The tree of types on which the checker runs a plan: for each object that there can be, by concrete type, the names written there."""

from dataclasses import dataclass, field

Meaning = tuple[str, tuple[tuple[str, str], ...]]
"""What a name in the tree stands for: a field and its arguments."""


@dataclass(slots=True)
class Slot:
    """A name on objects of one type: its meaning, its writers, the objects below."""

    meaning: Meaning
    writers: set[int] = field(default_factory=set)
    below: "TypeTree | None" = None


@dataclass(slots=True)
class TypeTree:
    """All objects that can be at one place, by concrete type.

    Attributes:
        possible: the types that everybody who answers the field above knows: a shared field has one value; None at the root.
    """

    slots: dict[str, dict[str, Slot]] = field(default_factory=dict)
    possible: frozenset[str] | None = None

    def present(self) -> dict[str, dict[str, Slot]]:
        """The objects that can really be there."""
        if self.possible is None:
            return self.slots
        return {name: slots for name, slots in self.slots.items() if name in self.possible}
