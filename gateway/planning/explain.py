"""Why a plan goes the way it goes: for each hop the fields that take it with their cost, and the routes that were rejected.

A hop is a fetch for the objects of one place in another subgraph than theirs. A cost counts all that is below the field: 1000 a fetch,
100 a level of depth, 1 a field; it is that of the search, before equal fetches are merged. What a rejected route costs by itself may be
less than the one taken: what counts is the sum for all fields of the place, and the words at the end of the line tell by how much that would grow.

                     fetches  depth  fields  cost
    items: list -> prices, by key "sku"
      price                1      1       3  1103
        not archive        2      2       6  2206  would cost 1103 more
        not shop           -      -       -     -  its key "upc" cannot be had here
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.operation.model import Operation
from gateway.planning.planner import solve
from gateway.planning.search.cover import surcharge
from gateway.planning.search.federated_schema import FederatedSchema, federated_schema_of
from gateway.planning.search.solution import Choice, Cost, Decision, FetchStep, Selected, Solution, UnreachableOption
from gateway.supergraph.model import Supergraph

_NUMBERS: Final = ("fetches", "depth", "fields", "cost")
_LEGEND: Final = """\
# Each hop to another subgraph, with the fields that take it, and the routes that were rejected.
# cost = 1000 x fetches + 100 x depth + fields, of all that is below, before equal fetches are merged; less is better.
"""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A route that was not taken.

    Attributes:
        service: the subgraph; None for staying where the object is.
        cost: None if it cannot be taken here at all.
        dearer: by how much the whole place would cost more, as a score; None if it cannot be taken.
        missing: how many leaves it would leave to others, or unanswered.
        because: in words.
    """

    service: str | None
    cost: Cost | None
    dearer: int | None
    missing: int
    because: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that was decided on, the cost of the route that it takes (None if there is none), and the other routes."""

    field: str
    cost: Cost | None
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """What is asked of one subgraph for the objects of one place.

    Attributes:
        place: names of the fields from the root to the objects; ``key of x`` and ``requirement of x`` before what is needed for
            those.
        left: the subgraph that the objects come from; None at the root.
        service: the subgraph that is entered; None for staying, or if there is no way.
        keys: as field sets, for each type; () at the root.
    """

    place: tuple[str, ...]
    left: str | None
    service: str | None
    keys: tuple[str, ...]
    asked: tuple[Asked, ...]


def explain(operation: Operation, supergraph: Supergraph, *, labels: frozenset[str] = frozenset()) -> tuple[Hop, ...]:
    """Every hop of an operation, from the root down; also of one that has no plan, as far as it gets.

    Staying in a subgraph is no hop; it is among them where something else was weighed and rejected.

    Raises:
        ClientError: QUERY_TOO_COMPLEX.
    """
    schema = federated_schema_of(supergraph, labels & supergraph.override_labels)
    solutions = solve(operation, supergraph, labels=labels)
    hops = (hop for solution in solutions for hop in _Walk(schema).hops(solution, (), None))
    return tuple(hop for hop in hops if hop.service is not None or any(_is_telling(asked) for asked in hop.asked))


def _is_telling(asked: Asked) -> bool:
    return asked.cost is None or bool(asked.rejected)


class _Walk:
    def __init__(self, schema: FederatedSchema) -> None:
        self._schema = schema

    def hops(self, solution: Solution, place: tuple[str, ...], left: str | None) -> Iterator[Hop]:
        """The hops from one place, and those from all places that are reached from it."""
        together: dict[str | None, list[Asked]] = {}
        for decision in solution.decisions:
            service = decision.taken.service if decision.taken is not None else None
            together.setdefault(service, []).append(self._asked(decision))
        for service, asked in together.items():
            yield Hop(place, left, service, _keys(solution, service), tuple(asked))
        told: set[int] = set()
        for step in solution.steps:
            if not isinstance(step, FetchStep):
                yield from self._below(step.selected, place, left, left)
                continue
            for ways, selected in step.selected:
                for way in ways:
                    if way.key_solution is not None and id(way.key_solution) not in told:
                        told.add(id(way.key_solution))
                        yield from self.hops(way.key_solution, (*place, f"key of {step.service}"), left)
                yield from self._below(selected, place, left, step.service)

    def _below(
        self, selected: Selected, place: tuple[str, ...], left: str | None, service: str | None
    ) -> Iterator[Hop]:
        """The hops for the field's requirement, from the place that is left for it, and those below the field."""
        name = selected.need.response_name or selected.need.name
        if selected.requirement is not None:
            yield from self.hops(selected.requirement, (*place, f"requirement of {name}"), left)
        if selected.below is not None:
            yield from self.hops(selected.below, (*place, name), service)

    def _asked(self, decision: Decision) -> Asked:
        about = decision.about
        taken = decision.taken
        rejected = [_rejected(decision, other) for other in decision.rejected]
        rejected += [self._closed(closed, about.need.weight) for closed in about.closed]
        name = about.need.response_name or about.need.name
        return Asked(name, taken.cost() if taken is not None else None, tuple(rejected))

    def _closed(self, closed: UnreachableOption, weight: int) -> Rejected:
        if closed.has_key:
            because = "what the field requires there cannot be had here"
        else:
            entities = dict.fromkeys(entry.entity for entry in closed.entries)
            keys = dict.fromkeys(
                _quoted(key.fields.text) for entity in entities for key in self._schema.keys(closed.service, entity)
            )
            because = f"its key {' or '.join(keys)} cannot be had here"
        return Rejected(closed.service, None, None, weight, because)


