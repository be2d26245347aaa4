"""What a plan fetches in vain: values that an awaited fetch has brought already, and values that nobody reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.planning.plan import FetchedFragment, FetchedSelection, Path, Plan, RepresentationField

Keys = tuple[str, ...]
"""A place in the tree by the names that lead to it, lists aside."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf that a fetch brings, of objects of some types; None for all."""

    fetch: int
    types: frozenset[str] | None

    def overlaps(self, other: "_Leaf") -> bool:
        return self.types is None or other.types is None or bool(self.types & other.types)


def waste(plan: Plan) -> list[str]:
    """What is fetched in vain, in words; [] if nothing is."""
    leaves: dict[tuple[Keys, str], list[_Leaf]] = {}
    for fetch in plan.fetches:
        for path, selections in _asked(plan, fetch.id):
            for place, key, types in _leaves(selections, path, None):
                leaves.setdefault((place, key), []).append(_Leaf(fetch.id, types))
    read = {found for fetch in plan.fetches for found in _read(plan, fetch.id)}
    awaited = _awaited(plan)
    found: list[str] = []
    for (place, key), bringing in leaves.items():
        named = ".".join((*place, key))
        found.extend(
            f"fetch {later.fetch} brings {named} again, after fetch {leaf.fetch}"
            for leaf in bringing
            for later in bringing
            if leaf.fetch in awaited[later.fetch] and leaf.overlaps(later)
        )
        is_hidden = key.startswith(plan.hidden_prefix) and key not in {"__typename", f"{plan.hidden_prefix}exists"}
        if is_hidden and (place, key) not in read:
            found.append(f"fetch {bringing[0].fetch} brings {named}, which nobody reads")
    return found


def _awaited(plan: Plan) -> list[frozenset[int]]:
    awaited: list[frozenset[int]] = []
    for fetch in plan.fetches:
        awaited.append(frozenset(fetch.depends_on).union(*(awaited[before] for before in fetch.depends_on)))
    return awaited


def _asked(plan: Plan, fetch_id: int) -> Iterator[tuple[Keys, tuple[FetchedSelection, ...]]]:
    fetch = plan.fetches[fetch_id]
    if not fetch.groups:
        yield _keys(fetch.root_path), fetch.selections
    for group in fetch.groups:
        for target in group.targets:
            yield _keys(target), group.selections


def _leaves(
    selections: tuple[FetchedSelection, ...], place: Keys, types: frozenset[str] | None
) -> Iterator[tuple[Keys, str, frozenset[str] | None]]:
    for selection in selections:
        if isinstance(selection, FetchedFragment):
            narrowed = selection.types if types is None else selection.types & types
            yield from _leaves(selection.selections, place, narrowed)
        elif selection.selections:
            yield from _leaves(selection.selections, (*place, selection.key), None)
        elif selection.key != "__typename":
            yield place, selection.key, types


def _read(plan: Plan, fetch_id: int) -> Iterator[tuple[Keys, str]]:
    for group in plan.fetches[fetch_id].groups:
        for target in group.targets:
            place = _keys(target)
            for representation in group.representations:
                yield from _sources(representation.fields, place)
            for context in group.contexts:
                for origin in context.origins:
                    yield from _sources((origin.value,), place[: len(place) - origin.levels])


def _sources(fields: tuple[RepresentationField, ...], place: Keys) -> Iterator[tuple[Keys, str]]:
    for field in fields:
        yield place, field.source
        for branch in field.branches:
            yield from _sources(branch.fields, (*place, field.source))


def _keys(path: Path) -> Keys:
    return tuple(step.key for step in path)
