"""What the code itself says about its relations, read from its syntax trees.

The evidence is what a process needs in order to make a call at all: the address of another service in its settings
(`settings.<service>_url`) or the kit's source of configuration, a table module of its own or the address of a database, an import of the queue.
A docstring is not evidence.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from subgraphs import DATABASES, SERVICES
from tests.support.c4_model import Relation

# Addresses that are not a subgraph's: which package has them, and whom they reach.
OTHER_ADDRESSES = {
    ("payment", "provider_url"): "bank",
    ("notification", "smtp_url"): "mailsink",
    ("order", "analytics_database_url"): "yarmarka.order_analytics_db",
}
CONFIG = "subgraphs.kit.runtime.feature_flags.ServiceConfig"
SESSIONS = "subgraphs.kit.messaging.ended_sessions"
QUEUE_MODULES = ("subgraphs.kit.messaging.task_queue", "subgraphs.kit.messaging.stream", "subgraphs.kit.storage.relay")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one package says.

    Attributes:
        attributes: every name that is read as an attribute, e.g. ``config_url``.
        imports: every module that is imported, in full.
    """

    attributes: frozenset[str]
    imports: frozenset[str]

    def has_import(self, module: str) -> bool:
        """Whether the module, or something inside of it, is imported."""
        return any(name == module or name.startswith(f"{module}.") for name in self.imports)


def evidence_of(package: Path, *, without: tuple[str, ...] = ()) -> Evidence:
    """Reads every module of a package.

    Args:
        package: its folder.
        without: names of subfolders that are another process.
    """
    attributes: set[str] = set()
    imports: set[str] = set()
    for path in sorted(package.rglob("*.py")):
        if set(path.relative_to(package).parts) & {*without, "migrations", "node_modules"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                attributes.add(node.attr)
            imports.update(_imported(node))
    return Evidence(frozenset(attributes), frozenset(imports))


def relations_in_code(root: Path) -> set[Relation]:
    """Gives every relation between containers for which the code has evidence.

    Args:
        root: the repository.
    """
    found: set[Relation] = set()
    for name in SERVICES:
        package = root / "subgraphs" / name
        if package.is_dir():
            found |= _of_subgraph(name, package)
    found |= _of_workers(root / "workers")
    if evidence_of(root / "gateway", without=("graphiql",)).has_import("redis"):
        found.add(Relation("yarmarka.gateway", "yarmarka.redis", "sync"))
    if "webhook_url" in evidence_of(root / "subgraphs" / "payment" / "sandbox").attributes:
        found.add(Relation("bank", "yarmarka.payment", "sync"))
    return found


def _of_subgraph(name: str, package: Path) -> set[Relation]:
    evidence = evidence_of(package, without=("sandbox",))
    source = f"yarmarka.{name}"
    found = _calls(source, evidence)
    if (package / "tables.py").exists():
        found.add(Relation(source, f"{source}_db", "sync"))
    for (owner, address), target in OTHER_ADDRESSES.items():
        if owner == name and address in evidence.attributes:
            found.add(Relation(source, target, "sync"))
    return found


def _of_workers(package: Path) -> set[Relation]:
    evidence = evidence_of(package)
    found = _calls("yarmarka.worker", evidence)
    if evidence.has_import("dramatiq"):
        found.add(Relation("yarmarka.redis", "yarmarka.worker", "async"))
    owners = {name for name in DATABASES if f"{name}_database_url" in evidence.attributes}
    return found | {Relation("yarmarka.worker", f"yarmarka.{name}_db", "sync") for name in owners}


def _calls(source: str, evidence: Evidence) -> set[Relation]:
    """The calls of other subgraphs, and both ways of using Redis: through the queue, and as a client."""
    called = {name for name in SERVICES if f"{name}_url" in evidence.attributes}
    if evidence.has_import(CONFIG):
        called.add("config")
    found = {Relation(source, f"yarmarka.{name}", "sync") for name in called}
    if any(evidence.has_import(module) for module in QUEUE_MODULES):
        found.add(Relation(source, "yarmarka.redis", "async"))
    if evidence.has_import("redis") or evidence.has_import(SESSIONS):
        found.add(Relation(source, "yarmarka.redis", "sync"))
    return found


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
