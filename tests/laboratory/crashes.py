"""Every commit of the services and the workers by name, and the end of a process before or after one of them.

A commit has the name of the function that begins its transaction, such as "payment.commands._finish". A transaction of the kit serves
many callers; the name of such a commit is the chain of calls from the first function outside of the kit:
"workers.actors.orders.deliver_event > work_off > write_outcome". `commits` reads the names from the code, and `CrashPoint` finds the name
of a running transaction by the frames of its callers, so that no service knows of either.

A crash is an exception before or after a commit: what was committed stays, what was to follow does not. It is no `Exception`, so no
service handles it: a request ends without an answer, and a worker leaves its lease behind, as when a process ends. What other requests
of the process were doing goes on.
"""

import ast
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import FrameType

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.session import Database

ROOT = Path(__file__).parents[2]
TREES = ("subgraphs", "workers")
KIT = "kit.storage."
TASKS = {"create_task", "shield"}
"""Calls whose argument runs as a task of its own: no frame leads from it to its caller."""

_ONE_WRITE = "one write that somebody asked for: nothing comes before it, nothing follows it, and it is asked for again"

LEFT_OUT = {
    "payment.sandbox": "the bank is another company's, with a store of its own",
    "user.commands.": _ONE_WRITE,
    "user.sessions._open": _ONE_WRITE,
    "user.sessions.refresh": "what ended is made known again by the loop of `user.ended`",
    "user.sessions.sign_out": "what ended is made known again by the loop of `user.ended`",
    "notification.commands.choose": _ONE_WRITE,
    "notification.commands.mark_read": _ONE_WRITE,
    "notification.commands.register_device": _ONE_WRITE,
    "notification.commands.save_template": _ONE_WRITE,
    "config.commands.": _ONE_WRITE,
    "recommendation.commands.": _ONE_WRITE,
    "workers.actors.registration.": "a command that a person runs before the market opens, and runs again",
    "workers.actors.catalogue.": "a copy of the catalog, which the next round writes again",
    "workers.actors.recommendation.purge_slates": "the next round deletes what is left",
    "workers.actors.sweeping.purge_old": "the next round deletes what is left",
    **{
        f"{service}.seed": "fills an empty database before the service runs, and goes on where it ended"
        for service in ("order", "payment", "catalog", "user", "notification", "recommendation")
    },
}
"""Beginnings of names of commits at which no test ends a process, each with its reason."""

AREAS = {
    "money": (
        "order.",
        "payment.",
        "catalog.",
        "workers.actors.orders.",
        "workers.actors.payments.",
        "workers.actors.following.",
    ),
    "people": ("user.", "notification.", "kit.storage.", "workers.dead."),
    "slates": ("workers.actors.behaviour.", "workers.actors.slates."),
}
"""The beginnings of the names of the commits that one test plays."""


class Crashed(BaseException):
    """Raised in place of a process's end."""


@dataclass(frozen=True, slots=True)
class _Function:
    """A function that begins transactions, or calls one that does.

    Attributes:
        name: With its module: "kit.storage.leases.write_outcome".
    """

    file: Path
    name: str
    node: ast.AsyncFunctionDef

    @property
    def own_name(self) -> str:
        return self.node.name

    @property
    def is_of_kit(self) -> bool:
        return self.name.startswith(KIT)


@cache
def written() -> frozenset[str]:
    """The names of all commits that are written in the code."""
    return frozenset(
        _chained([*chain, name])
        for function in _functions()
        for name in _transactions(function).values()
        for chain in _callers(function)
    )


@cache
def commits() -> frozenset[str]:
    """The names of all commits that a test must play."""
    return frozenset(name for name in written() if not name.startswith(tuple(LEFT_OUT)))


def commits_of(area: str) -> list[str]:
    """The names of the commits of an area, in order."""
    return sorted(name for name in commits() if name.startswith(AREAS[area]))


@cache
def _functions() -> tuple[_Function, ...]:
    files = sorted(file for tree in TREES for file in (ROOT / tree).rglob("*.py"))
    return tuple(
        _Function(file, f"{_module(file)}.{node.name}", node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    )


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removeprefix("subgraphs.")


def _transactions(function: _Function) -> dict[int, str]:
    """The names of the function's own commits by the lines of their transactions; a second one is numbered."""
    lines = sorted(
        node.lineno
        for node in _own_nodes(function.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transaction"
    )
    return {line: function.name if not place else f"{function.name}#{place + 1}" for place, line in enumerate(lines)}


def _own_nodes(function: ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The nodes of the function, and of none inside of it."""
    nodes = list(ast.iter_child_nodes(function))
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            nodes.extend(ast.iter_child_nodes(node))


def _callers(function: _Function) -> Iterator[list[str]]:
    """The chains of functions that lead to one of the kit, each from the first function outside of it; an empty one for all others."""
    if not function.is_of_kit:
        yield []
        return
    for caller in _functions():
        for node in _own_nodes(caller.node):
            if not isinstance(node, ast.Call) or not _calls(node, function, caller):
                continue
            yield from ([*chain, caller.name] for chain in _callers(caller))
        if any(_starts_task(node, function, caller) for node in _own_nodes(caller.node)):
            yield []


def _calls(node: ast.Call, function: _Function, caller: _Function) -> bool:
    """Whether the call is one of the function, and its frames lead to the caller."""
    return _names(node.func, function, caller) and node not in _tasks(caller)


def _starts_task(node: ast.AST, function: _Function, caller: _Function) -> bool:
    return isinstance(node, ast.Call) and node in _tasks(caller) and _names(node.func, function, caller)


@cache
def _tasks(caller: _Function) -> frozenset[ast.AST]:
    """The calls of the function whose coroutines run as tasks of their own."""
    starts = (
        node
        for node in _own_nodes(caller.node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TASKS
    )
    return frozenset(argument for node in starts for argument in node.args)


def _names(called: ast.expr, function: _Function, caller: _Function) -> bool:
    is_named = isinstance(called, ast.Name) and called.id == function.own_name
    return is_named and (caller.file == function.file or function.own_name in _imported_from_kit(caller.file))


@cache
def _imported_from_kit(file: Path) -> frozenset[str]:
    imports = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom))
    of_kit = (node for node in imports if (node.module or "").startswith(f"subgraphs.{KIT}"))
    return frozenset(alias.name for node in of_kit for alias in node.names)


@cache
def _by_line() -> dict[tuple[str, int], str]:
    return {
        (str(function.file), line): name for function in _functions() for line, name in _transactions(function).items()
    }


def _chained(names: list[str]) -> str:
    """The name of a commit: the first function of the chain with its module, the others without."""
    first, *others = names
    return " > ".join([first, *(each.rpartition(".")[2] for each in others)])


def _running(frame: FrameType) -> str | None:
    """The name of the commit whose transaction begins in the frame; None if none of a service or worker does."""
    name = _by_line().get((frame.f_code.co_filename, frame.f_lineno))
    if name is None:
        return None
    chain = [name]
    caller = frame.f_back
    while chain[0].startswith(KIT) and caller is not None:
        file = Path(caller.f_code.co_filename)
        if not any(file.is_relative_to(ROOT / tree) for tree in TREES):
            break
        chain.insert(0, f"{_module(file)}.{caller.f_code.co_name}")
        caller = caller.f_back
    return _chained(chain)


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

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the transactions of all databases pass here during the block."""
        begin = Database.transaction

        def transaction(database: Database) -> AbstractAsyncContextManager[AsyncSession]:
            return self._passing(partial(begin, database), _running(sys._getframe(1)))

        Database.transaction = transaction  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            Database.transaction = begin  # type: ignore[method-assign]

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
