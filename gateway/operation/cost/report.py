"""The estimate of one operation, field by field, for people and tools."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.operation.cost.estimate import Alternative, FieldTerm, ObjectTerm, OperationCost, Walk


@dataclass(frozen=True, slots=True)
class CostLine:
    """A field that costs something, or the types that were the dearest of several.

    Attributes:
        depth: How deep it is, from 0.
        name: The response name, or ``... on`` with types.
        size: Items that the field may have, 1 for what is no list; of types 1.
        own: The field with all its items and arguments, without what is below.
        needs: What the gateway fetches for it beside, and 10 for a mutation.
        cost: All of it, for one parent object.
    """

    depth: int
    name: str
    size: int
    own: int
    needs: int
    cost: int


def cost_lines(cost: OperationCost, variables: Mapping[str, Any]) -> list[CostLine]:
    """Return the fields that make up an estimate, in the order of the operation; of several types the dearest."""
    return list(_below(cost.root, cost.walk(variables), 0))


def print_cost(lines: Sequence[CostLine], estimate: int) -> str:
    """Return the estimate and its fields as a table."""
    rows = [("", "size", "own", "needs", "cost")]
    rows += [
        ("  " * line.depth + line.name, str(line.size), str(line.own), str(line.needs), str(line.cost))
        for line in lines
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    text = [f"# costs at most {estimate}"]
    for name, *numbers in rows:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=True)]
        text.append("  ".join([f"  {name.ljust(widths[0])}", *cells]))
    return "\n".join(text) + "\n"


def cost_as_json(lines: Sequence[CostLine], estimate: int) -> dict[str, Any]:
    """Return the estimate and its fields for tools."""
    return {
        "estimate": estimate,
        "fields": [
            {
                "depth": line.depth,
                "name": line.name,
                "size": line.size,
                "own": line.own,
                "needs": line.needs,
                "cost": line.cost,
            }
            for line in lines
        ],
    }


def _below(term: ObjectTerm, walk: Walk, depth: int) -> Iterator[CostLine]:
    dearest = max(term.alternatives, key=walk.alternative)
    if len(term.alternatives) > 1:
        yield CostLine(depth, _types(dearest), 1, dearest.extra, 0, walk.alternative(dearest))
        depth += 1
    for field in dearest.fields:
        yield from _field(field, walk, depth)


def _field(term: FieldTerm, walk: Walk, depth: int) -> Iterator[CostLine]:
    cost = walk.field(term)
    size = walk.size(term)
    if not cost:
        return
    yield CostLine(depth, term.response_name, size, walk.own(term, size), term.needs, cost)
    if term.object is not None:
        yield from _below(term.object, walk, depth + 1)


def _types(alternative: Alternative) -> str:
    names = sorted(alternative.types)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"... on {', '.join(names[:3])}{more}"
