"""The answers of the bank to a merchant, and what goes wrong with them in tests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from subgraphs.payment.sandbox.bank import Outage

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong with a merchant's calls; nothing by default.

    Attributes:
        is_failing: a call is answered 503, and nothing is done.
        is_lost: a call is carried out, and answered 503.
        delay_seconds: how long a call waits before it is carried out.
    """

    is_failing: bool = False
    is_lost: bool = False
    delay_seconds: float = 0.0


class Answers:
    """Answers calls with the faults of the moment.

    Attributes:
        faults: Set by the control endpoint of tests.
    """

    def __init__(self) -> None:
        self.faults = Faults()

    def of(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint as a merchant meets it.

        Raises:
            Outage: by the endpoint, when the faults say so.
        """

        async def answered(request: Request) -> Response:
            faults = self.faults
            if faults.is_failing:
                raise Outage("The bank is temporarily unavailable.")
            await asyncio.sleep(faults.delay_seconds)
            answer = await endpoint(request)
            if faults.is_lost:
                raise Outage("The bank is temporarily unavailable.")
            return answer

        return answered
