"""Alembic's environment of the config database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
