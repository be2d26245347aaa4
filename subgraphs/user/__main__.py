"""`python -m subgraphs.user serve | migrate [--down] | seed DIR | export-schema | make-keys DIR`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from subgraphs.kit.graph.cli import Deployable, ExtraCommand, MigratedDatabase, run
from subgraphs.user.settings import MIGRATIONS, UserSettings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from strawberry.federation import Schema


def _app(settings: UserSettings) -> "Starlette":
    from subgraphs.user.app import create_user_app

    return create_user_app(settings)


def _schema() -> "Schema":
    from subgraphs.user.graph.schema import schema

    return schema


async def _seed(settings: UserSettings, folder: Path) -> int:
    from subgraphs.user.seed import seed

    return await seed(settings, folder)


def _make_keys(arguments: list[str]) -> int:
    from subgraphs.user.tokens import TokenKeys

    if len(arguments) != 1:
        print("make-keys needs the folder to write user-tokens.json to", file=sys.stderr)
        return 2
    print(TokenKeys.rotate(Path(arguments[0]) / "user-tokens.json"))
    return 0


DEPLOYABLE = Deployable(
    name="user",
    settings=UserSettings,
    app=_app,
    schema=_schema,
    databases=lambda settings: [MigratedDatabase(settings.database, MIGRATIONS)],
    seed=_seed,
    extra={
        "make-keys": ExtraCommand("put a new signing key for the clients' tokens in front of the old ones", _make_keys)
    },
)

if __name__ == "__main__":
    sys.exit(run(DEPLOYABLE))
