"""The tree that all fetches of a request write into: walking to its places, and merging answers into it.

A place is an object of the tree with the path that leads to it. Paths are linked from their end (`Trail`), because most of
them are never looked at: only an error turns its trail into a list.

Subgraphs may answer anything, so nothing here trusts a shape: what is no object where an object should be is kept as it is,
for projection to refuse, and never walked into. Answers are copied field by field into each place: what nobody asked for
does not enter the tree, and two places never share a dict.
"""

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
    """What to take of an answer's object: (response name, key in the tree, shape of the objects there or None for a leaf)."""

    fields: tuple[tuple[str, str, "Shape | None"], ...]


def trail_path(trail: Trail) -> list[str | int]:
    """The path that a trail stands for, from the root."""
    path: list[str | int] = []
    while trail is not None:
        before, segment = trail
        path.append(segment)
        trail = before
    path.reverse()
    return path


def shape_of(selections: tuple[FetchedSelection, ...]) -> Shape:
    """The shape that takes all of `selections`: an answer's object has just the fields of the fragments that fit it."""
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
            (response_name, key, None if inner is None else shape_of(tuple(inner)))
            for (response_name, key), inner in below.items()
        )
    )


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


def merge(shape: Shape, answer: Tree, into: Tree) -> None:
    """Takes the shape's fields of `answer` into an object of the tree.

    Objects that are there already are extended, lists of one length item by item; a null never replaces a value.
    """
    for response_name, key, inner in shape.fields:
        if response_name not in answer:
            continue
        value = answer[response_name]
        if inner is None:
            if value is not None or key not in into:
                into[key] = value
            continue
        into[key] = _merged(inner, value, into[key]) if key in into else _taken(inner, value)


def _taken(shape: Shape, value: Any) -> Any:
    if isinstance(value, dict):
        taken: Tree = {}
        merge(shape, value, taken)
        return taken
    if isinstance(value, list):
        return [_taken(shape, item) for item in value]
    return value


def _merged(shape: Shape, value: Any, present: Any) -> Any:
    if isinstance(present, dict) and isinstance(value, dict):
        merge(shape, value, present)
        return present
    if isinstance(present, list) and isinstance(value, list) and len(present) == len(value):
        for index, item in enumerate(value):
            present[index] = _merged(shape, item, present[index])
        return present
    return present if value is None else _taken(shape, value)
