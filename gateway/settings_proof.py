"""Settings that have the right form and mean nothing: folders that are not there, addresses that cannot be asked, keys that are none."""

from collections.abc import Iterator
from pathlib import Path

from gateway.execution.transport.http import is_http_address
from gateway.settings import Settings
from gateway.settings_yaml import Key

Problem = tuple[Key, str]
"""A key, and what is wrong with its value; the text begins with the key."""


def settings_problems(settings: Settings) -> list[Problem]:
    """Return what would have no effect, or fail only when it is needed; [] if all settings can be used."""
    return [(key, f"{'.'.join(map(str, key))}: {told}") for key, told in _problems(settings)]


def _problems(settings: Settings) -> Iterator[tuple[Key, str]]:
    for key, folder in (
        (("persisted", "manifest"), settings.persisted.manifest),
        (("graphiql", "operations"), settings.graphiql.operations),
    ):
        if folder is not None and (told := _operations_problem(folder)) is not None:
            yield key, told
    keys_dir = settings.identity.keys_dir
    if keys_dir is not None and keys_dir.exists() and not keys_dir.is_dir():
        yield ("identity", "keys_dir"), f"{keys_dir} is no folder"
    for index, issuer in enumerate(settings.identity.issuers):
        if not is_http_address(issuer.jwks_url):
            yield ("identity", "issuers", index, "jwks_url"), f"{issuer.jwks_url!r} is not an address"
    for name, subgraph in settings.subgraphs.items():
        if subgraph.url is not None and not is_http_address(subgraph.url):
            yield ("subgraphs", name, "url"), f"{subgraph.url!r} is not an address"
    redis_url = settings.rate_limits.redis_url
    if redis_url is not None and not redis_url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        yield ("rate_limits", "redis_url"), "is not an address such as redis://redis.internal/2"
    tokens = settings.identity.service_tokens
    if tokens is not None and (told := _keys_problem(tokens.keys.get_secret_value())) is not None:
        yield ("identity", "service_tokens", "keys"), told


def _operations_problem(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"there is no folder {folder}"
    if next(folder.glob("*.graphql"), None) is None:
        return f"the folder {folder} has no operation: no file whose name ends in .graphql"
    return None


def _keys_problem(keys: str) -> str | None:
    from subgraphs.kit.runtime.keys import KeyRing

    try:
        KeyRing.parse(keys)
    except ValueError as error:
        return str(error)
    return None
