"""What fields make the gateway fetch beside what the client asks: the sets of `@requires` and `@fromContext`, and what those need.

A field costs its needs for each object that it is on; a field of the mutation type 10 beside. Where several subgraphs can resolve a field, the dearest counts; a context that
several types set is read of the dearest. Variables never reach a field set, so that each need is one number.
"""

from collections.abc import Iterator
from typing import Final

from graphql import parse_value

from gateway.operation.cost.costing import Compiler
from gateway.operation.cost.estimate import Walk
from gateway.operation.cost.weights import Weights
from gateway.operation.model import Field, Fragment, Selection
from gateway.supergraph.costs import CostRules
from gateway.supergraph.field_sets import FieldSet, SetField, SetSelection
from gateway.supergraph.model import SubgraphField, Supergraph

MUTATION_WEIGHT: Final = 10
"""What a field of the mutation type costs beside all else."""


def weights_of(rules: CostRules, supergraph: Supergraph, assumed_list_size: int) -> Weights:
    """Return the weights of a supergraph, the needs of its fields among them."""
    weights = Weights(rules, supergraph.possible_types, supergraph.interfaces)
    weights.complete(_Needs(supergraph, weights, assumed_list_size).of)
    return weights


class _Needs:
    """Works out each need once, those that it depends on first."""

    def __init__(self, supergraph: Supergraph, weights: Weights, assumed_list_size: int) -> None:
        self._supergraph = supergraph
        self._weights = weights
        self._assumed = assumed_list_size
        self._mutation = supergraph.api.mutation_type.name if supergraph.api.mutation_type is not None else None
        self._costs: dict[tuple[str, str], int] = {}
        self._setting: dict[str, set[str]] = {}
        for types in supergraph.subgraph_types.values():
            for known in types.values():
                for context in known.contexts:
                    self._setting.setdefault(context, set()).add(known.name)

    def of(self, type_name: str, field_name: str) -> int:
        """The cost of what a field of an object type needs; a need that leads back to itself ends there."""
        place = (type_name, field_name)
        if place not in self._costs:
            self._costs[place] = own = MUTATION_WEIGHT if type_name == self._mutation else 0
            self._costs[place] = own + max(
                (self._in_subgraph(owner, known) for owner, known in self._resolving(type_name, field_name)), default=0
            )
        return self._costs[place]

    def _resolving(self, type_name: str, field_name: str) -> Iterator[tuple[str, SubgraphField]]:
        """The field in each subgraph that resolves it, with the type that it is written on: an interface if that is an object there."""
        owners = (type_name, *self._supergraph.interfaces.get(type_name, ()))
        for types in self._supergraph.subgraph_types.values():
            for owner in owners:
                known_type = types.get(owner)
                if known_type is None or (owner != type_name and not known_type.is_interface_object):
                    continue
                known = known_type.fields.get(field_name)
                if known is not None and not known.is_external:
                    yield owner, known

    def _in_subgraph(self, owner: str, known: SubgraphField) -> int:
        cost = self._set_cost(known.requires, owner) if known.requires is not None else 0
        for argument in known.hidden_arguments:
            cost += max(
                (self._set_cost(argument.selection, setting) for setting in self._setting.get(argument.context, ())),
                default=0,
            )
        return cost

    def _set_cost(self, field_set: FieldSet, type_name: str) -> int:
        compiler = Compiler(self._weights, self._assumed)
        term = compiler.object((_selections(field_set.selections),), type_name, (), weighs_types=False)
        return Walk((), is_enforced=False).object(term)


def _selections(selections: tuple[SetSelection, ...]) -> tuple[Selection, ...]:
    return tuple(
        Field(
            selection.name,
            selection.name,
            tuple((name, parse_value(text, no_location=True)) for name, text in selection.arguments),
            _selections(selection.selections),
        )
        if isinstance(selection, SetField)
        else Fragment(selection.type_condition, _selections(selection.selections))
        for selection in selections
    )
