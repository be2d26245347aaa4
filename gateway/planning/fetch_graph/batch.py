"""Batching: entity fetches of one subgraph that can be asked at one time become one request.

Each fetch has an earliest level (one after the latest that it waits for) and a latest (one before the first that waits for it, so that
the plan gets no deeper). Two fetches of one subgraph can go together at a level that suits both, unless one waits for the other.
Joined are those that wait for just the same, then those that are nearest first. A fetch that nobody waits for thus waits for a later one of its subgraph, which costs
nothing: the answer is sent when all is there. Joining the nearest leaves as much as possible early, but the order of the joins can cost a request; where some
subgraph is asked more than once, all are joined level by level as well, and the way with fewer requests is taken.

    levels    1 users  1 top   2 reviews(users)  2 reviews(top)   2..4 stock(top)   3 products   4 stock(products)
    becomes   1 users  1 top   2 reviews                          3 products                     4 stock
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.planning.budget import StepBudget
from gateway.planning.fetch_graph.fetch_node import FetchNode

MAX_PAIRWISE = 64
"""Fetches among which all pairs are looked at, once those that wait for the same are joined; larger plans are joined level by level."""


@dataclass(slots=True, eq=False)
class Batch:
    """Fetch nodes that become one request; compared by identity.

    Attributes:
        earliest: the level at which it can be sent at the earliest, from 1.
        latest: the level at which it must be sent, or the plan gets deeper.
        ancestors: all batches that it waits for, over however many steps: bit n is the batch of number n.
    """

    nodes: list[FetchNode]
    depends_on: "set[Batch]" = field(default_factory=set)
    earliest: int = 0
    latest: int = 0
    ancestors: int = 0

    @property
    def number(self) -> int:
        """The first fetch node's number; for a stable order."""
        return self.nodes[0].number

    def waits_for(self, other: "Batch") -> bool:
        """Whether it depends on the other, over however many steps."""
        return bool(self.ancestors >> other.number & 1)


def batch_nodes(nodes: list[FetchNode], budget: StepBudget) -> list[Batch]:
    """All fetch nodes in batches, each batch after those that it depends on."""
    batches = _joined_siblings(_single(nodes))
    if len(batches) > MAX_PAIRWISE:
        batches = _joined_pairwise(_joined_by_levels(batches, budget), budget)
    else:
        batches = _joined_pairwise(batches, budget)
        if _asks_twice(batches):
            by_levels = _joined_by_levels(_joined_siblings(_single(nodes)), budget)
            batches = min(batches, _joined_pairwise(by_levels, budget), key=len)
    _set_levels(batches)
    batches.sort(key=lambda batch: (batch.earliest, batch.number))
    for batch in batches:
        batch.depends_on = _direct(batch)
    return batches


def _single(nodes: list[FetchNode]) -> list[Batch]:
    by_node = {node: Batch([node]) for node in nodes}
    for node, batch in by_node.items():
        batch.depends_on = {by_node[before] for before in node.depends_on}
    return list(by_node.values())


def _set_levels(batches: list[Batch]) -> None:
    ordered = _ordered(batches)
    for batch in ordered:
        batch.earliest = 1 + max((before.earliest for before in batch.depends_on), default=0)
        batch.ancestors = 0
        for before in batch.depends_on:
            batch.ancestors |= before.ancestors | 1 << before.number
    depth = max((batch.earliest for batch in ordered), default=0)
    for batch in ordered:
        batch.latest = depth
    for batch in reversed(ordered):
        for before in batch.depends_on:
            before.latest = min(before.latest, batch.latest - 1)


def _ordered(batches: Iterable[Batch]) -> list[Batch]:
    """Each after those that it depends on."""
    ordered: list[Batch] = []
    done: set[Batch] = set()
    for start in batches:
        pending = [start]
        while pending:
            batch = pending[-1]
            waiting = sorted((before for before in batch.depends_on if before not in done), key=lambda b: b.number)
            if waiting:
                pending.extend(waiting)
                continue
            pending.pop()
            if batch not in done:
                done.add(batch)
                ordered.append(batch)
    return ordered


def _asks_twice(batches: list[Batch]) -> bool:
    """Whether two batches of entities go to one subgraph, which another order of joins might spare."""
    services = [batch.nodes[0].service for batch in batches if not batch.nodes[0].is_root]
    return len(set(services)) < len(services)


