"""Alembic's environment of the user database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
