"""Which subgraph a value of the answer came from: told with errors about values that are not what the schema says."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from gateway.planning.plan import Fetch, FetchedField, FetchedSelection, Path

VALUE_CODES: Final = frozenset({"INVALID_SUBGRAPH_VALUE", "NON_NULL_FIELD_IS_NULL"})
"""Errors that the projection finds in what a subgraph has answered."""


def name_services(errors: Iterable[dict[str, Any]], fetches: Sequence[Fetch]) -> None:
    """Adds ``extensions.serviceName`` to errors about values, where one subgraph alone was asked for the value.

    Args:
        errors: with a path, as they are shown.
    """
    known: dict[tuple[str, ...], str | None] = {}
    for error in errors:
        names = tuple(segment for segment in error["path"] if isinstance(segment, str))
        if names not in known:
            known[names] = _service_of(names, fetches)
        if known[names] is not None and error["extensions"]["code"] in VALUE_CODES:
            error["extensions"]["serviceName"] = known[names]


def _service_of(names: Sequence[str], fetches: Sequence[Fetch]) -> str | None:
    """The subgraph that was asked for the field of this name path; None if several were, for objects of other types."""
    services = {fetch.service for fetch in fetches if any(_asks(*asked, names) for asked in _asked(fetch))}
    return services.pop() if len(services) == 1 else None


def _asked(fetch: Fetch) -> Iterator[tuple[Path, tuple[FetchedSelection, ...]]]:
    """The places that a fetch is for, each with what it asks there."""
    if not fetch.groups:
        yield fetch.root_path, fetch.selections
    for group in fetch.groups:
        for target in group.targets:
            yield target, group.selections


def _asks(place: Path, selections: tuple[FetchedSelection, ...], names: Sequence[str]) -> bool:
    inside = len(place)
    return [step.key for step in place] == list(names[:inside]) and _selects(selections, names[inside:])


def _selects(selections: tuple[FetchedSelection, ...], names: Sequence[str]) -> bool:
    """Whether there is a field at the end of these names."""
    for selection in selections:
        if not isinstance(selection, FetchedField):
            if _selects(selection.selections, names):
                return True
        elif names and selection.key == names[0] and (len(names) == 1 or _selects(selection.selections, names[1:])):
            return True
    return False
