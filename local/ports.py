"""Tells before anything starts which ports are taken, by the setting that moves each."""

import socket
from collections.abc import Iterable

from local.processes import Process


class PortsTaken(RuntimeError):
    """Raised when a port that the market needs is in use; the message names every one and its setting."""


def require_free_ports(processes: Iterable[Process]) -> None:
    """Return if every port can be bound.

    Raises:
        PortsTaken: naming each port in use, the process that wants it, and the setting.
    """
    wanted = [
        (process.name, setting, port)
        for process in processes
        for setting, port in {process.port_setting: process.port, **process.more_ports}.items()
    ]
    taken = [(name, setting, port) for name, setting, port in wanted if not _is_free(port)]
    if taken:
        lines = [
            f"port {port} is in use, and {name} needs it: free it, or set {setting}" for name, setting, port in taken
        ]
        raise PortsTaken("\n".join(lines))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
