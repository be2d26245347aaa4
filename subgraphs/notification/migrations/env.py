"""Alembic's environment of the notification database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
