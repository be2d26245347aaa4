"""Holds a gateway's response against one schema's."""

from collections.abc import Iterator, Sequence
from typing import Any

Path = tuple[str | int, ...]


def comparable(response: Any) -> Any:
    """What of a response must be alike: its data, and the nulls that errors explain; messages are each server's own.

    Of an object that is lost to one error, others may be told or not: whoever executes may stop asking for the rest of it.
    """
    if isinstance(response, list):
        return [comparable(each) for each in response]
    if not isinstance(response, dict) or not response.get("errors"):
        return response
    nulls = {null_at(response.get("data"), error.get("path", ())) for error in response["errors"]}
    return {"data": response.get("data"), "errors": sorted(nulls, key=str)}


def null_at(data: Any, path: Sequence[str | int]) -> Path:
    """The place of the first null on the way along a path; the whole path if there is none."""
    for length, segment in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[segment]
    return tuple(path)


def unexplained(response: Any, expected: Any) -> list[str]:
    """Return where a response differs from the expected one otherwise than by a null that an error of its own explains.

    No error may be at a leaf that has a value. One at an object tells of what only the gateway asked for there (`failures`).
    """
    if isinstance(response, list) and isinstance(expected, list) and len(response) == len(expected):
        return [found for mine, its in zip(response, expected, strict=True) for found in unexplained(mine, its)]
    data, errors = response.get("data"), response.get("errors") or ()
    nulls = {null_at(data, error.get("path", ())) for error in errors}
    found = [f"{path}: {mine!r} is not {its!r}" for path, mine, its in _differences(data, expected.get("data"), nulls)]
    return found + [
        f"{path} has an error and a value" for path in nulls if not isinstance(_at(data, path), dict | list | None)
    ]


def lost(response: Any, least: Any) -> list[str]:
    """Return where a response has a null although the least that it must have holds a value."""
    if isinstance(response, list) and isinstance(least, list):
        return [found for mine, its in zip(response, least, strict=True) for found in lost(mine, its)]
    kept = _differences(least.get("data"), response.get("data"), None)
    return [f"{path}: {mine!r} was lost" for path, mine, its in kept if its is None]


def _differences(mine: Any, its: Any, nulls: set[Path] | None, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """Yield (path, mine, its) where values differ; not where mine is one of `nulls`; none counts for any null of mine."""
    if mine is None and its is not None and (nulls is None or path in nulls):
        return
    if isinstance(mine, dict) and isinstance(its, dict) and list(mine) == list(its):
        for name, value in mine.items():
            yield from _differences(value, its[name], nulls, (*path, name))
    elif isinstance(mine, list) and isinstance(its, list) and len(mine) == len(its):
        for index, value in enumerate(mine):
            yield from _differences(value, its[index], nulls, (*path, index))
    elif mine != its:
        yield path, mine, its


def _at(data: Any, path: Path) -> Any:
    for segment in path:
        data = data[segment]
    return data
