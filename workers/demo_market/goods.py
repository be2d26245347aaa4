"""The categories and the two thousand products: words, attributes, prices, stock, and when each was listed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.demo_market.ids import uuid7s
from workers.demo_market.population import Seller, slug_of
from workers.demo_market.taxonomy.model import Attribute, Leaf, Root
from workers.demo_market.taxonomy.tree import ROOTS, leaves

DAY = 86_400.0
CENTS_LIMIT = 2_000
"""Below this, prices end in 90 cents; above, in a whole 5 or 9 euros."""


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """An attribute of a category, with its id."""

    id: str
    attribute: Attribute


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A node of the tree with its id; only leaves have attributes."""

    id: str
    slug: str
    name: str
    parent_id: str | None
    attributes: tuple[AttributeRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product as the catalogue knows it. `leaf` and `seller` are places in the lists of leaves and sellers.

    Attributes:
        price, compare_at_price: minor units of EUR.
        values: attribute code to its value: str for TEXT and ENUM, float for NUMBER, bool for BOOLEAN.
        maker: who makes it (a word of the title): products of one maker are alike in style.
    """

    id: str
    slug: str
    title: str
    description: str
    status: str
    leaf: int
    category_id: str
    seller: int
    seller_id: str
    price: int
    compare_at_price: int | None
    stock: int
    values: Mapping[str, str | float | bool]
    maker: str
    shape: str
    hue: int
    picture_seed: int
    created_at: float


def categories_of(rng: np.random.Generator, *, until: float) -> list[CategoryRow]:
    """The tree, parents before children."""
    made = until - 6.5 * 365 * DAY
    rows: list[CategoryRow] = []

    def add(slug: str, name: str, parent_id: str | None, attributes: tuple[Attribute, ...] = ()) -> str:
        listed = tuple(AttributeRow(uuid7s([made], rng)[0], attribute) for attribute in attributes)
        rows.append(CategoryRow(uuid7s([made], rng)[0], slug, name, parent_id, listed))
        return rows[-1].id

    for root in ROOTS:
        root_id = add(root.slug, root.name, None)
        for branch in root.branches:
            branch_id = add(f"{root.slug}-{branch.slug}", branch.name, root_id)
            for leaf in branch.leaves:
                add(leaf.slug, leaf.name, branch_id, leaf.attributes)
    return rows


def products_of(
    rng: np.random.Generator,
    *,
    count: int,
    days: int,
    until: float,
    sellers: list[Seller],
    categories: list[CategoryRow],
) -> list[ProductRow]:
    """`count` products: a quarter listed within the last `days`, some of them in the last week; the rest over three years."""
    listed = leaves()
    weights = np.array([leaf.weight for _, leaf in listed])
    places = np.sort(rng.choice(len(listed), size=count, p=weights / weights.sum()))
    created_at = _listed_at(rng, count=count, days=days, until=until)
    ids = uuid7s(created_at, rng)
    category_ids = {category.slug: category.id for category in categories}
    slugs: set[str] = set()
    titles: set[str] = set()
    products = []
    for row in range(count):
        root, leaf = listed[int(places[row])]
        seller = _seller_of(leaf, sellers, rng)
        values = {attribute.code: _value(attribute, rng) for attribute in leaf.attributes}
        maker = leaf.makers[int(rng.integers(len(leaf.makers)))]
        title, noun, title_values = _title(leaf, maker, values, titles, rng)
        price, struck = _price(leaf, sellers[seller].shop.price, rng)
        slug = _free_slug(title, slugs)
        products.append(
            ProductRow(
                id=ids[row],
                slug=slug,
                title=title,
                description=_description(root, leaf, maker=maker, noun=noun, values=title_values, rng=rng),
                status=_status(rng),
                leaf=int(places[row]),
                category_id=category_ids[leaf.slug],
                seller=seller,
                seller_id=sellers[seller].id,
                price=price,
                compare_at_price=struck,
                stock=_stock(rng),
                values=title_values,
                maker=maker,
                shape=leaf.shape,
                hue=int((leaf.hue + rng.normal(0.0, 22.0)) % 360),
                picture_seed=int(rng.integers(0, 2**31)),
                created_at=float(created_at[row]),
            )
        )
    return products


def _listed_at(rng: np.random.Generator, *, count: int, days: int, until: float) -> NDArray[np.float64]:
    is_new = rng.random(count) < 0.25
    age_days = np.where(is_new, rng.uniform(0.5, days, size=count), days + rng.uniform(1.0, 1000.0, size=count))
    return until - age_days * DAY


def _seller_of(leaf: Leaf, sellers: list[Seller], rng: np.random.Generator) -> int:
    fitting = [place for place, seller in enumerate(sellers) if leaf.slug in seller.shop.leaves]
    odds = np.array([sellers[place].shop.size for place in fitting])
    return fitting[int(rng.choice(len(fitting), p=odds / odds.sum()))]


def _value(attribute: Attribute, rng: np.random.Generator) -> str | float | bool:
    match attribute.type:
        case "TEXT" | "ENUM":
            return attribute.options[int(rng.integers(len(attribute.options)))]
        case "NUMBER":
            steps = round((attribute.high - attribute.low) / attribute.step)
            return round(float(attribute.low + attribute.step * int(rng.integers(steps + 1))), 3)
        case "BOOLEAN":
            return bool(rng.random() < attribute.odds)


def _words(leaf: Leaf, maker: str, noun: str, values: Mapping[str, str | float | bool]) -> dict[str, str]:
    words = {"maker": maker, "noun": noun}
    for attribute in leaf.attributes:
        value = values[attribute.code]
        if isinstance(value, float):
            unit = "" if attribute.unit in (None, "pcs") else f" {attribute.unit}"
            words[attribute.code] = f"EU {value:g}" if attribute.unit == "EU" else f"{value:g}{unit}"
        else:
            words[attribute.code] = str(value)
    return words


def _title(
    leaf: Leaf, maker: str, values: dict[str, str | float | bool], taken: set[str], rng: np.random.Generator
) -> tuple[str, str, dict[str, str | float | bool]]:
    """A title that no other product has; where the words run out, attributes are drawn again, then an edition is added."""
    for attempt in range(40):
        if attempt:
            values = {attribute.code: _value(attribute, rng) for attribute in leaf.attributes}
        noun = leaf.nouns[int(rng.integers(len(leaf.nouns)))]
        pattern = leaf.titles[int(rng.integers(len(leaf.titles)))]
        title = pattern.format(**_words(leaf, maker, noun, values))
        title = title[0].upper() + title[1:]
        if title not in taken:
            break
    else:
        edition = 2
        while f"{title}, edition {edition}" in taken:
            edition += 1
        title = f"{title}, edition {edition}"
    taken.add(title)
    return title, noun, values


def _description(
    root: Root,
    leaf: Leaf,
    *,
    maker: str,
    noun: str,
    values: Mapping[str, str | float | bool],
    rng: np.random.Generator,
) -> str:
    words = _words(leaf, maker, _lowered(noun), values)
    details = rng.permutation(len(leaf.details))[: int(rng.integers(1, 3))]
    sentences = [
        leaf.openings[int(rng.integers(len(leaf.openings)))].format(**words),
        *(leaf.details[int(place)] for place in details),
        root.closings[int(rng.integers(len(root.closings)))],
    ]
    return " ".join(_article(sentence[0].upper() + sentence[1:]) for sentence in sentences)


def _lowered(noun: str) -> str:
    return " ".join(word.lower() if word[1:].islower() else word for word in noun.split())


def _article(sentence: str) -> str:
    return re.sub(r"\b([Aa]) (?=[aeioAEIO](?!ne\b|au\b))", r"\1n ", sentence)


def _price(leaf: Leaf, factor: float, rng: np.random.Generator) -> tuple[int, int | None]:
    price = _rounded(leaf.median * factor * float(np.exp(np.clip(rng.normal(0.0, leaf.spread), -1.6, 1.6))))
    if rng.random() >= 0.18:
        return price, None
    struck = _rounded(price * float(rng.uniform(1.15, 1.6)))
    return price, struck if struck > price else None


def _rounded(cents: float) -> int:
    if cents < CENTS_LIMIT:
        return max(int(cents // 100) * 100 + 90, 190)
    if cents < 10 * CENTS_LIMIT:
        return int(cents // 500) * 500 + 400
    return int(cents // 1000) * 1000 + 900


def _stock(rng: np.random.Generator) -> int:
    fate = rng.random()
    if fate < 0.03:
        return 0
    if fate < 0.12:
        return int(rng.integers(1, 6))
    return int(rng.integers(8, 160))


def _status(rng: np.random.Generator) -> str:
    fate = rng.random()
    if fate < 0.01:
        return "DRAFT"
    return "ARCHIVED" if fate < 0.02 else "PUBLISHED"


def _free_slug(title: str, taken: set[str]) -> str:
    slug = slug_of(title)
    number = 2
    while slug in taken:
        slug = f"{slug_of(title)}-{number}"
        number += 1
    taken.add(slug)
    return slug
