"""References to types, as fields and arguments hold them, and when one may stand for another."""

from collections.abc import Callable
from dataclasses import dataclass

from graphql import TypeNode

from gateway.supergraph.input_types import wrapped

NamedSubtype = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A named type in its wrappers.

    Attributes:
        name: the named type, e.g. ``Int``.
        wrappers: from outside in, ``!`` for non-null and ``[`` for a list: ``[Int!]!`` is ``![!``.
    """

    name: str
    wrappers: str = ""

    def __str__(self) -> str:
        text = self.name
        for wrapper in reversed(self.wrappers):
            text = f"{text}!" if wrapper == "!" else f"[{text}]"
        return text

    @property
    def is_non_null(self) -> bool:
        """Whether null may never be there."""
        return self.wrappers.startswith("!")

    @property
    def is_list(self) -> bool:
        """Whether the outermost wrapper, nullability aside, is a list."""
        return self.nullable().wrappers.startswith("[")

    def nullable(self) -> "TypeRef":
        """The same type where null is allowed."""
        return TypeRef(self.name, self.wrappers[1:]) if self.is_non_null else self

    def item(self) -> "TypeRef":
        """What a list holds; only for lists."""
        return TypeRef(self.name, self.nullable().wrappers[1:])


def from_node(node: TypeNode) -> TypeRef:
    """The reference that a syntax node spells."""
    return TypeRef(*wrapped(node))


def is_subtype(sub: TypeRef, of: TypeRef, named_subtype: NamedSubtype) -> bool:
    """Whether every value of `sub` is a value of `of`.

    Args:
        named_subtype: whether the first named type is a member or an implementation of the second.
    """
    if of.is_non_null:
        return sub.is_non_null and is_subtype(sub.nullable(), of.nullable(), named_subtype)
    sub = sub.nullable()
    if of.is_list or sub.is_list:
        return of.is_list and sub.is_list and is_subtype(sub.item(), of.item(), named_subtype)
    return sub.name == of.name or named_subtype(sub.name, of.name)
