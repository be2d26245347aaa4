"""msgspec types for a layout: one Struct for each object, its fields in the order of the answer.

Decoding into them checks what the general path would check: nulls, leaf types, visible enum values, unknown types. A value
that does not fit is a decode error, and the general path then says what is wrong and where.

- A field that the object's own fetch brings must be there. One that another fetch brings must not be, yet; it starts UNSET.
- Attributes are named ``f_`` and the response name, so that no name of a client's meets one of Python's.
- Objects of abstract types are a union, told apart by ``__typename`` as its tag. A tag is written before all else; where the
  client wants it elsewhere, or not at all, the objects are made anew once, of types that have no tag.
"""

from collections.abc import Callable
from operator import itemgetter
from types import GenericAlias
from typing import Annotated, Any, Final, Literal, Optional, Union

import msgspec
from graphql import GraphQLEnumType, GraphQLLeafType

from gateway.execution.compiled.layout import (
    Composite,
    FieldLayout,
    InternalLeaf,
    NotCovered,
    ObjectLayout,
    Source,
    may_be_absent,
)
from gateway.execution.interpreter.leaf_coercion import MAX_INT, MIN_INT
from gateway.operation.model import TYPENAME

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
        self._of_object: dict[tuple[str, ObjectLayout], type[msgspec.Struct]] = {}

    def root_type(self, layout: ObjectLayout) -> type[msgspec.Struct]:
        """The type of the tree's root, which no fetch creates: all its fields come later."""
        return self._remembered("tree", layout, lambda: self._make("Root", self._attributes(layout, None), tag=None))

    def decoded_type(self, layout: ObjectLayout, composite: Composite) -> type[msgspec.Struct]:
        """The type of one variant's objects as they come out of a subgraph's answer."""
        if not composite.is_tagged or composite.is_shown_as_tagged():
            return self.tree_type(layout, composite)
        brought: list[Attribute] = [
            (item.key, self._field_type(item), msgspec.NODEFAULT)
            for item in layout.stored()
            if item.source == composite.source
        ]
        return self._remembered("decoded", layout, lambda: self._make(layout.type_name, brought, tag=layout.type_name))

    def tree_type(self, layout: ObjectLayout, composite: Composite) -> type[msgspec.Struct]:
        """The type of one variant's objects in the tree; the same as the decoded one unless the tag stands elsewhere."""
        if composite.is_tagged and not composite.is_shown_as_tagged():
            attributes: list[Attribute] = [(key, Any, msgspec.NODEFAULT) for key in self.stored_keys(layout)]
            return self._remembered(
                "tree", layout, lambda: self._make(layout.type_name, attributes, tag=None, is_positional=True)
            )
        tag = layout.type_name if composite.is_tagged else None
        return self._remembered(
            "tree", layout, lambda: self._make(layout.type_name, self._attributes(layout, composite), tag=tag)
        )

    def stored_keys(self, layout: ObjectLayout) -> list[str]:
        """The keys of an object's attributes, in their order: what is shown, and what is read besides."""
        return list(dict.fromkeys((*layout.order, *(item.key for item in layout.stored()))))

    def _attributes(self, layout: ObjectLayout, composite: Composite | None) -> list[Attribute]:
        source = None if composite is None else composite.source
        is_tagged = composite is not None and composite.is_tagged
        by_key = {item.key: item for item in layout.stored()}
        attributes: list[Attribute] = []
        for key in self.stored_keys(layout):
            if key in layout.constants:
                if not (is_tagged and key == TYPENAME):
                    attributes.append((key, Literal[layout.type_name], layout.type_name))
            elif by_key[key].source == source:
                attributes.append((key, self._field_type(by_key[key]), msgspec.NODEFAULT))
            else:
                attributes.append((key, msgspec.UnsetType, msgspec.UNSET))
        return attributes

    def _remembered(
        self, role: str, layout: ObjectLayout, make: Callable[[], type[msgspec.Struct]]
    ) -> type[msgspec.Struct]:
        known = self._of_object.get((role, layout))
        if known is None:
            known = self._of_object[role, layout] = make()
        return known

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

    def entities(self, lists: dict[str, Any]) -> type[msgspec.Struct]:
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
            types = [self.decoded_type(variant, inner) for variant in inner.variants.values()]
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


def entity_type(made: type[msgspec.Struct], layout: ObjectLayout, source: Source) -> Any:
    """The type of a group's entities, as they are decoded."""
    return made | None if may_be_absent(layout, source) else made
