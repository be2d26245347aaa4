"""Runs the public federation gateway audit against this gateway: `python -m tests.audit.run`.

For each suite a pipeline is made of the supergraph that the audit server gives (or, with --composed, of one that we compose from its
subgraphs), each query goes through it and over HTTP to the audit's subgraphs, every plan is checked, and every answer compared with
the expected one. Prints a table; exit status 1 if a test fails.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import dataclass, field

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from gateway.errors import ClientError, GatewayError
from gateway.execution.transport.http import HttpTransport
from gateway.pipeline import Pipeline, Request
from gateway.planning.check.checker import check
from gateway.planning_thread import PlanningThread
from gateway.server.supergraphs import LoadedSupergraph, make_pipeline
from gateway.settings import Settings
from gateway.supergraph.reader import read_supergraph
from tests.audit.suites import Case, Json, Suite, read_suite, suite_names

DEADLINE_SECONDS = 10.0


@dataclass(slots=True)
class Result:
    """How a suite went.

    Attributes:
        failures: for each failed case its number, and what was wrong.
    """

    suite: str
    cases: int
    fetches: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)


async def run_suite(suite: Suite, transport: HttpTransport, *, is_composed: bool) -> Result:
    """Runs all cases of a suite."""
    result = Result(suite.name, len(suite.cases))
    try:
        supergraph = read_supergraph(_composed(suite) if is_composed else suite.supergraph)
    except (GatewayError, CompositionFailed) as error:
        result.failures.extend((number, f"no supergraph: {error}") for number in range(result.cases))
        return result
    pipeline = make_pipeline(LoadedSupergraph(supergraph, None), Settings(), transport, PlanningThread())
    for number, case in enumerate(suite.cases):
        try:
            answer, fetches = await _ask(pipeline, case)
        except GatewayError as error:
            result.failures.append((number, f"{type(error).__name__}: {error}"))
            continue
        result.fetches += fetches
        if not case.accepts(answer):
            expected = {"data": case.data, "errors": case.errors}
            result.failures.append((number, f"{case.query}\nexpected {expected}\nreceived {answer}"))
    return result


def _composed(suite: Suite) -> str:
    subgraphs = [Subgraph(name=each["name"], url=each["url"], sdl=each["sdl"]) for each in suite.subgraphs]
    return compose(subgraphs).supergraph_sdl


async def _ask(pipeline: Pipeline, case: Case) -> tuple[Json, int]:
    """The gateway's answer, and how many fetches it took; the plan is checked on the way."""
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    try:
        ready = pipeline.make(Request(case.query, None, None, deadline))
    except ClientError as error:
        return {"errors": [error.formatted()]}, 0
    executable = ready.planned.executable
    check(executable.plan, executable.operation, pipeline.supergraph)
    answer = await pipeline.execute(ready)
    return answer.decoded(), answer.fetch_count


def table(results: list[Result], seconds: float) -> str:
    """One line a suite, then the failures, then the sum."""
    width = max(len(result.suite) for result in results)
    lines: list[str] = []
    for result in results:
        passed = result.cases - len(result.failures)
        mark = "ok" if not result.failures else "FAILED"
        lines.append(f"{result.suite:{width}}  {passed:3d}/{result.cases:<3d}  {result.fetches:4d} fetches  {mark}")
    for result in results:
        lines.extend(f"\n{result.suite} {number}: {problem}" for number, problem in result.failures)
    cases = sum(result.cases for result in results)
    failed = sum(len(result.failures) for result in results)
    lines.append(f"\n{cases - failed} of {cases} tests passed, {len(results)} suites, {seconds:.1f} s\n")
    return "\n".join(lines)


async def run_all(url: str, names: list[str], *, is_composed: bool) -> list[Result]:
    """Runs the suites one after the other."""
    transport = HttpTransport()
    try:
        return [
            await run_suite(await asyncio.to_thread(read_suite, url, name), transport, is_composed=is_composed)
            for name in names
        ]
    finally:
        await transport.close()


def main(arguments: list[str]) -> int:
    """Runs what the command line asks for; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit.run", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--url", default=os.environ.get("AUDIT_URL", "http://127.0.0.1:4200"))
    parser.add_argument("--suite", action="append", help="only this suite; may be given several times")
    parser.add_argument("--composed", action="store_true", help="with supergraphs of our own composition")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    names = options.suite or suite_names(options.url)
    results = asyncio.run(run_all(options.url, names, is_composed=options.composed))
    sys.stdout.write(table(results, time.perf_counter() - started))
    return 1 if any(result.failures for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
