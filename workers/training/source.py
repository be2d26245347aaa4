"""Reads the files of a market into what training needs: the catalogue and the log."""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workers.features.catalogue import Catalogue, Category, Product, catalogue_of
from workers.features.event import Behaviour, Kind


class SourceUnreadable(Exception):
    """The directory holds no complete market; the message names the file."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """A catalogue and what was done with it, in time order.

    Attributes:
        home_slates: ids of the slates that were shown as a feed; the others were category pages.
        until: Unix seconds; the log is complete up to here.
    """

    catalogue: Catalogue
    events: tuple[Behaviour, ...]
    home_slates: frozenset[str]
    until: float


def read(directory: Path) -> History:
    """The history in a directory that ``python -m workers market generate`` (or an export in the same form) wrote.

    Raises:
        SourceUnreadable: Raised when a file is missing, or is not what it should be.
    """
    try:
        manifest = orjson.loads((directory / "manifest.json").read_bytes())
        categories = [Category(row["id"], row["parent_id"]) for row in _rows(directory / "categories.jsonl")]
        products = list(_rows(directory / "products.jsonl"))
        with gzip.open(directory / "events.jsonl.gz") as file:
            events = [orjson.loads(line) for line in file]
        catalogue = catalogue_of(_products(products), categories)
        until = float(seconds([manifest["until"]])[0])
        homes = frozenset(row["slate_id"] for row in events if row["surface"] == "HOME" and row["slate_id"])
        return History(catalogue, _behaviours(events), homes, until)
    except (OSError, EOFError, KeyError, TypeError, ValueError) as error:
        raise SourceUnreadable(f"no market in {directory}: {type(error).__name__}: {error}") from error


def demo_accounts(directory: Path) -> list[str]:
    """The accounts that a demo signs in with: the first buyer, the first seller, the first administrator.

    Raises:
        SourceUnreadable: Raised when a file is missing or empty.
    """
    try:
        return [next(_rows(directory / f"{people}.jsonl"))["id"] for people in ("buyers", "sellers", "admins")]
    except (OSError, StopIteration, KeyError, ValueError) as error:
        raise SourceUnreadable(f"no people in {directory}: {type(error).__name__}: {error}") from error


def seconds(instants: Iterable[str]) -> Any:
    """Unix seconds of RFC 3339 instants in UTC, float64."""
    texts = np.array([instant.removesuffix("Z") for instant in instants], dtype="datetime64[ms]")
    return texts.astype(np.int64) / 1000.0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return (orjson.loads(line) for line in path.read_bytes().splitlines())


def _products(rows: list[dict[str, Any]]) -> Iterator[Product]:
    listed_at = seconds(row["created_at"] for row in rows)
    for row, created_at in zip(rows, listed_at.tolist(), strict=True):
        struck = row["compare_at_price"]
        yield Product(
            id=row["id"],
            category_id=row["category_id"],
            seller_id=row["seller_id"],
            price=row["price"]["amount"],
            stock=row["stock"],
            created_at=created_at,
            compare_at_price=None if struck is None else struck["amount"],
            is_published=row["status"] == "PUBLISHED",
        )


def _behaviours(rows: list[dict[str, Any]]) -> tuple[Behaviour, ...]:
    instants = seconds(row["occurred_at"] for row in rows).tolist()
    kinds = {kind.value: kind for kind in Kind}
    events = [
        Behaviour(kinds[row["type"]], row["buyer_id"], row["product_id"], at, row["position"], row["slate_id"])
        for row, at in zip(rows, instants, strict=True)
    ]
    return tuple(sorted(events, key=lambda event: event.at))
