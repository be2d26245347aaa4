"""Our plans beside those of the peers, operation by operation and in sum."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import value_from_ast_untyped

from gateway.operation.normalize import condition_variables
from gateway.operation.parse import parse_document, select_operation
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.planning_peer import NOTHING, PLANNERS, Measure, PlanningPeer, measure_ours, measure_theirs
from tests.support.planning import planned


@dataclass(frozen=True, slots=True)
class Question:
    """An operation on a supergraph.

    Attributes:
        name: to tell it by; ``folder/operation``.
        supergraph: its SDL.
        conditions: values of the variables in ``@skip`` and ``@include``.
    """

    name: str
    supergraph: str
    text: str
    conditions: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the planners make of a question; peers that do not plan it are left out."""

    question: Question
    ours: Measure
    theirs: Mapping[str, Measure]

    def worse(self) -> dict[str, str]:
        """By peer that needs fewer fetches than we: how many, ours and theirs."""
        return {
            name: f"{self.ours.fetches} fetches, {name} {measure.fetches}"
            for name, measure in self.theirs.items()
            if self.ours.fetches > measure.fetches
        }


def question(name: str, supergraph: str, text: str) -> Question:
    """A question with the variables' defaults for its conditions, or true."""
    document = parse_document(text, max_tokens=100_000)
    definition = select_operation(document, None)
    defaults = {
        variable.variable.name.value: value_from_ast_untyped(variable.default_value)
        for variable in definition.variable_definitions or ()
        if variable.default_value is not None
    }
    conditions = {name: bool(defaults.get(name, True)) for name in condition_variables(document, definition)}
    return Question(name, supergraph, text, conditions)


def compare(questions: Iterable[Question], peers: Mapping[str, PlanningPeer]) -> list[Compared]:
    """Plans each question with every planner; ours are proved sound, theirs taken as they are."""
    compared: list[Compared] = []
    served = ""
    for asked in questions:
        if asked.supergraph != served:
            served = asked.supergraph
            ours = read_supergraph(served)
            for peer in peers.values():
                peer.serve(served)
        made = planned(ours, asked.text, conditions=asked.conditions)
        theirs = {name: measure_theirs(peer.plan(asked.text), asked.conditions) for name, peer in peers.items()}
        known = {name: measure for name, measure in theirs.items() if measure is not None}
        compared.append(Compared(asked, measure_ours(made), known))
    return compared


def summary(title: str, compared: Iterable[Compared]) -> str:
    """A table: for each peer, over the operations that it plans, what our plans and its plans come to in sum."""
    every = list(compared)
    lines = [
        f"{title + ', ' + str(len(every)) + ' operations':40}{'planned':>9}{'fetches':>16}{'depth':>16}{'fields':>16}"
    ]
    for name in PLANNERS:
        both = [(each.ours, each.theirs[name]) for each in every if name in each.theirs]
        ours = sum((one for one, _ in both), NOTHING)
        theirs = sum((other for _, other in both), NOTHING)
        pairs = (
            (ours.fetches, theirs.fetches),
            (ours.depth, theirs.depth),
            (ours.fields, theirs.fields),
        )
        lines.append(f"  ours, {name:32}{len(both):9}" + "".join(f"{f'{one}, {other}':>16}" for one, other in pairs))
    return "\n".join(lines) + "\n"
