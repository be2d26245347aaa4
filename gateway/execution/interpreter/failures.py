"""Subgraphs' errors become the client's: each at its exact path, none twice, none lost.

A subgraph's error says where it happened in the subgraph's own document: ``["_entities", 3, "name"]``. The client's document
has that entity at one place or at many, perhaps under other names. So an error is kept until the tree is whole, and then shown
once for each place, with its path translated field by field. What has no place of its own (a subgraph that is down, an error
about a whole entity, an error without a path) is shown at every field that is null because of it; and if no client's field
is, at the places themselves.

A failure goes on: what could not be asked for, because a key or a requirement did not come, is null for the same reason, and is shown
with the same error (`Failure.passed_on`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from gateway.errors import SubgraphError
from gateway.execution.interpreter.tree import Place, Trail, Tree, trail_path
from gateway.execution.request import SubgraphEndpoint
from gateway.planning.plan import FetchedField, FetchedSelection

MAX_SHOWN: Final = 10_000
"""Errors of an answer. A subgraph that reports many errors about many places must not fill the memory with their product."""

MAX_LIST_NESTING: Final = 16
"""Lists in lists of one field. More indexes in a row are no path: the subgraph chooses their number, and each costs us."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of a subgraph, and the part of the tree that it is about.

    Attributes:
        places: what the failed part of the fetch belongs to, with what was asked there.
        below: the path from those places on, in the subgraph's response names; () for the places themselves.
    """

    service: str
    message: str
    extensions: dict[str, Any]
    places: tuple[tuple[Place, tuple[FetchedSelection, ...]], ...]
    below: tuple[str | int, ...] = ()

    def about(self, hidden: str) -> Iterator[list[str | int]]:
        """The client's paths of what failed, as exactly as is known before the tree is whole.

        Args:
            hidden: what the names begin with that only the gateway asked for.
        """
        for place, selections in self.places:
            yield trail_path(_followed(self.below, selections, place, hidden).trail)

    def told(self, hidden: str) -> tuple[list[list[str | int]], list[list[str | int]]]:
        """The client's paths of the nulls that the failure explains, and of the objects of which it explains none.

        To be asked when the tree is whole.
        """
        exact: list[list[str | int]] = []
        vague: list[list[str | int]] = []
        for place, selections in self.places:
            if self.below:
                followed = _followed(self.below, selections, place, hidden)
                lost = [followed.trail] if followed.is_whole else list(_lost_beside(followed, hidden))
                exact.extend(map(trail_path, lost))
                if not lost:
                    vague.append(trail_path(followed.trail))
            else:
                exact.extend(map(trail_path, _nulls(place.value, place.trail, selections, hidden)))
        if not exact and not vague:
            vague = [trail_path(place.trail) for place, _ in self.places]
        unseen = [path for path in exact if shown_path(path, hidden) != path]
        above = dict.fromkeys(tuple(shown_path(path, hidden)) for path in (*unseen, *vague))
        return [path for path in exact if shown_path(path, hidden) == path], [list(path) for path in above]

    def passed_on(self, places: Sequence[tuple[Place, tuple[FetchedSelection, ...]]]) -> "Failure":
        """The same failure, as the cause of what could not be asked for at other places."""
        return Failure(self.service, self.message, self.extensions, tuple(places))


def shown_path(path: list[str | int], hidden: str) -> list[str | int]:
    """The path as far as the client knows it: it ends above what only the gateway asked for."""
    ends = (index for index, segment in enumerate(path) if isinstance(segment, str) and _is_hidden(segment, hidden))
    return path[: next(ends, len(path))]


def shown_errors(failures: Iterable[Failure], hidden: str) -> list[dict[str, Any]]:
    """The client's errors, in the order of the failures; to be asked when the tree is whole.

    What is told at a field is not told again at the object around it. No answer has more than `MAX_SHOWN` of them: the last one then
    says so.
    """
    told: list[tuple[Failure, list[list[str | int]], list[list[str | int]]]] = []
    count = 0
    for failure in failures:
        exact, vague = failure.told(hidden)
        told.append((failure, exact, vague))
        count += len(exact) + len(vague)
        if count > MAX_SHOWN:
            break
    is_explained = _Ancestors((failure.message, path) for failure, exact, _ in told for path in exact)
    errors: list[dict[str, Any]] = []
    for failure, exact, vague in told:
        paths = exact + [path for path in vague if not is_explained(failure.message, path)]
        if not paths and not vague:
            paths = [[]]
        errors.extend(_shown(failure.message, path, failure.extensions) for path in paths)
    if len(errors) > MAX_SHOWN:
        errors[MAX_SHOWN - 1 :] = [_shown("There are more errors than are shown.", [], {"code": "TOO_MANY_ERRORS"})]
    return errors


class _Ancestors:
    """The paths above some paths, as a tree: its size is the sum of their lengths, where a set of all prefixes would square them.

    Args:
        paths: each with its message; they are told apart by it.
    """

    def __init__(self, paths: Iterable[tuple[str, list[str | int]]]) -> None:
        self._roots: dict[str, dict[str | int, Any]] = {}
        for message, path in paths:
            node = self._roots.setdefault(message, {})
            for segment in path:
                node = node.setdefault(segment, {})

    def __call__(self, message: str, path: list[str | int]) -> bool:
        """Whether one of the paths goes on below this one."""
        node = self._roots.get(message)
        for segment in path:
            if node is None:
                return False
            node = node.get(segment)
        return bool(node)


def _shown(message: str, path: list[str | int], extensions: dict[str, Any]) -> dict[str, Any]:
    if not path:
        return {"message": message, "extensions": extensions}
    return {"message": message, "path": path, "extensions": extensions}


def failure_of_fetch(error: SubgraphError, places: Sequence[tuple[Place, tuple[FetchedSelection, ...]]]) -> Failure:
    """The failure of a whole request, which cost all its places their fields."""
    return Failure(error.service, error.message, {"code": error.code, "serviceName": error.service}, tuple(places))


def failure_of_answer(
    service: SubgraphEndpoint,
    error: Any,
    places: Sequence[tuple[Place, tuple[FetchedSelection, ...]]],
    below: Sequence[str | int],
) -> Failure:
    """The failure that an entry of a response's ``errors`` tells of, whatever the entry is, as the subgraph's rules show it."""
    rules, name = service.errors, service.name
    return Failure(name, rules.message(name, error), rules.shown_extensions(name, error), tuple(places), tuple(below))


def failure_of_rest(service: str, count: int) -> Failure:
    """The failure that stands for so many more errors of one answer, which are not shown."""
    message = f"Subgraph {service!r} reported {count} more errors."
    return Failure(service, message, {"code": "DOWNSTREAM_SERVICE_ERROR", "serviceName": service}, ())


class _Followed(NamedTuple):
    """How far a subgraph's path leads in the client's tree.

    Attributes:
        trail: The client's path.
        value: What the tree holds there; None if it holds nothing.
        selections: What was asked there.
        is_whole: Whether the path was followed to its end.
    """

    trail: Trail
    value: Any
    selections: Sequence[FetchedSelection]
    is_whole: bool


def _followed(
    below: tuple[str | int, ...], selections: Sequence[FetchedSelection], place: Place, hidden: str
) -> _Followed:
    """Follow a subgraph's path from a place: it ends above what only the gateway asked for, and where it leaves the selections."""
    trail = place.trail
    value: Any = place.value
    nesting = 0
    for segment in below:
        if isinstance(segment, int):
            nesting += 1
            if nesting > MAX_LIST_NESTING:
                return _Followed(trail, value, selections, is_whole=False)
            value = value[segment] if isinstance(value, list) and 0 <= segment < len(value) else None
            trail = (trail, segment)
            continue
        nesting = 0
        matching = [field for field in fields_of(selections) if field.response_name == segment]
        if not matching or _is_hidden(matching[0].key, hidden):
            return _Followed(trail, value, selections, is_whole=False)
        key = matching[0].key
        value = value.get(key) if isinstance(value, dict) else None
        trail = (trail, key)
        selections = [selection for field in matching for selection in field.selections]
    return _Followed(trail, value, selections, is_whole=True)


