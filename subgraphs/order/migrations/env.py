"""Alembic's environment of the order database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
