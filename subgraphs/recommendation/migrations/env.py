"""Alembic's environment of the recommendation database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
