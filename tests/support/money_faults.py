"""What goes wrong between the services of money: a process that ends at a commit, a peer that is away, an answer that is lost.

A crash is an exception before or after a commit: what was committed stays, what was to follow does not. It is no `Exception`, so no
service handles it: a request ends without an answer, and a worker leaves its lease behind, as when a process ends. What other requests
of the process were doing goes on. Crashes and outages are put into databases and clients from here; no service knows of them.
"""

import ast
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.session import Database

ROOT = Path(__file__).parents[2]
COMMITTING = (
    "subgraphs/order",
    "subgraphs/payment",
    "subgraphs/catalog",
    "subgraphs/kit/storage/outbox_work.py",
    "subgraphs/kit/storage/leases.py",
    "workers/actors/following.py",
)
LEFT_OUT = {
    "order.seed": "fills an empty database before the service runs",
    "payment.seed": "fills an empty database before the service runs",
    "catalog.seed": "fills an empty database before the service runs",
    "payment.sandbox": "the bank is another company's",
    "catalog.commands.create_product": "moves no money and no stock",
    "kit.storage.leases.renew": "runs beside the work, seconds after it began",
    "kit.storage.leases.give_back_interrupted": "runs when a process is told to stop, which is no crash",
}
"""Commits at which no test of money ends a process, each with its reason."""


class Crashed(BaseException):
    """Raised in place of a process's end."""


@cache
def commits() -> dict[tuple[str, int], str]:
    """The names of all commits, such as "payment.commands._finish" for the function, by the file and the line of the transaction."""
    found: dict[tuple[str, int], str] = {}
    for place in COMMITTING:
        files = sorted((ROOT / place).rglob("*.py")) if (ROOT / place).is_dir() else [ROOT / place]
        for file in files:
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removeprefix("subgraphs.")
            for function in ast.walk(ast.parse(file.read_text())):
                name = f"{module}.{function.name}" if isinstance(function, ast.AsyncFunctionDef) else ""
                if name and not any(name.startswith(left_out) for left_out in LEFT_OUT):
                    found |= {(str(file), line): name for line in _transactions(function)}
    return found


def _transactions(function: ast.AST) -> list[int]:
    """The lines on which the function itself, and none inside of it, begins a transaction."""
    lines: list[int] = []
    nodes = list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transaction":
            lines.append(node.lineno)
        if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            nodes.extend(ast.iter_child_nodes(node))
    return lines


@dataclass(slots=True)
class CrashPoint:
    """The commit at which the process ends, when it comes to it.

    Attributes:
        at: Name of the commit; None: no process ends.
        is_after: The commit takes place, and nothing after it.
        passed: Names of the commits that were come to.
        crashed: Names of those at which a process ended.
    """

    at: str | None = None
    is_after: bool = False
    passed: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    def set(self, at: str | None, *, is_after: bool = False) -> None:
        """End the process at the next commit of that name, and forget what was passed."""
        self.at, self.is_after = at, is_after
        self.passed.clear()
        self.crashed.clear()

    def put_into(self, database: Database) -> None:
        """Let the database's transactions pass here."""
        begin = database.transaction

        def transaction() -> AbstractAsyncContextManager[AsyncSession]:
            caller = sys._getframe(1)
            return self._passing(begin, commits().get((caller.f_code.co_filename, caller.f_lineno)))

        object.__setattr__(database, "transaction", transaction)

    @asynccontextmanager
    async def _passing(
        self, begin: Callable[[], AbstractAsyncContextManager[AsyncSession]], name: str | None
    ) -> AsyncIterator[AsyncSession]:
        ends_here = False
        async with begin() as session:
            yield session
            ends_here = self._is_reached(name)
            if ends_here and not self.is_after:
                raise Crashed(f"before {name}")
            if ends_here:
                session.info.clear()  # nobody is woken any more
        if ends_here:
            raise Crashed(f"after {name}")

    def _is_reached(self, name: str | None) -> bool:
        if name is None:
            return False
        self.passed.append(name)
        if name != self.at:
            return False
        self.at = None
        self.crashed.append(name)
        return True


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
