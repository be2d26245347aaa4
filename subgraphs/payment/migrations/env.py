"""Alembic's environment of the payment database."""

from subgraphs.kit.storage.migrate import run_environment

run_environment()
