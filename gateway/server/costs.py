"""What operations cost, for whoever may know it: a header for requests that ask, the log, metrics.

    x-gateway-cost: estimate=452, actual=310, limit=50000

What an answer cost is worked out where its request asked, or of all answers if the settings say so: it takes about as long as decoding
the answer. A large answer is decoded in a thread, so that others are served meanwhile. Of a subscription the estimate alone is known.
"""

import asyncio
from typing import Final

import orjson

from gateway.errors import ClientError
from gateway.execution.request import Answer
from gateway.operation.cost.actual import actual_cost
from gateway.pipeline import Ready
from gateway.server.metrics import COST_LIMITED, COSTS
from gateway.server.request_state import Exchange
from gateway.settings import Settings

HEADER: Final = b"x-gateway-cost"
MAX_INLINE_BYTES: Final = 32_000
"""Larger answers are decoded in a thread; 32 kB take about 0.2 ms."""


class CostReporter:
    """Notes what operations cost."""

    def __init__(self, settings: Settings) -> None:
        self._weighs_all = settings.limits.counts_costs and settings.limits.actual_cost == "all"
        self._limit = settings.limits.max_cost
        self._estimates = COSTS.labels("estimate")
        self._actuals = COSTS.labels("actual")

    def planned(self, ready: Ready, exchange: Exchange, *, is_asked: bool) -> None:
        """Note what a request costs at most.

        Args:
            is_asked: Whether the request wants to know, and may.
        """
        if ready.cost is None:
            return
        exchange.cost = (exchange.cost or 0) + ready.cost
        exchange.asks_cost = is_asked
        self._estimates.observe(ready.cost)
        if ready.is_beyond_limit:
            COST_LIMITED.labels("measured").inc()

    def refused(self, error: ClientError, exchange: Exchange) -> None:
        """Note a refusal, if the cost is its reason."""
        if error.code == "MAX_COST_EXCEEDED":
            COST_LIMITED.labels("refused").inc()
            exchange.cost = error.extensions.get("cost")

    async def answered(self, ready: Ready, answer: Answer, exchange: Exchange) -> None:
        """Note what an answer cost, if it is to be known."""
        cost = ready.planned.cost
        if cost is None or not (exchange.asks_cost or self._weighs_all):
            return
        if len(answer.body) <= MAX_INLINE_BYTES:
            actual = actual_cost(cost, ready.variables, orjson.loads(answer.body).get("data"))
        else:
            actual = await asyncio.to_thread(
                lambda: actual_cost(cost, ready.variables, orjson.loads(answer.body).get("data"))
            )
        exchange.actual_cost = (exchange.actual_cost or 0) + actual
        self._actuals.observe(actual)

    def headers(self, exchange: Exchange) -> list[tuple[bytes, bytes]] | None:
        """The header of an answer; None if the request did not ask."""
        if not exchange.asks_cost:
            return None
        told = [b"estimate=%d" % (exchange.cost or 0)]
        if exchange.actual_cost is not None:
            told.append(b"actual=%d" % exchange.actual_cost)
        if self._limit is not None:
            told.append(b"limit=%d" % self._limit)
        return [(HEADER, b", ".join(told))]
