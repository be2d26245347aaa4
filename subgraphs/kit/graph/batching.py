"""Dataloaders: what many resolvers ask for one by one is fetched once.

`resolve_reference` of every entity, and every nested list, goes through one of these, so that the number of SQL statements does not grow with the
length of a list. A loader lives for one request; each batch opens a short reading session of its own.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

MAX_BATCH_SIZE = 5_000  # below SQLite's and PostgreSQL's limits of 32,766 parameters

Key = TypeVar("Key", bound=Hashable)
Arguments = TypeVar("Arguments", bound=Hashable)
Value = TypeVar("Value")


def keyed_loader(fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> DataLoader[Key, Value | None]:
    """A loader that answers None for the keys that `fetch` does not give back.

    Args:
        fetch: from distinct keys to what was found.
    """

    async def load(keys: list[Key]) -> list[Value | None]:
        found = await fetch(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load_fn=load, max_batch_size=MAX_BATCH_SIZE)


def grouped_loader(
    fetch: Callable[[Sequence[Key]], Awaitable[Mapping[Key, list[Value]]]],
) -> DataLoader[Key, list[Value]]:
    """A loader of lists; the list is empty for the keys that `fetch` does not give back."""

    async def load(keys: list[Key]) -> list[list[Value]]:
        found = await fetch(keys)
        return [found.get(key, []) for key in keys]

    return DataLoader(load_fn=load, max_batch_size=MAX_BATCH_SIZE)


def argued_loader(
    fetch: Callable[[Sequence[Key], Arguments], Awaitable[Mapping[Key, Value]]],
) -> DataLoader[tuple[Key, Arguments], Value]:
    """A loader of fields with arguments: keys are (owner, arguments), and `fetch` is called once for each distinct arguments.

    Args:
        fetch: answers for every owner; `fetch_pages` does.
    """

    async def load(keys: list[tuple[Key, Arguments]]) -> list[Value]:
        owners: dict[Arguments, list[Key]] = {}
        for owner, arguments in keys:
            owners.setdefault(arguments, []).append(owner)
        found = {arguments: await fetch(of, arguments) for arguments, of in owners.items()}
        return [found[arguments][owner] for owner, arguments in keys]

    return DataLoader(load_fn=load, max_batch_size=MAX_BATCH_SIZE)
