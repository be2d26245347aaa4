"""Every database is opened, read and committed by the kit, so that its faults are typed and its locks bounded."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("subgraphs", "workers", "local")
KIT = Path("subgraphs/kit/storage")
OPENERS = frozenset({"create_async_engine", "create_engine", "async_sessionmaker", "sessionmaker", "AsyncSession"})

COMES_BACK_BY_ITSELF = {
    "catalog/holds.py": "a loop's round: the next one does it",
    "notification/delivering.py": "a job's row: it is given back, and due again",
    "user/given_up.py": "a person's command",
    "user/outgoing.py": "a loop's round: the next one does it",
}
"""Modules whose transactions need not run again after a conflict, and why."""
OTHER_SERVICES = frozenset({"provider", "orders", "users", "catalog", "payments"})
"""Attributes of dependencies that call another service: a function that asks one of them must not run again."""


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


def _functions() -> Iterator[tuple[str, ast.AsyncFunctionDef]]:
    for path in sorted(Path("subgraphs").glob("*/*.py")):
        where = f"{path.parent.name}/{path.name}"
        if KIT.parent.name != path.parent.name and path.name != "seed.py" and where not in COMES_BACK_BY_ITSELF:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.AsyncFunctionDef):
                    yield f"{where}: {node.name}", node


def _asks_another_service(function: ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr in OTHER_SERVICES
        for node in ast.walk(function)
    )


def test_every_transaction_of_a_service_runs_again_after_a_conflict_alone() -> None:
    seen = 0
    for where, function in _functions():
        if transactions := _transactions(function):
            seen += 1
            decorators = {each.id for each in function.decorator_list if isinstance(each, ast.Name)}
            assert transactions == 1, f"{where} would repeat a transaction that is committed"
            assert "run_again_on_conflict" in decorators, where
            assert not _asks_another_service(function), f"{where} would ask another service again"
    assert seen > 50
