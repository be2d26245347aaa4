"""Writes the Python that reads one part of a representation from a typed object.

A plain leaf is its own value, and its own key for telling representations apart. An object or a list becomes JSON at once:
bytes can be compared, and are sent as they are.

    def part_7(value):                      # organization { id }, in a key
        if value is None:
            raise Fallback(...)
        v0 = value.f___id
        return {'id': v0}
"""

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from gateway.execution.compiled.layout import Composite, FieldLayout, ObjectLayout
from gateway.execution.compiled.struct_types import StructTypes, attribute
from gateway.planning.plan import RepresentationBranch, RepresentationField

_INDENT: Final = "    "
LACKS: Final = "raise Fallback('a representation lacks a part')"

Lines = list[str]


class PartWriter:
    """Writes the parts of one plan's representations.

    Args:
        types: the Struct types of the plan.
        name: gives the name by which the source knows a value.

    Attributes:
        helpers: functions that the written code calls.
    """

    def __init__(self, types: StructTypes, name: Callable[[str, Any], str]) -> None:
        self.helpers: list[Lines] = []
        self._types = types
        self._name = name
        self._numbers = count(1)

    def read(
        self, part: RepresentationField, item: FieldLayout, variable: str, value: str, *, is_key: bool, is_late: bool
    ) -> Lines:
        """Lines that put what is sent of `value` into `variable`: a leaf, or the JSON of anything else.

        Args:
            value: an expression for the field's value.
            is_key: a null cannot be sent.
            is_late: the value may be UNSET, for another fetch than the object's own brings it.
        """
        lines = [f"{variable} = {value}"]
        doubts = [f"{variable} is UNSET"] if is_late else []
        if is_key and not item.wrappers.startswith("!"):
            doubts.append(f"{variable} is None")
        if doubts:
            lines += [f"if {' or '.join(doubts)}:", f"{_INDENT}{LACKS}"]
        if isinstance(item.value, Composite):
            helper = self._list_helper(part.branches, item.value, item.wrappers, is_key=is_key)
            lines.append(f"{variable} = encode({helper}({variable}))")
        elif "[" in item.wrappers:
            lines.append(f"{variable} = encode({variable})")
        return lines

    def _list_helper(
        self, branches: tuple[RepresentationBranch, ...], composite: Composite, wrappers: str, *, is_key: bool
    ) -> str:
        """A function that gives what is sent of a value in its wrappers."""
        inner = wrappers.removeprefix("!")
        if not inner.startswith("["):
            return self._object_helper(branches, composite, is_key=is_key)
        below = self._list_helper(branches, composite, inner[1:], is_key=is_key)
        name = f"part_{next(self._numbers)}"
        self.helpers.append(
            [
                f"def {name}(value):",
                f"{_INDENT}if value is None:",
                f"{_INDENT * 2}{LACKS if is_key else 'return None'}",
                f"{_INDENT}return [{below}(item) for item in value]",
            ]
        )
        return name

    def _object_helper(self, branches: tuple[RepresentationBranch, ...], composite: Composite, *, is_key: bool) -> str:
        """A function that gives what is sent of an object, by its type."""
        name = f"part_{next(self._numbers)}"
        lines = [
            f"def {name}(value):",
            f"{_INDENT}if value is None:",
            f"{_INDENT * 2}{LACKS if is_key else 'return None'}",
        ]
        for layout in composite.variants.values():
            body = self._members(branches, layout, is_key=is_key)
            if composite.is_tagged:
                made = self._name(layout.type_name, self._types.tree_type(layout, composite))
                lines.append(f"{_INDENT}if type(value) is {made}:")
                body = [_INDENT + line for line in body]
            lines += body
        if composite.is_tagged:
            lines.append(f"{_INDENT}{LACKS}")
        self.helpers.append(lines)
        return name

    def _members(self, branches: tuple[RepresentationBranch, ...], layout: ObjectLayout, *, is_key: bool) -> Lines:
        for branch in branches:
            if branch.types is None or layout.type_name in branch.types:
                break
        else:
            return [f"{_INDENT}return {{}}"]
        lines: Lines = []
        sent = [] if branch.typename is None else [f"'__typename': {branch.typename!r}"]
        for position, part in enumerate(branch.fields):
            item = layout.fields[part.source]
            variable = f"v{position}"
            read = self.read(part, item, variable, f"value.{attribute(item.key)}", is_key=is_key, is_late=True)
            if "encode(" in read[-1]:
                # Within an object, what is below stays a value: the whole is encoded once.
                read[-1] = read[-1].replace("encode(", "(", 1)
            lines += [_INDENT + line for line in read]
            sent.append(f"{part.name!r}: {variable}")
        return [*lines, f"{_INDENT}return {{{', '.join(sent)}}}"]
