"""Apollo's planner and Hive's beside ours: Node processes that plan operations, and what their plans and ours come to.

It is a development tool, installed apart from the project
(`npm install @apollo/query-planner @apollo/federation-internals @graphql-hive/router-query-planner graphql@16`), in the folder that
`PLANNING_PEER` names.
"""

import json
import os
import select
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
)

from gateway.planning.plan import Plan

SCRIPT = Path(__file__).parents[1] / "contract" / "planning" / "peer.mjs"
PLANNERS = ("apollo", "hive")
PATIENCE_SECONDS = 20.0
"""Ours plans each of these operations in less than a tenth of a second; Apollo's planner ran for minutes over one of them."""


@dataclass(frozen=True, slots=True, order=True)
class Measure:
    """What a plan comes to; less is better.

    Attributes:
        fetches: requests to subgraphs.
        depth: the longest chain of requests that wait for each other.
        fields: leaves that are selected in all of them; ``__typename`` does not count.
    """

    fetches: int
    depth: int
    fields: int

    def __add__(self, other: "Measure") -> "Measure":
        return Measure(self.fetches + other.fetches, self.depth + other.depth, self.fields + other.fields)


NOTHING = Measure(0, 0, 0)


def peer_folder() -> Path | None:
    """Where the peers are installed, or None."""
    folder = os.environ.get("PLANNING_PEER")
    if folder is None or shutil.which("node") is None:
        return None
    modules = Path(folder) / "node_modules"
    needed = (modules / "@apollo" / "query-planner", modules / "@graphql-hive" / "router-query-planner")
    return Path(folder) if all(path.is_dir() for path in needed) else None


class PlanningPeer:
    """One peer, running from its first question on; started again where an operation brings it down."""

    def __init__(self, folder: Path, planner: str) -> None:
        self._command = ["node", str(SCRIPT), str(folder), planner]
        self._process: subprocess.Popen[str] | None = None
        self._supergraph = ""

    def serve(self, supergraph: str) -> None:
        """From now on operations are planned on this supergraph."""
        self._supergraph = supergraph
        if self._process is not None:
            self._ask({"supergraph": supergraph})

    def plan(self, operation: str) -> Any:
        """The operation's plan as JSON; None if the peer refuses it, falls over it, or finds none in `PATIENCE_SECONDS`."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            self._ask({"supergraph": self._supergraph})
        return self._ask({"operation": operation}).get("made")

    def _ask(self, question: dict[str, str]) -> Any:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answers, _, _ = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)
        line = self._process.stdout.readline() if answers else ""
        if not line:
            self._process.kill()
            self.stop()
            return {}
        return json.loads(line)

    def stop(self) -> None:
        """Ends the process, if there is one."""
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait(timeout=10)
            self._process = None


def measure_ours(plan: Plan) -> Measure:
    """What a plan of ours comes to."""
    return Measure(len(plan.fetches), plan.depth(), sum(_leaves(fetch.document, {}) for fetch in plan.fetches))


def measure_theirs(plan: Any, conditions: Mapping[str, bool]) -> Measure | None:
    """What a plan of a peer comes to, given the values of the variables in ``@skip`` and ``@include``.

    None if the peer refused, or made a plan with a document that no subgraph could parse.
    """
    if plan is None:
        return None
    try:
        return _node(plan.get("node"), conditions)
    except GraphQLSyntaxError:
        return None


def _node(node: Any, conditions: Mapping[str, bool]) -> Measure:
    if node is None:
        return NOTHING
    match node["kind"]:
        case "Fetch" | "BatchFetch":
            return Measure(1, 1, _leaves(node["operation"], conditions))
        case "Sequence":
            return sum((_node(below, conditions) for below in node["nodes"]), NOTHING)
        case "Parallel":
            parts = [_node(below, conditions) for below in node["nodes"]]
            return Measure(
                sum(part.fetches for part in parts),
                max((part.depth for part in parts), default=0),
                sum(part.fields for part in parts),
            )
        case "Flatten":
            return _node(node["node"], conditions)
        case "Condition":
            return _node(node.get("ifClause" if conditions[node["condition"]] else "elseClause"), conditions)
        case "Subscription":
            return _node({"kind": "Fetch", **node["primary"]}, conditions) + _node(node.get("rest"), conditions)
        case unknown:
            raise ValueError(f"a node of kind {unknown}")


def _leaves(document: str, conditions: Mapping[str, bool]) -> int:
    parsed = _parsed(document)
    fragments = {node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)}
    return sum(
        _leaves_in(node.selection_set, fragments, conditions)
        for node in parsed.definitions
        if isinstance(node, OperationDefinitionNode)
    )


@cache
def _parsed(document: str) -> DocumentNode:
    return parse(document, no_location=True)


def _leaves_in(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], conditions: Mapping[str, bool]
) -> int:
    count = 0
    for node in selections.selections:
        if not all(_holds(directive, conditions) for directive in node.directives or ()):
            continue
        match node:
            case FieldNode(selection_set=None):
                count += node.name.value != "__typename"
            case FieldNode(selection_set=SelectionSetNode() as below) | InlineFragmentNode(selection_set=below):
                count += _leaves_in(below, fragments, conditions)
            case FragmentSpreadNode():
                count += _leaves_in(fragments[node.name.value].selection_set, fragments, conditions)
    return count


def _holds(directive: DirectiveNode, conditions: Mapping[str, bool]) -> bool:
    """Whether a ``@skip`` or ``@include`` leaves what it is on."""
    argument = directive.arguments[0].value if directive.arguments else None
    match argument:
        case VariableNode():
            is_true = conditions[argument.name.value]
        case BooleanValueNode():
            is_true = argument.value
        case _:
            raise ValueError(f"@{directive.name.value} in a fetch")
    return is_true is (directive.name.value == "include")
