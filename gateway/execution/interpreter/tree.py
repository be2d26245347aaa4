"""The tree that all fetches of a request write into: walking to its places, and merging answers into it.

A place is an object of the tree with the path that leads to it. Paths are linked from their end (`Trail`), because most of
them are never looked at: only an error turns its trail into a list.

Subgraphs may answer anything, so nothing here trusts a shape: what is no object where an object should be is kept as it is,
for projection to refuse, and never walked into. Answers are copied field by field into each place: what nobody asked for
does not enter the tree, and two places never share a dict.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.planning.plan import FetchedField, FetchedSelection, Path, PathStep

Tree = dict[str, Any]
Trail = tuple["Trail | None", str | int] | None
"""A path from its end: (the trail before, the last segment); None at the root."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object of the tree, and where it is."""

    value: Tree
    trail: Trail


@dataclass(frozen=True, slots=True)
class Shape:
    """What to take of an answer's object: (response name, key in the tree, shape of the objects there or None for a leaf).

    Attributes:
        demanded: the response names that an object of any type must have, if it was made of the selection.
    """

    fields: tuple[tuple[str, str, "Shape | None"], ...]
    demanded: frozenset[str] = frozenset()


def trail_path(trail: Trail) -> list[str | int]:
    """The path that a trail stands for, from the root."""
    path: list[str | int] = []
    while trail is not None:
        before, segment = trail
        path.append(segment)
        trail = before
    path.reverse()
    return path


def shape_of(selections: tuple[FetchedSelection, ...], certain: tuple[FetchedSelection, ...] | None = None) -> Shape:
    """The shape that takes all of `selections`: an answer's object has just the fields of the fragments that fit it.

    Args:
        certain: those that are asked of the object whatever the types around it are; None for all of them.
    """
    demanded = [
        selection
        for selection in (selections if certain is None else certain)
        if isinstance(selection, FetchedField) and selection.response_name != "__typename"
    ]
    certain_below: dict[tuple[str, str], tuple[FetchedSelection, ...]] = {}
    for field in demanded:
        pair = (field.response_name, field.key)
        certain_below[pair] = (*certain_below.get(pair, ()), *field.selections)
    below: dict[tuple[str, str], list[FetchedSelection] | None] = {}

    def collect(level: tuple[FetchedSelection, ...]) -> None:
        for selection in level:
            if not isinstance(selection, FetchedField):
                collect(selection.selections)
                continue
            pair = (selection.response_name, selection.key)
            if not selection.selections:
                below.setdefault(pair, None)
            else:
                inner = below.get(pair)
                below[pair] = [*(inner or ()), *selection.selections]

    collect(selections)
    return Shape(
        tuple(
            (
                response_name,
                key,
                None if inner is None else shape_of(tuple(inner), certain_below.get((response_name, key), ())),
            )
            for (response_name, key), inner in below.items()
        ),
        frozenset(field.response_name for field in demanded),
    )


def lacking(shape: Shape, answer: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths in an answer of the fields that were asked for and did not come, by response names.

    A field that only some types have is not among them: the answer does not always tell the type.
    """
    if isinstance(answer, list):
        for index, item in enumerate(answer):
            yield from lacking(shape, item, (*path, index))
    elif isinstance(answer, dict):
        for response_name, _, inner in shape.fields:
            if response_name not in answer:
                if response_name in shape.demanded:
                    yield (*path, response_name)
            elif inner is not None:
                yield from lacking(inner, answer[response_name], (*path, response_name))


def walk(root: Tree, path: Path) -> list[Place]:
    """The places at the end of `path`, in the order of the answer."""
    places = [Place(root, None)]
    for step in path:
        reached: list[Place] = []
        for place in places:
            _descend(place.value.get(step.key), (place.trail, step.key), step.list_depth, step, reached)
        places = reached
    return places


def _descend(value: Any, trail: Trail, list_depth: int, step: PathStep, reached: list[Place]) -> None:
    if list_depth:
        if isinstance(value, list):
            for index, item in enumerate(value):
                _descend(item, (trail, index), list_depth - 1, step, reached)
    elif isinstance(value, dict) and (step.types is None or value.get("__typename") in step.types):
        reached.append(Place(value, trail))


def merge(shape: Shape, answer: Tree, into: Tree, absent: set[str]) -> None:
    """Takes the shape's fields of `answer` into an object of the tree.

    Objects that are there already are extended, lists of one length item by item; a null never replaces a value.

    Args:
        absent: takes the names of demanded fields that did not come; `lacking` then finds their paths.
    """
    for response_name, key, inner in shape.fields:
        if response_name not in answer:
            if response_name in shape.demanded:
                absent.add(response_name)
            continue
        value = answer[response_name]
        if inner is None:
            if value is not None or key not in into:
                into[key] = value
            continue
        into[key] = _merged(inner, value, into[key], absent) if key in into else _taken(inner, value, absent)


def _taken(shape: Shape, value: Any, absent: set[str]) -> Any:
    if isinstance(value, dict):
        taken: Tree = {}
        merge(shape, value, taken, absent)
        return taken
    if isinstance(value, list):
        return [_taken(shape, item, absent) for item in value]
    return value


def _merged(shape: Shape, value: Any, present: Any, absent: set[str]) -> Any:
    if isinstance(present, dict) and isinstance(value, dict):
        merge(shape, value, present, absent)
        return present
    if isinstance(present, list) and isinstance(value, list) and len(present) == len(value):
        for index, item in enumerate(value):
            present[index] = _merged(shape, item, present[index], absent)
        return present
    return present if value is None else _taken(shape, value, absent)
