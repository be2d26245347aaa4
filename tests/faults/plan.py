"""Which faults are played, in which order: all of them, or the short form that CI runs."""

from dataclasses import dataclass

from subgraphs import SERVICES
from tests.faults.injection import (
    PROCESSES,
    Injection,
    bank_answers,
    clock_jumps,
    database_locked,
    disk_full,
    killed,
    postgres_disk_full,
    postgres_killed,
    postgres_stopped,
    redis_away,
    redis_emptied,
    stopped,
    webhooks,
)

SILENT_SECONDS = 20.0
LOCKED_SECONDS = 5.0
AWAY_SECONDS = 10.0
BANK_SECONDS = 15.0
SHORT_SECONDS = 4.0
JUMP_SECONDS = 120.0
HAVE_CLOCKS = ("gateway", "user", "order", "payment", "catalog", "feed", "notification", "worker")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its name in the table.

    Attributes:
        inject: Makes the block faulty.
        seconds: How long the block lasts.
        empties_redis: Behaviour events that were accepted may be lost, as the API says.
    """

    name: str
    inject: Injection
    seconds: float = 0.0
    empties_redis: bool = False


def short_form(*, is_sqlite: bool) -> list[Fault]:
    """Each kind of fault once, at the processes that move orders and money: five minutes with the market's start."""
    return [
        *(Fault(f"kill -9 {name}", killed(name)) for name in ("order", "payment", "worker", "redis")),
        Fault("redis emptied", redis_emptied, empties_redis=True),
        Fault("catalog stopped", stopped("catalog"), SHORT_SECONDS),
        Fault("order's database locked", database_locked("order", "orders"), SHORT_SECONDS),
        Fault("bank's answers lost", bank_answers(is_lost=True), SHORT_SECONDS),
        Fault("webhooks lost", webhooks(is_lost=True), SHORT_SECONDS),
        Fault("gateway's clock ahead", clock_jumps("gateway", ahead_seconds=JUMP_SECONDS), SHORT_SECONDS),
        Fault("worker's clock ahead", clock_jumps("worker", ahead_seconds=JUMP_SECONDS), SHORT_SECONDS),
        *_of_postgres(is_sqlite=is_sqlite)[:1],
    ]


def long_form(*, is_sqlite: bool, hold_seconds: float) -> list[Fault]:
    """Every fault.

    Args:
        hold_seconds: How long the market holds stock for an order that is not paid.
    """
    return [
        *(Fault(f"kill -9 {name}", killed(name)) for name in PROCESSES),
        *(Fault(f"{name} stopped", stopped(name), SILENT_SECONDS) for name in (*SERVICES, "gateway")),
        Fault("worker stopped beyond the hold", stopped("worker"), 1.5 * hold_seconds),
        Fault("redis silent", stopped("redis"), AWAY_SECONDS),
        Fault("redis away", redis_away, AWAY_SECONDS),
        Fault("redis emptied", redis_emptied, empties_redis=True),
        *(
            Fault(f"{name}'s database locked", database_locked(name, table), LOCKED_SECONDS)
            for name, table in (("order", "orders"), ("payment", "payments"), ("catalog", "products"))
        ),
        *_of_disks(is_sqlite=is_sqlite),
        *_of_postgres(is_sqlite=is_sqlite),
        Fault("bank silent", stopped("bank"), SILENT_SECONDS),
        Fault("bank slow", bank_answers(delay_seconds=3.0), BANK_SECONDS),
        Fault("bank failing", bank_answers(is_failing=True), BANK_SECONDS),
        Fault("bank's answers lost", bank_answers(is_lost=True), BANK_SECONDS),
        Fault("webhooks lost", webhooks(is_lost=True), BANK_SECONDS),
        Fault(
            "webhooks late, tripled, reversed", webhooks(delay_seconds=3.0, copies=3, is_reversed=True), BANK_SECONDS
        ),
        *(
            Fault(f"{name}'s clock {where}", clock_jumps(name, ahead_seconds=seconds), AWAY_SECONDS)
            for where, seconds in (("ahead", JUMP_SECONDS), ("behind", -JUMP_SECONDS))
            for name in HAVE_CLOCKS
        ),
    ]


def _of_postgres(*, is_sqlite: bool) -> list[Fault]:
    if is_sqlite:
        return []
    return [
        Fault("kill -9 postgresql", postgres_killed, SHORT_SECONDS),
        Fault("postgresql stopped", postgres_stopped, SILENT_SECONDS),
    ]


def _of_disks(*, is_sqlite: bool) -> list[Fault]:
    redis = Fault("redis's disk full", disk_full("redis"), AWAY_SECONDS)
    if not is_sqlite:  # the services write no files
        return [redis, Fault("postgresql's disk full", postgres_disk_full, AWAY_SECONDS)]
    return [*(Fault(f"{name}'s disk full", disk_full(name), AWAY_SECONDS) for name in ("order", "payment")), redis]
