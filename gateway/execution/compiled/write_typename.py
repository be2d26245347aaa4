"""Writes the Python that makes objects anew whose type's name would be written in the wrong place.

msgspec tells the members of a union apart by a tag, and writes the tag before all else. A client that asks for ``__typename`` last,
by another name, or not at all, is served by a second type without a tag: once, when the objects come, each is made anew of it.

    r1 = data.f_search
    if r1 is not None:
        for i1 in range(len(r1)):
            r2 = r1[i1]
            if type(r2) is User_1:
                r2 = r1[i1] = Shown_User_1(r2.f_name, 'User', UNSET)
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from gateway.execution.compiled.layout import Composite, NotCovered, ObjectLayout, Source
from gateway.execution.compiled.struct_types import StructTypes, attribute

INDENT: Final = "    "
MAX_LOOPS: Final = 16
"""Loops within each other that compiled code may have; Python allows 20 blocks."""

Lines = list[str]


class RetagWriter:
    """Writes it for one plan.

    Args:
        types: the Struct types of the plan.
        name: gives the name by which the source knows a value.
    """

    def __init__(self, types: StructTypes, name: Callable[[str, Any], str]) -> None:
        self._types = types
        self._name = name
        self._numbers = count(1)

    def lines(self, layout: ObjectLayout, holder: str, source: Source, depth: int) -> Lines:
        """Makes those of the new objects below `holder` anew whose tag would be written where the client wants none."""
        lines: Lines = []
        for item in layout.stored():
            if item.source == source and isinstance(item.value, Composite):
                lines += self._value(item.value, item.wrappers, f"{holder}.{attribute(item.key)}", depth)
        return lines

    def _value(self, composite: Composite, wrappers: str, slot: str, depth: int) -> Lines:
        """The same for the value in `slot`, which can be assigned to."""
        if depth > MAX_LOOPS:
            raise NotCovered("too deep for Python's blocks")
        pad = INDENT * depth
        number = next(self._numbers)
        value = f"r{number}"
        inner = wrappers.removeprefix("!")
        if inner.startswith("["):
            within = self._value(composite, inner[1:], f"{value}[i{number}]", depth + 2)
            if not within:
                return []
            return [
                f"{pad}{value} = {slot}",
                f"{pad}if {value} is not None:",
                f"{pad}{INDENT}for i{number} in range(len({value})):",
                *within,
            ]
        assert composite.source is not None
        lines: Lines = []
        for variant in composite.variants.values():
            below = self.lines(variant, value, composite.source, depth + 1)
            if not composite.is_tagged:
                if below:
                    lines = [f"{pad}if {value} is not None:", *below]
                continue
            decoded = self._name(variant.type_name, self._types.decoded_type(variant, composite))
            anew = []
            if not composite.is_shown_as_tagged():
                made = self._name(f"Shown_{variant.type_name}", self._types.tree_type(variant, composite))
                parts = ", ".join(self._parts(variant, value, composite.source))
                anew = [f"{pad}{INDENT}{value} = {slot} = {made}({parts})"]
            if anew or below:
                lines += [f"{pad}{'el' if lines else ''}if type({value}) is {decoded}:", *anew, *below]
        return [f"{pad}{value} = {slot}", *lines] if lines else []

    def _parts(self, layout: ObjectLayout, decoded: str, source: Source) -> Iterator[str]:
        """What an object is made anew of, in the order of its attributes."""
        for key in self._types.stored_keys(layout):
            if key in layout.constants:
                yield repr(layout.type_name)
            elif layout.fields[key].source == source:
                yield f"{decoded}.{attribute(key)}"
            else:
                yield "UNSET"
