"""What processes use: processor time and memory, as Linux counts them."""

import resource
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            children.append(int(path.parent.name))
    return [pid, *children]


def cpu_ms(pid: int) -> float:
    """The processor time of all threads of a process and its children so far."""
    nanoseconds = 0
    for member in family(pid):
        for schedule in Path(f"/proc/{member}/task").glob("*/schedstat"):
            try:
                nanoseconds += int(schedule.read_text(encoding="ascii").split()[0])
            except OSError:  # it has ended meanwhile
                continue
    return nanoseconds / 1e6


def resident_mib(pid: int) -> float:
    """The memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / MIB


def own_peak_mib() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB


def ended_children_ms() -> float:
    """The processor time of children that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1000
