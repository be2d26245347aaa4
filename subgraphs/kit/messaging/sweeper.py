"""Wakes workers again for jobs that wait longer than they should: a wake-up was lost, or a lease ran out.

One sweeper works at a time, by a lock in Redis that expires; a second one at the wrong moment would do no harm, only noise.
"""

from collections.abc import Awaitable, Callable

import redis.asyncio
import structlog

_log = structlog.get_logger(__name__)

Sweep = Callable[[], Awaitable[int]]
"""Wakes what is due and returns how many."""


async def sweep_once(
    client: redis.asyncio.Redis, sweeps: dict[str, Sweep], *, holder: str, lock_seconds: int = 30
) -> dict[str, int]:
    """Run every sweep under the lock; how many each woke, empty when another holder has the lock.

    A sweep that raises is logged and does not stop the others.
    """
    lock = client.lock("yarmarka:sweeper", timeout=lock_seconds, blocking=False)
    if not await lock.acquire(token=holder):
        return {}
    woken: dict[str, int] = {}
    try:
        for name, sweep in sweeps.items():
            try:
                woken[name] = await sweep()
            except Exception:  # noqa: BLE001 - one sweep's failure is logged and must not stop the others
                _log.exception("sweeper.sweep_failed", sweep=name)
    finally:
        if await lock.owned():
            await lock.release()
    return woken
