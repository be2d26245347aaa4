"""``python -m gateway plan``: print how an operation would be answered; nothing is run."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from graphql import value_from_ast_untyped

from gateway.errors import ClientError, GatewayError
from gateway.execution.executor import Executor
from gateway.execution.request import SubgraphEndpoint
from gateway.execution.transport.http import HttpTransport
from gateway.operation.access import AccessRules, Caller
from gateway.operation.cost.costing import cost_of
from gateway.operation.cost.estimate import CostLimit
from gateway.operation.cost.needs import weights_of
from gateway.operation.cost.report import cost_as_json, cost_lines, print_cost
from gateway.operation.limits import Limits
from gateway.operation.model import Operation
from gateway.operation.normalize import normalize
from gateway.operation.prepare import PreparedOperation, Preparer
from gateway.planning.check.checker import check
from gateway.planning.explain import Hop, explain, print_why, why_as_json
from gateway.planning.plan import Plan
from gateway.planning.planner import plan
from gateway.planning.printer import plan_as_json, print_plan
from gateway.server.supergraphs import LoadedSupergraph, load_supergraph
from gateway.settings import LimitSettings
from gateway.supergraph.model import Supergraph


class NotPlanned(GatewayError):
    """Raised when there is no operation to plan, or no plan for it; the message names the file and the place.

    Args:
        exit_status: 2 if the file cannot be read, 1 if what is in it cannot be planned.
    """

    def __init__(self, message: str, *, exit_status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = exit_status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "query",
        type=Path,
        metavar="QUERY.graphql",
        help="a document with the operation; - reads it from standard input",
    )
    parser.add_argument("--supergraph", type=Path, required=True, metavar="FILE", help="the supergraph to plan on")
    parser.add_argument("--operation", metavar="NAME", help="which operation, if the document has several")
    parser.add_argument("--format", choices=("text", "json", "python"), default="text", help="python: what would run")
    parser.add_argument("--variables", type=_object, default={}, metavar="JSON", help="for @skip, @include and --cost")
    parser.add_argument("--label", action="append", default=[], metavar="LABEL", help="an active override label")
    parser.add_argument("--scope", action="append", default=[], metavar="SCOPE", help="a scope that the caller has")
    parser.add_argument("--anonymous", action="store_true", help="plan for a caller that has not signed in")
    parser.add_argument("--why", action="store_true", help="also tell which routes were weighed, and rejected")
    parser.add_argument("--check", action="store_true", help="also prove that the plan is sound")
    parser.add_argument("--cost", action="store_true", help="also tell what it costs at most, field by field")
    parser.add_argument(
        "--assumed-list-size",
        type=_size,
        default=LimitSettings().assumed_list_size,
        metavar="N",
        help="items of a list that nothing is said of, for --cost (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the plan.

    Raises:
        GatewayError: the supergraph or the document cannot be used, or no plan answers the operation.
    """
    loaded = load_supergraph(arguments.supergraph, with_costs=arguments.cost)
    supergraph = loaded.supergraph
    text = _read(arguments.query)
    rules = AccessRules(supergraph)
    labels = frozenset(arguments.label)
    try:
        prepared = _prepare(supergraph, rules, text, arguments.operation)
        operation = _normalised(supergraph, rules, prepared, arguments)
        hops = explain(operation, supergraph, labels=labels) if arguments.why else ()
        planned = _planned(operation, supergraph, labels, hops)
        cost = _Cost(loaded, prepared, operation, arguments) if arguments.cost else None
    except ClientError as error:
        raise NotPlanned("\n".join(_told(arguments.query, shown) for shown in error.all_formatted())) from None
    if arguments.check:
        check(planned, operation, supergraph, labels=labels)
    match arguments.format:
        case "json":
            shown = plan_as_json(planned)
            if arguments.check:
                shown["isProvedSound"] = True
            if arguments.why:
                shown["why"] = why_as_json(hops)
            if cost is not None:
                shown["cost"] = cost.as_json()
            print(json.dumps(shown, indent=2))
        case "python":
            print(asyncio.run(_python(supergraph, planned, operation)), end="")
        case _:
            print(print_plan(planned), end="")
            print(f"# fetches: {len(planned.fetches)}, depth: {planned.depth()}")
            if arguments.check:
                print(
                    "# proved sound: every selection exists, every key was fetched before, nothing of the answer is left out"
                )
            if cost is not None:
                print(cost.as_text(), end="")
            if arguments.why:
                print(f"\n{print_why(hops)}", end="")
    return 0


