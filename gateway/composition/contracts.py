"""Contracts: a supergraph of which a kind of client sees a part, chosen by tags.

What a contract leaves out is hidden with `@inaccessible`, so the gateway still uses it, in keys and requirements as well. The rules, in
the order in which they are applied:

1. A tag on an object or interface type counts as a tag on each of its fields.
2. What carries an excluded tag is hidden: a type of any kind, a field, an argument (of a directive too), an input field, an enum value.
3. If there are tags to include, a field of an object or an interface is hidden unless it carries one of them, and so is a union. Enums,
   inputs, scalars and arguments stay: they come with the fields that use them.
4. A type of which nothing is left is hidden: no field, no value, no member that is seen.
5. A field of an interface is hidden if its type is, or if a type that implements the interface, and is seen, hides the field.
6. If unreachable types are to be hidden: every type that no visible field or argument leads to from the roots, unless it carries a tag
   to include.

Nothing else follows from what is hidden. A visible field of an object whose type is hidden is an error that names both
(REFERENCED_INACCESSIBLE): what clients see changes by a tag that somebody wrote, and never quietly.

Source: https://www.apollographql.com/docs/graphos/platform/schema-management/delivery/contracts/reference
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.composition.merged_model import Applied, MergedType, Supergraph
from gateway.composition.model import ROOT_TYPES, Kind

INACCESSIBLE = Applied("inaccessible")


@dataclass(frozen=True, slots=True)
class Contract:
    """Which tags a kind of client sees.

    Attributes:
        include: if there are any, only fields and unions that carry one of them are seen.
        exclude: what carries one of them is not seen, whatever else it carries.
        hides_unreachable: whether types that no operation could get at are hidden too.
    """

    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    hides_unreachable: bool = False


def apply_contract(supergraph: Supergraph, contract: Contract) -> None:
    """Hides in the supergraph what the contract leaves out."""
    for argument in supergraph.directive_arguments():
        if tags(argument.directives) & contract.exclude:
            _hide(argument.directives)
    for merged in supergraph.types.values():
        _exclude(merged, contract.exclude)
        if contract.include:
            _include(merged, contract.include)
    while _hide_left_over(supergraph):
        pass
    if contract.hides_unreachable:
        reached = _reachable(supergraph)
        for merged in supergraph.types.values():
            if merged.name not in reached and not tags(merged.directives) & contract.include:
                _hide(merged.directives)


def all_tags(supergraph: Supergraph) -> frozenset[str]:
    """Every tag that anything carries."""
    elements = [directives for merged in supergraph.types.values() for directives in merged.elements()]
    elements.extend(argument.directives for argument in supergraph.directive_arguments())
    return frozenset(tag for directives in elements for tag in tags(directives))


def tags(directives: Iterable[Applied]) -> frozenset[str]:
    """The tags of an element."""
    return frozenset(applied.arguments[0][1].strip('"') for applied in directives if applied.name == "tag")


def _is_hidden(directives: list[Applied]) -> bool:
    return INACCESSIBLE in directives


def _hide(directives: list[Applied]) -> None:
    if INACCESSIBLE not in directives:
        directives.append(INACCESSIBLE)


def _exclude(merged: MergedType, excluded: frozenset[str]) -> None:
    for directives in merged.elements():
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


def _hide_left_over(supergraph: Supergraph) -> bool:
    """Hides what rules 4 and 5 find now; whether that was anything."""
    found = [
        merged.directives
        for merged in supergraph.types.values()
        if not _is_hidden(merged.directives) and merged.name != "Query" and _is_empty(supergraph, merged)
    ]
    found.extend(_half_hidden_interface_fields(supergraph))
    for directives in found:
        _hide(directives)
    return bool(found)


def _is_empty(supergraph: Supergraph, merged: MergedType) -> bool:
    if merged.kind is Kind.SCALAR:
        return False
    if merged.kind is Kind.UNION:
        return all(_is_hidden(supergraph.types[name].directives) for name in merged.members)
    children = [
        *(field.directives for field in merged.fields.values()),
        *(value.directives for value in merged.inputs.values()),
        *(value.directives for value in merged.values.values()),
    ]
    return all(_is_hidden(directives) for directives in children)


def _half_hidden_interface_fields(supergraph: Supergraph) -> Iterator[list[Applied]]:
    """The directives of visible interface fields whose type, or whose field in a visible implementation, is hidden."""
    implementing: dict[str, list[MergedType]] = {}
    for merged in supergraph.types.values():
        if not _is_hidden(merged.directives):
            for name in merged.interfaces:
                implementing.setdefault(name, []).append(merged)
    for interface in supergraph.types.values():
        if interface.kind is not Kind.INTERFACE or _is_hidden(interface.directives):
            continue
        for field in interface.fields.values():
            if _is_hidden(field.directives):
                continue
            target = supergraph.types.get(field.type.name)
            theirs = (other.fields.get(field.name) for other in implementing.get(interface.name, ()))
            if (target is not None and _is_hidden(target.directives)) or any(
                own is not None and _is_hidden(own.directives) for own in theirs
            ):
                yield field.directives


def _reachable(supergraph: Supergraph) -> set[str]:
    """The visible types that an operation could get at, by selecting or by giving them."""
    waiting = [name for name in ROOT_TYPES if name in supergraph.types]
    waiting.extend(a.type.name for a in supergraph.directive_arguments() if not _is_hidden(a.directives))
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        merged = supergraph.types.get(name)
        if merged is None or name in reached or _is_hidden(merged.directives):
            continue
        reached.add(name)
        waiting.extend(merged.interfaces)
        waiting.extend(merged.members)
        if merged.kind is Kind.INTERFACE:
            waiting.extend(other.name for other in supergraph.types.values() if name in other.interfaces)
        for field in merged.fields.values():
            if not _is_hidden(field.directives):
                waiting.append(field.type.name)
                waiting.extend(a.type.name for a in field.arguments.values() if not _is_hidden(a.directives))
        waiting.extend(value.type.name for value in merged.inputs.values() if not _is_hidden(value.directives))
    return reached
