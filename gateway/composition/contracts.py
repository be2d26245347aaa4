"""Contracts: a supergraph of which a kind of client sees a part, chosen by tags.

What a contract leaves out is hidden with `@inaccessible`, so the gateway still uses it:

- A tag that is excluded hides what carries it: a type, a field, an argument, an input field, an enum value, a member of a union by its
  type.
- With tags to include, a field of an object or an interface stays only if it, or its type, carries one of them; and so does a union.
- A type of which nothing is left is hidden, and so is what can no longer be reached from a root.

Source: https://www.apollographql.com/docs/graphos/platform/schema-management/delivery/contracts/overview
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.composition.merged import Applied, MergedField, MergedType, Supergraph
from gateway.composition.model import ROOT_TYPES, Kind

INACCESSIBLE = Applied("inaccessible")


@dataclass(frozen=True, slots=True)
class Contract:
    """Which tags a kind of client sees.

    Attributes:
        include: if there are any, only what carries one of them is seen.
        exclude: what carries one of them is not seen, whatever else it carries.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()


def apply_contract(supergraph: Supergraph, contract: Contract) -> None:
    """Hides in the supergraph what the contract leaves out."""
    for merged in supergraph.types.values():
        _exclude(merged, contract.exclude)
        if contract.include:
            _include(merged, contract.include)
    _hide_empty(supergraph)
    _hide_unreachable(supergraph)


def tags(directives: Iterable[Applied]) -> frozenset[str]:
    """The tags of an element."""
    return frozenset(applied.arguments[0][1].strip('"') for applied in directives if applied.name == "tag")


def _hidden(directives: list[Applied]) -> bool:
    return INACCESSIBLE in directives


def _hide(directives: list[Applied]) -> None:
    if INACCESSIBLE not in directives:
        directives.append(INACCESSIBLE)


def _exclude(merged: MergedType, excluded: frozenset[str]) -> None:
    for directives in _elements(merged):
        if tags(directives) & excluded:
            _hide(directives)


def _include(merged: MergedType, included: frozenset[str]) -> None:
    if tags(merged.directives) & included:
        return
    if merged.kind is Kind.UNION:
        _hide(merged.directives)
    for field in merged.fields.values():
        if not tags(field.directives) & included:
            _hide(field.directives)


def _elements(merged: MergedType) -> Iterator[list[Applied]]:
    """The directives of a type and of everything in it."""
    yield merged.directives
    for field in merged.fields.values():
        yield field.directives
        yield from (argument.directives for argument in field.arguments.values())
    yield from (value.directives for value in merged.inputs.values())
    yield from (value.directives for value in merged.values.values())


def _hide_empty(supergraph: Supergraph) -> None:
    """Hides types without anything visible, and then what gives them, until nothing changes."""
    changed = True
    while changed:
        changed = False
        for merged in supergraph.types.values():
            if not _hidden(merged.directives) and merged.name != "Query" and _is_empty(supergraph, merged):
                _hide(merged.directives)
                changed = True
        for field in _visible_fields(supergraph):
            target = supergraph.types.get(field.type.name)
            if target is not None and _hidden(target.directives):
                _hide(field.directives)
                changed = True


def _is_empty(supergraph: Supergraph, merged: MergedType) -> bool:
    if merged.kind is Kind.SCALAR:
        return False
    if merged.kind is Kind.UNION:
        return all(_hidden(supergraph.types[name].directives) for name in merged.members)
    children = [
        *(field.directives for field in merged.fields.values()),
        *(value.directives for value in merged.inputs.values()),
        *(value.directives for value in merged.values.values()),
    ]
    return all(_hidden(directives) for directives in children)


def _visible_fields(supergraph: Supergraph) -> Iterator[MergedField]:
    for merged in supergraph.types.values():
        if not _hidden(merged.directives):
            yield from (field for field in merged.fields.values() if not _hidden(field.directives))


def _hide_unreachable(supergraph: Supergraph) -> None:
    waiting = [name for name in ROOT_TYPES if name in supergraph.types]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        merged = supergraph.types.get(name)
        if merged is None or name in reached or _hidden(merged.directives):
            continue
        reached.add(name)
        waiting.extend(merged.interfaces)
        waiting.extend(merged.members)
        if merged.kind is Kind.INTERFACE:
            waiting.extend(implementation.name for implementation in supergraph.implementations(name))
        for field in merged.fields.values():
            if not _hidden(field.directives):
                waiting.append(field.type.name)
                waiting.extend(a.type.name for a in field.arguments.values() if not _hidden(a.directives))
        waiting.extend(value.type.name for value in merged.inputs.values() if not _hidden(value.directives))
    for merged in supergraph.types.values():
        if merged.name not in reached:
            _hide(merged.directives)
