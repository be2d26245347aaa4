"""What goes wrong between the services of money: a peer that is away, an answer that is lost. See `crashes` for a process that ends.

Outages are put into clients from here; no service knows of them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Outage:
    """A peer that gives no answer.

    Attributes:
        calls: Number of calls to come that have none.
        is_done: The peer does what it is asked; only its answer is lost.
    """

    calls: int = 0
    is_done: bool = False

    def set(self, *, calls: int, is_done: bool = False) -> None:
        """Leave so many calls to come without an answer."""
        self.calls, self.is_done = calls, is_done

    def put_into(self, client: Any, method: str, failure: Callable[[], Exception]) -> None:
        """Let the client's calls pass here.

        Args:
            method: Name of the method that calls.
            failure: Makes the error of a call without an answer.
        """
        call: Callable[..., Awaitable[Any]] = getattr(client, method)

        async def passing(*arguments: Any, **named: Any) -> Any:
            is_failing = self.calls > 0
            self.calls -= is_failing
            if is_failing and not self.is_done:
                raise failure()
            answer = await call(*arguments, **named)
            if is_failing:
                raise failure()
            return answer

        setattr(client, method, passing)
