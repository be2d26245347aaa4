"""The general path: executes any plan over a tree of dicts. Slow and complete; what it answers is what is right.

There are no waves. Each fetch counts the fetches it still waits for; whoever brings the count to zero starts it. Replies
arrive as callbacks on futures, so that a fetch costs no task; the one coroutine of a request waits for all to be over.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from gateway.errors import InternalError, SubgraphError
from gateway.execution.encoding import encode_json
from gateway.execution.error_rules import log_masked
from gateway.execution.interpreter.contexts import Part, Surrounded, lacks_context, parts, surround
from gateway.execution.interpreter.failed_nulls import FailedNulls
from gateway.execution.interpreter.failures import (
    Failure,
    failure_of_answer,
    failure_of_fetch,
    failure_of_rest,
    shown_errors,
    shown_path,
)
from gateway.execution.interpreter.missing import MAX_ERRORS_OF_ANSWER, MissingFields, readable_path
from gateway.execution.interpreter.program import FetchProgram, GroupProgram, Program
from gateway.execution.interpreter.representations import Gathered, gather
from gateway.execution.interpreter.tree import Place, Tree, merge, trail_path, walk
from gateway.execution.interpreter.value_sources import name_services
from gateway.execution.limits import PLACE_BYTES, AnswerTooLarge, ExecutionLimits, entity_bytes
from gateway.execution.request import Answer, ExecutionRequest, SubgraphEndpoint
from gateway.execution.trace import FetchTrace, Trace
from gateway.execution.transport.interface import Reply
from gateway.execution.transport.reply import SubgraphResponse, judge, malformed
from gateway.execution.transport.sharing import Flights, Recorded
from gateway.planning.plan import FetchedSelection

Asked = tuple[Place, tuple[FetchedSelection, ...]]


@dataclass(slots=True)
class _Request:
    """One HTTP request of a fetch: for an entity fetch, a chunk of each group's representations.

    Attributes:
        roots: of a root fetch, the objects that its answer is merged into.
    """

    part: Part
    body: bytes
    chunks: tuple[range, ...]
    roots: Sequence[Place] = ()
    is_shared: bool = False
    outcome: SubgraphResponse | SubgraphError | None = None


@dataclass(slots=True)
class _UnderWay:
    """A fetch that was sent.

    Attributes:
        unanswered: how many of its requests are.
    """

    program: FetchProgram
    requests: list[_Request]
    trace: FetchTrace | None
    unanswered: int


class GeneralRun:
    """One execution of a program.

    Args:
        recorded: replies that are there already, or on their way, from an execution that was given up.
    """

    def __init__(
        self,
        program: Program,
        request: ExecutionRequest,
        flights: Flights,
        limits: ExecutionLimits,
        recorded: Recorded,
    ) -> None:
        self._program = program
        self._request = request
        self._flights = flights
        self._limits = limits
        self._recorded = recorded
        self._size = 0
        self._loop = asyncio.get_running_loop()
        self._began = time.perf_counter()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._failure: Exception | None = None
        self._flying: set[asyncio.Future[Reply]] = set()
        self._waits_for = [len(fetch.fetch.depends_on) for fetch in program.fetches]
        self._unfinished = len(program.fetches)
        self._tree: Tree = {}
        self._failed_nulls = FailedNulls()
        self._failures: list[list[Failure]] = [[] for _ in program.fetches]
        self._fetch_count = 0
        self._traces: list[FetchTrace] | None = None
        if request.is_traced:
            self._traces = [
                FetchTrace(item.fetch.id, item.service.name, item.fetch.document, item.fetch.depends_on)
                for item in program.fetches
            ]

    async def answer(self) -> Answer:
        """The whole execution.

        Raises:
            InternalError: a fault of the gateway; fetches under way are given up.
        """
        introspected = self._introspect()
        try:
            if self._unfinished:
                await self._fetch()
            return self._project(await introspected if introspected is not None else {})
        except AnswerTooLarge as reason:
            return self._too_large(reason)
        finally:
            if introspected is not None:
                introspected.cancel()

    def _introspect(self) -> asyncio.Task[dict[str, Any] | None] | None:
        """Begin what the client asks of the schema, beside the fetches: all have the same deadline."""
        introspection = self._program.introspection
        if introspection is None:
            return None
        return self._loop.create_task(introspection.answer(self._request.variables, deadline=self._request.deadline))

    async def _fetch(self) -> None:
        """Send the fetches that wait for none, and wait until all are over.

        Raises:
            AnswerTooLarge: fetches under way are given up.
        """
        try:
            for program in self._program.fetches:
                if not program.fetch.depends_on:
                    self._start(program)
            await self._done
            self._raise_failure()
        finally:
            for future in self._flying:
                self._flights.give_up(future)
            self._flying.clear()
            self._recorded.abandon()

    def _start(self, program: FetchProgram) -> None:
        """Sends a fetch whose dependencies are done; if there is nothing to ask for, it is done at once."""
        trace = self._traces[program.fetch.id] if self._traces is not None else None
        if trace is not None:
            trace.ready_at = time.perf_counter() - self._began
        found = [self._found(program, group) for group in program.groups]
        self._pass_failures_on(program, found)
        sent = parts(program, found)
        requests = [request for part in sent for request in self._requests(part)]
        if trace is not None and program.groups:
            trace.found = sum(group.place_count() for part in sent for group in part.gathered)
            trace.sent = sum(len(group.encoded) for part in sent for group in part.gathered)
        if not requests:
            self._finish(program)
            return
        if trace is not None:
            trace.start(time.perf_counter() - self._began, [len(request.body) for request in requests])
        self._fetch_count += len(requests)
        under_way = _UnderWay(program, requests, trace, len(requests))
        for request in requests:
            self._fly(under_way, request)

    def _fly(self, under_way: _UnderWay, request: _Request) -> None:
        future = self._send(under_way.program, request, under_way.trace)
        self._flying.add(future)
        future.add_done_callback(partial(self._arrived, under_way, request))

    def _arrived(self, under_way: _UnderWay, request: _Request, future: asyncio.Future[Reply]) -> None:
        """Take a request's answer; the last one of a fetch settles it."""
        if self._done.done():
            return
        self._flying.discard(future)
        program = under_way.program
        try:
            request.outcome = self._outcome(program, request, future, under_way.trace)
            if request.is_shared and self._is_out_of_time_early(program.service, request.outcome):
                self._fly(under_way, request)
                return
            under_way.unanswered -= 1
            if not under_way.unanswered:
                self._settle(under_way.requests)
                self._finish(program)
        except Exception as error:  # noqa: BLE001 - a callback has nobody above it: the waiting coroutine is told
            self._fail(error)

    def _send(self, program: FetchProgram, request: _Request, trace: FetchTrace | None) -> asyncio.Future[Reply]:
        if (recorded := self._recorded.take(program.fetch.id, request.body)) is not None:
            request.is_shared = True
            return recorded
        future, request.is_shared = self._flights.post(
            program.service,
            request.body,
            self._request.headers(program.service.name),
            hop_headers=self._request.hop_headers,
            deadline=self._request.deadline,
            is_safe=program.is_safe,
        )
        if trace is not None:
            trace.shared += request.is_shared
        return future

    def _is_out_of_time_early(self, service: SubgraphEndpoint, outcome: SubgraphResponse | SubgraphError) -> bool:
        """Whether a shared request ran out of the time of whoever sent it, while this one's is not over."""
        return (
            service.timeout_seconds is None  # else it had the subgraph's whole time: see `Flights.post`
            and isinstance(outcome, SubgraphError)
            and outcome.code == "SUBGRAPH_TIMEOUT"
            and self._loop.time() < self._request.deadline
        )

    def _found(self, program: FetchProgram, asked: GroupProgram) -> Gathered | Surrounded:
        """The entities of a group."""
        places = list(chain.from_iterable(walk(self._tree, target) for target in asked.group.targets))
        if places:
            self._grow(len(places) * PLACE_BYTES, program, places[0])
        if asked.group.contexts:
            return surround(self._tree, places, asked.group, self._failed_nulls)
        return gather(places, asked.group.representations, self._failed_nulls)

    def _grow(self, added: int, program: FetchProgram, first: Place) -> None:
        """Counts what the entities of a fetch add to the answer, in bytes; `first` is the first of their places.

        Raises:
            AnswerTooLarge: that is too much.
        """
        self._size += added
        if self._size > self._limits.max_answer_bytes:
            raise AnswerTooLarge(program.service.name, trail_path(first.trail))

    def _requests(self, part: Part) -> list[_Request]:
        """The bodies to send: one, or for long lists of representations one for each chunk; [] if there is nothing to ask."""
        program, gathered = part.program, part.gathered
        if not program.groups:
            places = walk(self._tree, program.fetch.root_path)
            body = program.body(self._request.variables)
            if program.is_safe:
                return [_Request(part, body, (), places)] if places else []
            # A mutation below the root runs once for each object that holds it.
            return [_Request(part, body, (), [place]) for place in places]
        longest = max(len(group.encoded) for group in gathered)
        requests: list[_Request] = []
        for start in range(0, longest, self._limits.max_representations):
            chunks = tuple(
                range(min(start, len(group.encoded)), min(start + self._limits.max_representations, len(group.encoded)))
                for group in gathered
            )
            lists = [
                group.variable_prefix + b"[" + b",".join(found.encoded[chunk.start : chunk.stop]) + b"]"
                for group, found, chunk in zip(program.groups, gathered, chunks, strict=True)
            ]
            requests.append(_Request(part, program.body(self._request.variables, [*lists, *part.given]), chunks))
        return requests

    def _outcome(
        self, program: FetchProgram, request: _Request, future: asyncio.Future[Reply], trace: FetchTrace | None
    ) -> SubgraphResponse | SubgraphError:
        try:
            reply = future.result()
            if trace is not None:
                trace.response_bytes += len(reply.body)
            lists = [
                places
                for found, chunk in zip(request.part.gathered, request.chunks, strict=True)
                for places in found.places[chunk.start : chunk.stop]
            ]
            if lists:
                added = entity_bytes(len(reply.body), sum(map(len, lists)), len(lists))
                self._grow(added, program, lists[0][0])
            return judge(program.service, reply)
        except SubgraphError as error:
            # Its traceback, and that of the error before it, lead to this frame, which has the request, which is about to have
            # the error: a circle.
            error.__context__ = None
            return error.with_traceback(None)
        except asyncio.CancelledError:
            raise InternalError("a fetch was cancelled under its request") from None

    def _settle(self, requests: Sequence[_Request]) -> None:
        """Merges what came, and remembers what failed."""
        for request in requests:
            program, gathered = request.part.program, request.part.gathered
            match request.outcome:
                case SubgraphError() as error:
                    failed = [asked for _, _, asked in self._asked(program, gathered, request)]
                    self._failures[program.fetch.id].append(failure_of_fetch(error, tuple(chain.from_iterable(failed))))
                case SubgraphResponse() as response:
                    self._merge(program, gathered, request, response)
                case None:
                    raise InternalError("a fetch was settled before its answer came")

    def _asked(
        self, program: FetchProgram, gathered: Sequence[Gathered], request: _Request
    ) -> list[tuple[str, int, tuple[Asked, ...]]]:
        """What a request asks for: (alias, index) of each entity with its places; for a root fetch ("", 0) and the root."""
        if not program.groups:
            selections = program.fetch.selections
            return [("", 0, tuple((place, selections) for place in request.roots))]
        return [
            (
                group.group.alias,
                index - chunk.start,
                tuple((place, group.group.selections) for place in found.places[index]),
            )
            for group, found, chunk in zip(program.groups, gathered, request.chunks, strict=True)
            for index in chunk
        ]

    def _merge(
        self, program: FetchProgram, gathered: Sequence[Gathered], request: _Request, response: SubgraphResponse
    ) -> None:
        failures = self._failures[program.fetch.id]
        data = response.data
        missing = MissingFields(program.service, response.errors)
        if not program.groups:
            if data is not None:
                for place in request.roots:
                    merge(program.shape, data, place.value, missing.names)
                missing.find(program.shape, data, [(place, program.fetch.selections) for place in request.roots])
        else:
            for group, found, chunk in zip(program.groups, gathered, request.chunks, strict=True):
                entities = data.get(group.group.alias) if data is not None else None
                if not isinstance(entities, list) or len(entities) != len(chunk):
                    if chunk and (entities is not None or not response.errors):
                        error = malformed(program.service, f"does not hold {len(chunk)} entities as asked")
                        places = tuple((p, group.group.selections) for index in chunk for p in found.places[index])
                        failures.append(failure_of_fetch(error, places))
                    continue
                for index, entity in zip(chunk, entities, strict=True):
                    if isinstance(entity, dict):
                        for place in found.places[index]:
                            merge(group.shape, entity, place.value, missing.names)
                        asked = [(place, group.group.selections) for place in found.places[index]]
                        missing.find(group.shape, entity, asked, above=(group.group.alias, index - chunk.start))
                    elif entity is not None:
                        error = malformed(program.service, "holds an entity that is no object")
                        places = tuple((place, group.group.selections) for place in found.places[index])
                        failures.append(failure_of_fetch(error, places))
        for failure in missing.failures:
            self._failed_nulls.note(failure)
            failures.append(failure)
        if response.errors:
            self._note_errors(program, gathered, request, response.errors)

    def _note_errors(
        self, program: FetchProgram, gathered: Sequence[Gathered], request: _Request, errors: tuple[Any, ...]
    ) -> None:
        failures = self._failures[program.fetch.id]
        if program.service.errors.masks:
            log_masked(program.service.name, errors[0])
        asked = self._asked(program, gathered, request)
        everything = [place for _, _, places in asked for place in places]
        of_alias: dict[str, list[Asked]] = {group.group.alias: [] for group in program.groups}
        of_entity: dict[tuple[str, int], tuple[Asked, ...]] = {}
        for alias, index, places in asked:
            if program.groups:
                of_alias[alias].extend(places)
                of_entity[alias, index] = places
        for number, error in enumerate(errors):
            path = readable_path(error)
            about: Sequence[Asked] = everything
            if program.groups:
                match path:
                    case [str(alias), int(index), *_] if (alias, index) in of_entity:
                        about = of_entity[alias, index]
                    case [str(alias), *_] if alias in of_alias:
                        about = of_alias[alias]
                path = path[2:]
            failure = failure_of_answer(program.service, error, about, path)
            self._failed_nulls.note(failure)
            if number < MAX_ERRORS_OF_ANSWER:
                failures.append(failure)
        if (more := len(errors) - MAX_ERRORS_OF_ANSWER) > 0:
            failures.append(failure_of_rest(program.service.name, more))

    def _pass_failures_on(self, program: FetchProgram, gathered: Sequence[Gathered | Surrounded]) -> None:
        """Blames what cannot be asked for on the failure above it, if a fetch that should have brought the missing part failed."""
        blamed: dict[int, tuple[Failure, list[Asked]]] = {}
        for group, found in zip(program.groups, gathered, strict=True):
            for place, failed in found.failed:
                blamed.setdefault(id(failed), (failed, []))[1].append((place, group.group.selections))
        if any(found.unsendable for found in gathered):
            self._blame_above(program, gathered, blamed)
        self._failures[program.fetch.id].extend(cause.passed_on(places) for cause, places in blamed.values())

    def _blame_above(
        self,
        program: FetchProgram,
        gathered: Sequence[Gathered | Surrounded],
        blamed: dict[int, tuple[Failure, list[Asked]]],
    ) -> None:
        """Add the places that cannot be asked for to those of the first failure at or above each; else of the first below."""
        known = [failure for id_ in program.ancestors for failure in self._failures[id_]]
        causes: dict[tuple[str | int, ...], Failure] = {}
        # A nested part of a key or a requirement is lost below the place, maybe where only the gateway asked.
        below: dict[tuple[str | int, ...], Failure] = {}
        for failure in known:
            for about in failure.about(self._program.hidden_prefix):
                causes.setdefault(tuple(about), failure)
                for end in range(len(about)):
                    below.setdefault(tuple(about[:end]), failure)
        lacking = failure_of_fetch(lacks_context(program.service), ())
        for group, found in zip(program.groups, gathered, strict=True):
            for place in found.unsendable:
                path = tuple(trail_path(place.trail))
                prefixes = (path[:end] for end in range(len(path), -1, -1))
                cause = next((causes[prefix] for prefix in prefixes if prefix in causes), None) or below.get(path)
                if cause is None and isinstance(found, Surrounded) and id(place) in found.lacking:
                    cause = lacking
                if cause is not None:
                    blamed.setdefault(id(cause), (cause, []))[1].append((place, group.group.selections))

    def _finish(self, program: FetchProgram) -> None:
        """Counts a fetch as done, and starts those that waited for it alone."""
        if self._traces is not None:
            trace = self._traces[program.fetch.id]
            trace.finished_at = time.perf_counter() - self._began
            trace.errors = len(self._failures[program.fetch.id])
        self._unfinished -= 1
        for id_ in program.dependents:
            self._waits_for[id_] -= 1
            if not self._waits_for[id_]:
                self._start(self._program.fetches[id_])
        if not self._unfinished and not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._failure = error
            self._done.set_result(None)

    def _raise_failure(self) -> None:
        """Raise what a callback noted, and keep it no longer: its traceback leads here."""
        failure, self._failure = self._failure, None
        try:
            if failure is not None:
                raise failure
        finally:
            del failure

    def _too_large(self, reason: AnswerTooLarge) -> Answer:
        error = {
            "message": (
                f"The answer would be larger than {self._limits.max_answer_bytes} bytes: subgraph {reason.service!r} is asked"
                " for entities at too many places. Ask for fewer items, or for less below them."
            ),
            "path": self._program.answer_path(shown_path(reason.path, self._program.hidden_prefix)),
            "extensions": {"code": "ANSWER_TOO_LARGE", "serviceName": reason.service},
        }
        return Answer(encode_json({"data": None, "errors": [error]}), 1, self._fetch_count)

    def _project(self, introspected: dict[str, Any] | None) -> Answer:
        """The tree and the failures become the client's answer.

        Args:
            introspected: None if the schema was not read in time.
        """
        told = shown_errors(chain.from_iterable(self._failures), self._program.hidden_prefix)
        errors = [error for error in told if self._program.asks(error.get("path", ()), self._tree)]
        known = [error["path"] for error in errors if "path" in error]
        data, found = self._program.projection.complete_root(self._tree, known, introspected)
        name_services(found, [program.fetch for program in self._program.fetches])
        errors.extend(found)
        for error in errors:
            if "path" in error:
                error["path"] = self._program.answer_path(error["path"])
        response: dict[str, Any] = {"data": data}
        if errors:
            response["errors"] = errors
        trace = None
        extensions = dict(self._request.extensions or {})
        if self._traces is not None:
            trace = Trace(self._traces, time.perf_counter() - self._began)
            extensions["trace"] = {**extensions.get("trace", {}), **trace.shown()}
        if extensions:
            response["extensions"] = extensions
        return Answer(encode_json(response), len(errors), self._fetch_count, trace)
