"""Every database is opened, read and committed by the kit, so that its faults are typed and its locks bounded."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("subgraphs", "workers", "local")
KIT = Path("subgraphs/kit/storage")
OPENERS = frozenset({"create_async_engine", "create_engine", "async_sessionmaker", "sessionmaker", "AsyncSession"})

ONE_TRANSACTION = (
    "subgraphs/catalog/commands.py",
    "subgraphs/config/commands.py",
    "subgraphs/notification/commands.py",
    "subgraphs/recommendation/commands.py",
    "subgraphs/user/commands.py",
)
"""The modules whose functions run again, whole, after a conflict: none of them calls another service."""


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    for path in (each for source in SOURCES for each in sorted(Path(source).rglob("*.py"))):
        if KIT in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == name:
                    yield f"{path}:{node.lineno}", node


def test_nothing_but_the_kit_opens_an_engine_or_a_session() -> None:
    assert [place for name in sorted(OPENERS) for place, _ in _calls(name)] == []


def test_no_session_reads_a_row_before_it_writes_it_by_merging() -> None:
    is_of_a_session = {
        place
        for place, call in _calls("merge")
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "session"
    }
    assert is_of_a_session == set()


def _transactions(function: ast.AsyncFunctionDef) -> int:
    return sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transaction"
        for node in ast.walk(function)
    )


def test_a_command_of_one_transaction_runs_again_after_a_conflict() -> None:
    for module in ONE_TRANSACTION:
        for function in ast.parse(Path(module).read_text()).body:
            if isinstance(function, ast.AsyncFunctionDef) and (transactions := _transactions(function)):
                decorators = {each.id for each in function.decorator_list if isinstance(each, ast.Name)}
                assert transactions == 1, f"{module}: {function.name} would repeat a transaction that is committed"
                assert "run_again_on_conflict" in decorators, f"{module}: {function.name}"