def _planned(operation: Operation, supergraph: Supergraph, labels: frozenset[str], hops: tuple[Hop, ...]) -> Plan:
    """The plan; if there is none, what was weighed is told before the error is."""
    try:
        return plan(operation, supergraph, labels=labels)
    except ClientError:
        sys.stderr.write(print_why(hops) if hops else "")
        raise


class _Cost:
    """What the operation costs with the variables that are given, and the defaults of others."""

    def __init__(
        self,
        loaded: LoadedSupergraph,
        prepared: PreparedOperation,
        operation: Operation,
        arguments: argparse.Namespace,
    ) -> None:
        assert loaded.costs is not None
        assumed: int = arguments.assumed_list_size
        weights = weights_of(loaded.costs, loaded.supergraph, assumed)
        self._cost = cost_of(operation, weights, CostLimit(None), assumed)
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in prepared.definition.variable_definitions or ()
            if definition.default_value is not None
        }
        variables = {**defaults, **arguments.variables}
        self._missing = sorted(self._cost.variables - variables.keys())
        self._estimate = self._cost.estimate(variables)
        self._lines = cost_lines(self._cost, variables)

    def as_text(self) -> str:
        """The figures as a table."""
        missing = ", ".join(f"${name}" for name in self._missing)
        note = f"# without a value for {missing}; --variables gives one\n" if missing else ""
        return print_cost(self._lines, self._estimate) + note

    def as_json(self) -> dict[str, Any]:
        """The figures for tools."""
        return {**cost_as_json(self._lines, self._estimate), "missingVariables": self._missing}


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a number of at least 1")
    return int(text)


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("must be a JSON object")
    return value


def _read(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotPlanned(f"{path}: cannot be read: {error.strerror}", exit_status=2) from None


def _prepare(supergraph: Supergraph, rules: AccessRules, text: str, name: str | None) -> PreparedOperation:
    preparer = Preparer(
        supergraph.api,
        rules,
        Limits(),
        allows_introspection=True,
        max_documents=1,
        max_document_bytes=1 << 40,
    )
    return preparer.prepare(text, name)


def _normalised(
    supergraph: Supergraph, rules: AccessRules, prepared: PreparedOperation, arguments: argparse.Namespace
) -> Operation:
    """The operation as this caller sees it; conditions that no variable decides count as true."""
    subject = None if arguments.anonymous else "somebody"
    everything = frozenset(_all_scopes(supergraph)) if not arguments.scope else frozenset(arguments.scope)
    caller = Caller(subject=subject, scopes=everything if subject else frozenset(), roles=_all_policies(supergraph))
    conditions = {name: bool(arguments.variables.get(name, True)) for name in prepared.condition_names}
    return normalize(
        prepared.document,
        prepared.definition,
        supergraph.api,
        conditions=conditions,
        refuse=rules.refusals(rules.satisfied(caller)),
    )


def _all_scopes(supergraph: Supergraph) -> frozenset[str]:
    return frozenset(
        scope
        for access in supergraph.access.values()
        for any_of in access.scopes
        for all_of in any_of
        for scope in all_of
    )


def _all_policies(supergraph: Supergraph) -> frozenset[str]:
    return frozenset(
        policy
        for access in supergraph.access.values()
        for any_of in access.policies
        for all_of in any_of
        for policy in all_of
    )


async def _python(supergraph: Supergraph, planned: Plan, operation: Operation) -> str:
    transport = HttpTransport()
    try:
        services = [SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()]
        executor = Executor(transport=transport, services=services, api_schema=supergraph.api)
        return executor.prepare(planned, operation).python_source()
    finally:
        await transport.close()


def _told(path: Path, shown: dict[str, Any]) -> str:
    place = "".join(f":{found['line']}:{found['column']}" for found in shown.get("locations", ())[:1])
    return f"{path}{place}: {shown['extensions']['code']}: {shown['message']}"
