"""Fixtures for all tests; each is defined beside what it starts, in tests/support."""

from tests.support.databases import database_url, postgres_port, postgres_url
from tests.support.redis import redis_port, redis_url

__all__ = ["database_url", "postgres_port", "postgres_url", "redis_port", "redis_url"]
