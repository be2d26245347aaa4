"""An attack, played and measured."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.attacks.usage import cpu_ms, ended_children_ms, own_peak_mib, resident_mib
from tests.attacks.world import World


class AttackSucceeded(Exception):
    """Raised by an attack that reached what it wanted; the message says what."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Something that somebody tries.

    Attributes:
        line: of the issue that it belongs to: section and number.
        name: what is tried.
        play: tries it, and says what came; raises AttackSucceeded.
        max_cpu_ms: of the gateway's processor time that it may cost.
        max_mib: of memory that the gateway may hold more after it than before.
    """

    line: str
    name: str
    play: Callable[[World], str]
    max_cpu_ms: float = 3_000.0
    max_mib: float = 300.0

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the table."""
        return tuple(int(number) for number in self.line.split("."))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack, and what it cost: processor time in ms and memory in MiB, ours and the attacker's.

    Attributes:
        fault: why it counts as a success of the attacker; None if it failed.
    """

    attack: Attack
    came: str
    fault: str | None
    our_ms: float
    our_mib: float
    their_ms: float
    their_mib: float


def played(attack: Attack, world: World) -> Outcome:
    """Play an attack, then see that the gateway still serves others."""
    pid = world.gateway.process.pid
    ours, resident = _our_ms(world), resident_mib(pid)
    theirs, their_peak = time.process_time(), own_peak_mib()
    came, fault = "", None
    try:
        came = attack.play(world)
    except AttackSucceeded as success:
        fault = str(success)
    our_ms, our_mib = _our_ms(world) - ours, resident_mib(pid) - resident
    their_ms, their_mib = (time.process_time() - theirs) * 1000, own_peak_mib() - their_peak
    if fault is None and our_ms > attack.max_cpu_ms:
        fault = f"cost {our_ms:.0f} ms of processor time"
    if fault is None and our_mib > attack.max_mib:
        fault = f"left {our_mib:.0f} MiB behind"
    if fault is None and world.ask("{ me { name } }") != {"data": {"me": {"name": "ann"}}}:
        fault = "others are not served any more"
    return Outcome(attack, came, fault, our_ms, our_mib, their_ms, their_mib)


def _our_ms(world: World) -> float:
    """The processor time of the gateway, and of those that attacks have started and ended, without their start."""
    return cpu_ms(world.gateway.process.pid) + ended_children_ms() - world.starting_ms
