"""Operations with their costs, on a supergraph that is written as one plain schema."""

from collections.abc import Mapping

from graphql import parse

from gateway.operation.access import AccessRules
from gateway.operation.cost.costing import cost_of
from gateway.operation.cost.estimate import CostLimit, OperationCost
from gateway.operation.cost.needs import weights_of
from gateway.operation.model import Operation
from gateway.operation.normalize import condition_variables, normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.supergraph.costs import CostRules, read_cost_rules
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import JOIN

GRAPHS = """
enum join__Graph { A @join__graph(name: "a", url: "http://a/graphql") B @join__graph(name: "b", url: "http://b/graphql") }
"""
SPECS = "https://specs.apollo.dev"


def supergraph_of(sdl: str, *, join: str = JOIN) -> str:
    """A supergraph with these types, each in both of its subgraphs unless it says something else."""
    links = join.partition("{ query: Query mutation: Mutation subscription: Subscription }")
    roots = " ".join(f"{kind.lower()}: {kind}" for kind in ("Query", "Mutation") if f"type {kind}" in sdl)
    context = f'\n  @link(url: "{SPECS}/context/v0.1", for: SECURITY)\n' if "@context" in sdl else ""
    declared = "directive @context(name: String!) repeatable on OBJECT | INTERFACE | UNION\n" if context else ""
    return f"{links[0]}{context}{{ {roots} }}{links[2]}{declared}{GRAPHS}{sdl}"


class CostedSchema:
    """A supergraph whose operations are weighed.

    Attributes:
        rules: What it says of costs.
    """

    def __init__(self, text: str, *, assumed_list_size: int = 10) -> None:
        self.supergraph: Supergraph = read_supergraph(text)
        self.rules: CostRules = read_cost_rules(parse(text))
        self._assumed = assumed_list_size
        self._weights = weights_of(self.rules, self.supergraph, assumed_list_size)

    def normalized(self, text: str, conditions: Mapping[str, bool] | None = None) -> Operation:
        """The only operation of a document, for a caller who may see everything that is open."""
        document = parse_document(text, max_tokens=10_000)
        definition = select_operation(document, None)
        rules = AccessRules(self.supergraph)
        told = {**dict.fromkeys(condition_variables(document, definition), True), **(conditions or {})}
        return normalize(document, definition, self.supergraph.api, conditions=told, refuse=rules.refusals(0))

    def cost(
        self,
        text: str,
        conditions: Mapping[str, bool] | None = None,
        *,
        max_cost: int | None = 10**12,
        is_enforced: bool = True,
    ) -> OperationCost:
        """The cost of the only operation of a document."""
        limit = CostLimit(max_cost, is_enforced=is_enforced)
        return cost_of(self.normalized(text, conditions), self._weights, limit, self._assumed)
