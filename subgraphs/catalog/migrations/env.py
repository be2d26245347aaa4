"""Alembic's environment of the catalog database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
