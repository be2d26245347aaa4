"""Plans in tests: an operation on a supergraph is normalised, planned by the real planner, and proved by the checker."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.operation.model import Operation, Refusal
from gateway.operation.normalize import condition_variables, normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.planning.check.checker import check
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning.printer import print_plan
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides",'
    ' "@external", "@shareable", "@override", "@interfaceObject", "@context", "@fromContext"])\n'
)
"""What the SDL of a subgraph begins with."""

GOLDENS = Path(__file__).parents[1] / "unit" / "gateway" / "planning" / "goldens"


@cache
def read_supergraph_file(path: Path) -> Supergraph:
    """The supergraph in a file, read once."""
    return read_supergraph(path.read_text(encoding="utf-8"))


def composed(**sdls: str) -> Supergraph:
    """The supergraph of subgraphs by name, each SDL without its `@link`."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}.test/", sdl=LINK + sdl) for name, sdl in sdls.items()]
    return read_supergraph(compose(subgraphs).supergraph_sdl)


def nobody_refused(_type_name: str, _field_name: str) -> Refusal | None:
    """Access rules that let everybody see everything."""
    return None


def normalized(
    supergraph: Supergraph, text: str, *, name: str | None = None, conditions: Mapping[str, bool] | None = None
) -> Operation:
    """The normalised operation of a valid document; conditions that are not given are true."""
    document = parse_document(text, max_tokens=100_000)
    definition = select_operation(document, name)
    values = dict.fromkeys(condition_variables(document, definition), True)
    return normalize(
        document, definition, supergraph.api, conditions={**values, **(conditions or {})}, refuse=nobody_refused
    )


def planned(
    supergraph: Supergraph,
    text: str,
    *,
    name: str | None = None,
    conditions: Mapping[str, bool] | None = None,
    labels: frozenset[str] = frozenset(),
) -> Plan:
    """The plan of an operation, proved sound."""
    operation = normalized(supergraph, text, name=name, conditions=conditions)
    made = plan(operation, supergraph, labels=labels)
    check(made, operation, supergraph, labels=labels)
    return made


@dataclass(frozen=True, slots=True)
class Golden:
    """A query and its expected plan; the supergraph is the folder's.

    A first line ``# labels: a b`` in the query names the active override labels.
    """

    query: Path

    @property
    def name(self) -> str:
        """``folder/query``."""
        return f"{self.query.parent.name}/{self.query.name.removesuffix('.query.graphql')}"

    @property
    def expected(self) -> Path:
        """The file with the printed plan."""
        return self.query.with_name(self.query.name.replace(".query.graphql", ".plan.txt"))

    def plan(self) -> Plan:
        """What the planner makes of it now."""
        text = self.query.read_text(encoding="utf-8")
        first = text.partition("\n")[0]
        labels = frozenset(first.removeprefix("# labels:").split()) if first.startswith("# labels:") else frozenset()
        supergraph = read_supergraph_file(self.query.parent / "supergraph.graphql")
        return planned(supergraph, text, labels=labels)

    def printed(self) -> str:
        """What the planner makes of it now, as text."""
        return print_plan(self.plan())


def goldens() -> list[Golden]:
    """All golden plans."""
    return [Golden(path) for path in sorted(GOLDENS.glob("*/*.query.graphql"))]


def rewrite_goldens() -> None:
    """Writes the plans of today as those expected: `python -m tests.support.planning`; then read the diff."""
    for golden in goldens():
        golden.expected.write_text(golden.printed(), encoding="utf-8")
        sys.stdout.write(f"{golden.name}\n")


if __name__ == "__main__":
    rewrite_goldens()