def _joined_pairwise(batches: list[Batch], budget: StepBudget) -> list[Batch]:
    """The batches, the nearest joined while any can be; as they are if there are too many pairs."""
    if len(batches) <= MAX_PAIRWISE:
        while _join_nearest(batches, budget):
            pass
    return batches


def _join_nearest(batches: list[Batch], budget: StepBudget) -> bool:
    """Joins the nearest two batches that can go together; False if there are none."""
    _set_levels(batches)
    by_service: dict[str, list[Batch]] = {}
    for batch in batches:
        if not batch.nodes[0].is_root:
            by_service.setdefault(batch.nodes[0].service, []).append(batch)
    pairs = [
        (abs(one.earliest - other.earliest), one.number, other.number, one, other)
        for siblings in by_service.values()
        for index, one in enumerate(siblings)
        for other in siblings[index + 1 :]
        if max(one.earliest, other.earliest) <= min(one.latest, other.latest)
    ]
    budget.spend(len(pairs))
    for _, _, _, one, other in sorted(pairs, key=lambda pair: pair[:3]):
        if not one.waits_for(other) and not other.waits_for(one):
            _join(one, other, batches)
            return True
    return False


def _join(one: Batch, other: Batch, batches: list[Batch]) -> None:
    one.nodes.extend(other.nodes)
    one.nodes.sort(key=lambda node: node.number)
    one.depends_on |= other.depends_on
    for batch in batches:
        if other in batch.depends_on:
            batch.depends_on.discard(other)
            batch.depends_on.add(one)
    batches.remove(other)


def _joined_siblings(batches: list[Batch]) -> list[Batch]:
    """Batches of one subgraph that wait for just the same, joined."""
    kept: list[Batch] = []
    instead: dict[Batch, Batch] = {}
    known: dict[tuple[str, frozenset[Batch]], Batch] = {}
    for batch in _ordered(batches):
        batch.depends_on = {instead.get(before, before) for before in batch.depends_on}
        if batch.nodes[0].is_root:
            kept.append(batch)
            continue
        first = known.setdefault((batch.nodes[0].service, frozenset(batch.depends_on)), batch)
        if first is batch:
            kept.append(batch)
        else:
            first.nodes.extend(batch.nodes)
            instead[batch] = first
    return kept


def _joined_by_levels(batches: list[Batch], budget: StepBudget) -> list[Batch]:
    """Batches of one subgraph that can go together, joined level by level, in time that grows with the plan.

    Each batch waits until its latest level, and takes with it all others of its subgraph whose dependencies are done by then. None of
    those waits for another, for what they wait for is at earlier levels.
    """
    _set_levels(batches)
    dependents: dict[Batch, list[Batch]] = {}
    due: dict[int, list[Batch]] = {}
    for batch in batches:
        due.setdefault(batch.latest, []).append(batch)
        for before in batch.depends_on:
            dependents.setdefault(before, []).append(batch)
    waits_for = {batch: len(batch.depends_on) for batch in batches}
    ready: dict[str, list[Batch]] = {}
    instead: dict[Batch, Batch] = {}
    kept: list[Batch] = []

    def send(together: list[Batch]) -> None:
        """Join batches, whose dependencies are all sent."""
        first, *others = sorted(together, key=lambda batch: batch.number)
        for batch in (first, *others):
            budget.spend()
            instead[batch] = first
        first.depends_on = {instead[before] for batch in together for before in batch.depends_on}
        first.nodes = sorted((node for batch in together for node in batch.nodes), key=lambda node: node.number)
        kept.append(first)

    for batch in batches:
        if not batch.depends_on and not batch.nodes[0].is_root:
            ready.setdefault(batch.nodes[0].service, []).append(batch)
    for level in sorted(due):
        sent = [batch for batch in due[level] if batch.nodes[0].is_root]
        for batch in sent:
            send([batch])
        services = dict.fromkeys(batch.nodes[0].service for batch in due[level] if batch not in instead)
        for service in services:
            together = [batch for batch in ready.pop(service, []) if batch not in instead]
            if together:
                send(together)
                sent += together
        for batch in sent:
            for later in dependents.get(batch, ()):
                waits_for[later] -= 1
                if not waits_for[later] and not later.nodes[0].is_root:
                    ready.setdefault(later.nodes[0].service, []).append(later)
    return kept


def _direct(batch: Batch) -> set[Batch]:
    """What the batch depends on without what those depend on themselves."""
    awaited = 0
    for before in batch.depends_on:
        awaited |= before.ancestors
    return {before for before in batch.depends_on if not awaited >> before.number & 1}