def _lost_beside(followed: _Followed, hidden: str) -> Iterator[Trail]:
    """The client's fields that did not come since a hidden field beside them failed: it is non-null, and took their object with it."""
    value = followed.value
    if isinstance(value, dict):
        keys = dict.fromkeys(field.key for field in fields_of(followed.selections, value.get("__typename")))
        yield from ((followed.trail, key) for key in keys if key not in value and not _is_hidden(key, hidden))


def _nulls(value: Tree, trail: Trail, selections: Sequence[FetchedSelection], hidden: str) -> Iterator[Trail]:
    """The client's fields of `selections` that are null or missing in an object, and in the objects below it."""
    seen: set[str] = set()
    typename = value.get("__typename")
    for field in fields_of(selections, typename):
        if _is_hidden(field.key, hidden) or field.key in seen:
            continue
        seen.add(field.key)
        yield from _nulls_at(value.get(field.key), (trail, field.key), field.selections, hidden)


def _nulls_at(value: Any, trail: Trail, selections: Sequence[FetchedSelection], hidden: str) -> Iterator[Trail]:
    if value is None:
        yield trail
    elif isinstance(value, dict):
        yield from _nulls(value, trail, selections, hidden)
    elif isinstance(value, list) and selections:
        for index, item in enumerate(value):
            if item is not None:
                yield from _nulls_at(item, (trail, index), selections, hidden)


def _is_hidden(key: str, hidden: str) -> bool:
    return key == "__typename" or key.startswith(hidden)


def fields_of(selections: Sequence[FetchedSelection], typename: Any = None) -> Iterator[FetchedField]:
    """The fields asked of an object: of all fragments, or, if its type is known, of those that fit."""
    for selection in selections:
        if isinstance(selection, FetchedField):
            yield selection
        elif typename is None or typename in selection.types:
            yield from fields_of(selection.selections, typename)
