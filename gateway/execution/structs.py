"""msgspec types for a layout: one Struct for each object, its fields in the order of the answer.

Decoding into them checks what the general path would check: nulls, leaf types, visible enum values, unknown types. A value
that does not fit is a decode error, and the general path then says what is wrong and where.

- A field that the object's own fetch brings must be there. One that another fetch brings must not be, yet; it starts UNSET.
- Attributes are named ``f_`` and the response name, so that no name of a client's meets one of Python's.
- Objects of abstract types are a union, told apart by ``__typename`` as its tag.
"""

from operator import itemgetter
from types import GenericAlias
from typing import Annotated, Any, Final, Literal, Optional, Union

import msgspec
from graphql import GraphQLEnumType, GraphQLLeafType

from gateway.execution.layout import (
    TYPENAME,
    Composite,
    FieldLayout,
    InternalLeaf,
    NotCovered,
    ObjectLayout,
    Source,
)
from gateway.execution.leaves import MAX_INT, MIN_INT

_MAX_FLOAT: Final = 1.7976931348623157e308
_INT: Final = Annotated[int, msgspec.Meta(ge=MIN_INT, le=MAX_INT)]
_FLOAT: Final = Union[int, Annotated[float, msgspec.Meta(ge=-_MAX_FLOAT, le=_MAX_FLOAT)]]  # noqa: UP007 - built at run time
_SHOWN: Final[dict[str, Any]] = {"String": str, "ID": str, "Int": _INT, "Float": _FLOAT, "Boolean": bool}
# What the gateway only hands on is not judged: an ID may come as a number, and goes on as one.
_HANDED_ON: Final[dict[str, Any]] = {"String": str, "ID": str | int, "Int": int, "Float": _FLOAT, "Boolean": bool}
_SIMPLE: Final = str | int | bool

Attribute = tuple[str, Any, Any]
"""Name, type, and default of a Struct's field; the default is NODEFAULT for a field that must come."""


def attribute(key: str) -> str:
    """The name of a tree key's attribute."""
    return "f_" + key


class StructTypes:
    """Makes the Struct types of a layout, and of the answers that fill it; one type for equal objects."""

    def __init__(self) -> None:
        self._made: dict[Any, type[msgspec.Struct]] = {}
        self._of_object: dict[int, type[msgspec.Struct]] = {}
        self._kept: list[ObjectLayout] = []

    def object_type(self, layout: ObjectLayout, source: Source | None, *, is_tagged: bool) -> type[msgspec.Struct]:
        """The type of objects that `source` creates; None for the root, which no fetch creates."""
        known = self._of_object.get(id(layout))
        if known is not None:
            return known
        attributes: list[Attribute] = []
        shown = dict.fromkeys(layout.order)
        by_key = {item.key: item for item in layout.stored()}
        for key in dict.fromkeys((*shown, *by_key)):
            if key in layout.constants:
                if not (is_tagged and key == TYPENAME):
                    constant = Literal[layout.type_name]  # type: ignore[name-defined]
                    attributes.append((key, constant, layout.type_name))
            elif by_key[key].source == source:
                attributes.append((key, self._field_type(by_key[key]), msgspec.NODEFAULT))
            else:
                attributes.append((key, msgspec.UnsetType, msgspec.UNSET))
                self._field_type(by_key[key])
        made = self._make(layout.type_name, attributes, tag=layout.type_name if is_tagged else None)
        self._of_object[id(layout)] = made
        self._kept.append(layout)
        return made

    def answer_type(self, name: str, layout: ObjectLayout, source: Source) -> type[msgspec.Struct]:
        """The type of what `source` brings of objects that are there already."""
        attributes: list[Attribute] = [
            (item.key, self._field_type(item), msgspec.NODEFAULT) for item in layout.stored() if item.source == source
        ]
        attributes.sort(key=itemgetter(0))
        return self._make(name, attributes, tag=None)

    def envelope(self, data: Any) -> type[msgspec.Struct]:
        """The type of a whole response without errors."""
        absent = Union[None, msgspec.UnsetType]  # noqa: UP007 - built at run time
        return self._make("Response", [("data", data, msgspec.NODEFAULT), ("errors", absent, msgspec.UNSET)], tag=None)

    def entities(self, lists: dict[str, type[msgspec.Struct]]) -> type[msgspec.Struct]:
        """The type of ``data`` with entities: by alias, the type of each list's items."""
        return self._make(
            "Entities", [(alias, _list_of(item), msgspec.NODEFAULT) for alias, item in lists.items()], tag=None
        )

    def representation(self, type_name: str, names: tuple[str, ...]) -> type[msgspec.Struct]:
        """The type of a representation: ``__typename``, then its fields as they are."""
        return self._make(
            type_name, [(name, Any, msgspec.NODEFAULT) for name in names], tag=type_name, is_positional=True
        )

    def _field_type(self, item: FieldLayout) -> Any:
        inner = item.value
        if isinstance(inner, Composite):
            types = [
                self.object_type(variant, inner.source, is_tagged=inner.is_tagged)
                for variant in inner.variants.values()
            ]
            named: Any = Union[tuple(types)]  # noqa: UP007 - built at run time
        elif isinstance(inner, InternalLeaf):
            named = _HANDED_ON.get(inner.type_name)
            if named is None:
                named = _SIMPLE  # an enum, or a scalar of the subgraph's own
        elif not isinstance(inner, GraphQLEnumType) and inner.name not in _SHOWN:
            # A custom scalar. Where null is allowed, its bytes pass as they are; elsewhere, or where a representation is made
            # of it, only values that come out of decoding and encoding as the same bytes. Others go by the general path.
            return _wrapped(item.wrappers, _SIMPLE, nullable=_SIMPLE | None if item.is_read else msgspec.Raw)
        else:
            named = _leaf_type(inner)
        return _wrapped(item.wrappers, named)

    def _make(
        self, name: str, attributes: list[Attribute], *, tag: str | None, is_positional: bool = False
    ) -> type[msgspec.Struct]:
        key = (name, tuple(attributes), tag)
        made = self._made.get(key)
        if made is None:
            made = msgspec.defstruct(
                name,
                [(attribute(key), type_, default) for key, type_, default in attributes],
                rename={attribute(key): key for key, _, _ in attributes},
                tag=tag,
                tag_field=None if tag is None else TYPENAME,
                kw_only=not is_positional,
                gc=False,
                eq=False,
            )
            self._made[key] = made
        return made


def _list_of(item: Any) -> Any:
    return GenericAlias(list, (item,))


def _leaf_type(type_: GraphQLLeafType) -> Any:
    if not isinstance(type_, GraphQLEnumType):
        return _SHOWN[type_.name]
    if not type_.values:
        raise NotCovered(f"{type_.name} has no value to show")
    return Literal[tuple(type_.values)]


def _wrapped(wrappers: str, named: Any, *, nullable: Any = None) -> Any:
    """A type in its wrappers; `nullable` is the type where null is allowed, if that is more than the type or None."""
    is_non_null = wrappers.startswith("!")
    inner = wrappers.removeprefix("!")
    if inner.startswith("["):
        items = _list_of(_wrapped(inner[1:], named, nullable=nullable))
        return items if is_non_null else Optional[items]  # noqa: UP045 - built at run time
    if is_non_null:
        return named
    return Optional[named] if nullable is None else nullable  # noqa: UP045 - built at run time
