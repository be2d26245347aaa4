"""Alembic, run in process, one folder of migrations for each database.

A folder holds `env.py` (two lines: import and call `run_environment`) and `versions/`. `alembic_version` in the database says where it is.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, text

from subgraphs.kit.storage.engine import open_engines

_LOCK_ID = 7_209_314_255  # any number: replicas that migrate at once wait for each other on it


async def upgrade(url: str, folder: Path) -> None:
    """Bring the database at the URL to the newest revision."""
    await _run(url, folder, "upgrade", "head")


async def downgrade(url: str, folder: Path, *, revision: str = "base") -> None:
    """Take the database back to a revision; by default to nothing."""
    await _run(url, folder, "downgrade", revision)


async def _run(url: str, folder: Path, command_name: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    def run(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
        getattr(command, command_name)(config, revision)

    engines = open_engines(url, has_time_limits=False)
    try:
        async with engines.writer.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engines.dispose()


def run_environment(metadata: MetaData | None = None) -> None:
    """What a folder's `env.py` calls: run the migrations on the connection that `upgrade` or `downgrade` opened."""
    from alembic import context

    connection: Any = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    context.run_migrations()


async def schema_differences(url: str, metadata: MetaData) -> list[Any]:
    """What Alembic would change to make the database equal to the tables in code; empty when the migrations are complete."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    engines = open_engines(url)
    try:
        async with engines.writer.connect() as connection:
            return await connection.run_sync(
                lambda sync: list(compare_metadata(MigrationContext.configure(sync), metadata))
            )
    finally:
        await engines.dispose()