def _rejected(decision: Decision, other: Choice) -> Rejected:
    dearer = surcharge(decision, other)
    taken = decision.taken
    if taken is not None and other.missing_weight > taken.missing_weight:
        because = f"cannot answer {other.missing_weight - taken.missing_weight} more of the fields below"
    elif dearer > 0:
        because = f"would cost {dearer} more"
    elif dearer < 0 and decision.is_rescheduled:
        because = f"would cost {-dearer} less here, but takes requests that the plan spares"
    elif dearer < 0:
        because = f"would cost {-dearer} less, but was not tried: there are too many combinations"
    elif decision.is_rescheduled:
        because = "would cost the same; the other is asked anyway, or comes first"
    else:
        because = "would cost the same; the other comes first"
    return Rejected(other.service, other.cost(), dearer, other.missing_weight, because)


def _keys(solution: Solution, service: str | None) -> tuple[str, ...]:
    ways = (
        way
        for step in solution.steps
        if isinstance(step, FetchStep) and step.service == service
        for found, _ in step.selected
        for way in found
    )
    return tuple(dict.fromkeys(way.key.text for way in ways if way.key is not None))


def print_why(hops: tuple[Hop, ...]) -> str:
    """The hops as a table."""
    rows = [row for hop in hops for row in _rows(hop)]
    width = max((len(name) for name, numbers, _ in rows if numbers), default=0)
    lines = [f"{'':{width}}  {'  '.join(_NUMBERS)}"]
    for name, numbers, words in rows:
        cells = "  ".join(f"{number:>{len(heading)}}" for heading, number in zip(_NUMBERS, numbers, strict=False))
        lines.append(f"{name:<{width}}  {cells}  {words}".rstrip() if cells else name)
    return _LEGEND + "\n".join(lines) + "\n"


_Row = tuple[str, tuple[str, ...], str]


def _rows(hop: Hop) -> Iterator[_Row]:
    yield _title(hop), (), ""
    for asked in hop.asked:
        yield f"  {asked.field}", _numbers(asked.cost), "" if asked.cost is not None else "no way from here"
        for rejected in asked.rejected:
            name = f"not {rejected.service}" if rejected.service is not None else "not staying"
            yield f"    {name}", _numbers(rejected.cost), rejected.because


def _title(hop: Hop) -> str:
    where = f"{_place(hop.place)}: " if hop.place else ""
    left = hop.left or "start"
    if hop.service is None:
        return f"{where}at {left}"
    keys = f", by key {' or '.join(map(_quoted, hop.keys))}" if hop.keys else ""
    return f"{where}{left} -> {hop.service}{keys}"


def _place(place: tuple[str, ...]) -> str:
    """Names in dots; what keys and requirements need stands in brackets: ``items (key of prices).maker``."""
    parts: list[str] = []
    for part in place:
        if part.startswith(("key of ", "requirement of ")):
            parts.append(f" ({part})")
        else:
            parts.append(f".{part}" if parts else part)
    return "".join(parts).strip()


def _quoted(field_set: str) -> str:
    return f'"{field_set}"'


def _numbers(cost: Cost | None) -> tuple[str, ...]:
    return ("-",) * len(_NUMBERS) if cost is None else tuple(map(str, _cost_as_json(cost).values()))


def why_as_json(hops: tuple[Hop, ...]) -> list[Mapping[str, Any]]:
    """The hops as JSON-able values."""
    return [
        {
            "place": list(hop.place),
            "from": hop.left,
            "to": hop.service,
            "keys": list(hop.keys),
            "fields": [
                {
                    "name": asked.field,
                    "cost": _cost_as_json(asked.cost) if asked.cost is not None else None,
                    "rejected": [
                        {
                            "service": rejected.service,
                            "cost": _cost_as_json(rejected.cost) if rejected.cost is not None else None,
                            "dearer": rejected.dearer,
                            "missing": rejected.missing,
                            "because": rejected.because,
                        }
                        for rejected in asked.rejected
                    ],
                }
                for asked in hop.asked
            ],
        }
        for hop in hops
    ]


def _cost_as_json(cost: Cost) -> Mapping[str, int]:
    return dict(zip(_NUMBERS, (cost.fetches, cost.depth, cost.fields, cost.score), strict=True))
