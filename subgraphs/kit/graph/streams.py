"""How many streams one client may have open at a process: each holds a connection, a task and its share of every event."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from subgraphs.kit.runtime.identity import Identity

PER_ACCOUNT = 20
PER_ADDRESS = 200
"""Of clients that are not signed in; a household, an office or a carrier may share one address."""

TOO_MANY = "TOO_MANY_STREAMS"


class Streams:
    """The open streams of each client.

    Args:
        per_account: of an account, on all its devices.
        per_address: of the clients behind an address that are not signed in. A client without an address is not bounded.
    """

    def __init__(self, *, per_account: int = PER_ACCOUNT, per_address: int = PER_ADDRESS) -> None:
        self._per_account = per_account
        self._per_address = per_address
        self._open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, identity: Identity, address: str | None) -> Iterator[bool]:
        """Hold a place for a stream during the block; False when its client has as many as it may."""
        if identity.subject is not None:
            key, most = ("account", identity.subject), self._per_account
        elif address is not None:
            key, most = ("address", address), self._per_address
        else:
            yield True
            return
        if self._open[key] >= most:
            yield False
            return
        self._open[key] += 1
        try:
            yield True
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
