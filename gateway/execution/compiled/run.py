"""The fast path: a compiled plan, driven by its replies.

It answers when nothing went wrong: every reply is a 2xx that fits its types, without errors. At the first doubt it stops, and
hands the requests it has made to the general path, which begins anew over the same replies and asks nothing twice. So there is
one meaning, and the general path holds it.
"""

import asyncio
from functools import partial

import msgspec

from gateway.errors import SubgraphError
from gateway.execution.compiled.functions import Compiled, Fallback
from gateway.execution.interpreter.program import FetchProgram, Program
from gateway.execution.request import Answer, ExecutionRequest, HeaderLines
from gateway.execution.transport.interface import Reply
from gateway.execution.transport.reply import is_good
from gateway.execution.transport.sharing import Flights, Recorded

_DOUBTS = (asyncio.CancelledError, Fallback, SubgraphError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class FastRun:
    """One execution of a compiled plan.

    Args:
        recorded: replies that are there before the execution begins (a subscription's event).

    Attributes:
        recorded: after `answer` gave None: the requests made, for the general path to take.
    """

    def __init__(
        self,
        program: Program,
        compiled: Compiled,
        request: ExecutionRequest,
        flights: Flights,
        recorded: Recorded,
    ) -> None:
        self.recorded = recorded
        self._fetches = program.fetches
        self._compiled = compiled
        self._request = request
        self._flights = flights
        self._state = compiled.new_state()
        self._waits_for = [len(fetch.fetch.depends_on) for fetch in program.fetches]
        self._unfinished = len(program.fetches)
        self._made: list[tuple[int, bytes, asyncio.Future[Reply]]] = []
        self._headers: dict[str, HeaderLines] = {}
        self._done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def answer(self) -> Answer | None:
        """The answer; None if the general path has to give it.

        Raises:
            InternalError: a fault of the gateway; fetches under way are given up.
        """
        try:
            for program in self._fetches:
                if not program.fetch.depends_on and not self._done.done():
                    self._start(program)
            if self._unfinished and not await self._done:
                self._hand_over()
                return None
        except BaseException:
            for _, _, future in self._made:
                self._flights.give_up(future)
            raise
        extensions = self._request.extensions
        body = self._compiled.finish(self._state, dict(extensions) if extensions else msgspec.UNSET)
        return Answer(body, 0, len(self._made))

    def _start(self, program: FetchProgram) -> None:
        id_ = program.fetch.id
        begin = self._compiled.begins[id_]
        if begin is None:
            body = program.body(self._request.variables)
        else:
            try:
                lists = begin(self._state)
            except Fallback:
                self._doubt()
                return
            if lists is None:
                self._finish(program)
                return
            body = program.body(
                self._request.variables,
                [group.variable_prefix + encoded for group, encoded in zip(program.groups, lists, strict=True)],
            )
        future = self.recorded.take(id_, body)
        if future is None:
            service = program.service
            headers = self._headers.get(service.name)
            if headers is None:
                headers = self._headers[service.name] = self._request.headers(service.name)
            future, _ = self._flights.post(
                service,
                body,
                headers,
                hop_headers=self._request.hop_headers,
                deadline=self._request.deadline,
                is_safe=program.is_safe,
            )
        self._made.append((id_, body, future))
        future.add_done_callback(partial(self._arrived, program))

    def _arrived(self, program: FetchProgram, future: asyncio.Future[Reply]) -> None:
        if self._done.done():
            return
        try:
            reply = future.result()
            if is_good(reply):
                self._compiled.settles[program.fetch.id](self._state, reply.body)
                self._finish(program)
            else:
                self._doubt()
        except _DOUBTS as doubt:
            # The future has the error, whose traceback has this frame, which has the future: a circle.
            doubt.__traceback__ = None
            self._doubt()
        except Exception as error:  # noqa: BLE001 - a callback has nobody above it: the waiting coroutine is told
            if not self._done.done():
                self._done.set_exception(error)

    def _finish(self, program: FetchProgram) -> None:
        self._unfinished -= 1
        waits_for = self._waits_for
        for id_ in program.dependents:
            waits_for[id_] -= 1
            if not waits_for[id_] and not self._done.done():
                self._start(self._fetches[id_])
        if not self._unfinished and not self._done.done():
            self._done.set_result(True)

    def _doubt(self) -> None:
        if not self._done.done():
            self._done.set_result(False)

    def _hand_over(self) -> None:
        for id_, body, future in self._made:
            self.recorded.add(id_, body, future)
        self._made = []
