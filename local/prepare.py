"""What must be there before the processes start: tables, the demo market, a first model, GraphiQL's page.

Each step leaves a stamp of what it was made from, so that a later start does only what has changed. Steps run side by side unless
one reads what another makes. A step that fails stops the start, except the page: the gateway starts without it and says what is
missing.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.settings import LocalSettings

ONCE = "once"
"""Made from nothing that changes: demo data has ids of its own, and making it anew beside what is there would mix two markets.
`task seed` removes the old one first."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command to run once for each state of its sources.

    Attributes:
        made_from: A digest of what the result depends on.
        after: Steps whose results this one reads; steps without an order between them run side by side.
        is_needed: A failure stops the start.
        result: The file that the step leaves; if it is gone, the step is done again.
    """

    name: str
    about: str
    command: list[str]
    made_from: str
    after: tuple[str, ...] = ()
    is_needed: bool = True
    result: Path | None = None


def steps(settings: LocalSettings) -> Iterator[Step]:
    """Every step, in an order in which they can be done one after the other."""
    python = sys.executable
    market = settings.data_dir / "market"
    keys = str(settings.data_dir / "keys")
    yield Step("keys", "making development keys", [python, "-m", "subgraphs.user", "make-keys", keys], ONCE)
    migrations = digest(
        [*Path("subgraphs").glob("*/migrations/**/*.py"), *Path("subgraphs").glob("*/*/migrations/**/*.py")]
    )
    yield Step("migrate", "migrating the databases", [python, "-m", "local.deployables", "migrate"], migrations)
    generate = [python, "-m", "workers", "market", "generate", "--out", str(market)]
    yield Step("generate", "making the demo market", generate, ONCE)
    seed = [python, "-m", "local.deployables", "seed", str(market)]
    yield Step("seed", "seeding the databases", seed, ONCE, after=("migrate", "generate"))
    train = [python, "-m", "workers", "train", "--market", str(market), "--register"]
    yield Step("train", "training a first model", train, ONCE, after=("migrate", "generate"))
    if settings.with_graphiql:
        sources = Path("gateway/graphiql")
        page = digest([*sources.glob("*.json"), *sources.glob("*.ts"), *sources.glob("src/**/*")])
        build = [python, "-m", "gateway.graphiql.build"]
        yield Step(
            "graphiql", "building GraphiQL's page", build, page, is_needed=False, result=sources / "build/index.html"
        )


class Stamps:
    """Which steps are done, and from what: a JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def is_done(self, step: Step) -> bool:
        """Whether the step was done from the same sources."""
        is_there = step.result is None or step.result.exists()
        return is_there and self._done.get(step.name) == step.made_from

    def mark(self, step: Step) -> None:
        """Remember that the step is done."""
        self._done[step.name] = step.made_from
        unfinished = self._path.with_suffix(".new")
        unfinished.write_text(json.dumps(self._done, indent=2))
        unfinished.replace(self._path)


def digest(paths: Iterable[Path]) -> str:
    """A digest of files' names and contents; files that are missing count as empty."""
    total = hashlib.sha256()
    for path in sorted(paths):
        if not path.is_dir() and "__pycache__" not in path.parts:
            total.update(path.as_posix().encode())
            total.update(path.read_bytes() if path.exists() else b"")
    return total.hexdigest()[:16]
