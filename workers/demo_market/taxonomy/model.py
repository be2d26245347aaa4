"""What a category is, for the generator."""

from dataclasses import dataclass
from typing import Literal

AttributeType = Literal["TEXT", "NUMBER", "BOOLEAN", "ENUM"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A typed property of the products of a leaf.

    Attributes:
        options: of an ENUM, or what a TEXT is drawn from; titles and descriptions use the value as it is.
        low, high, step: of a NUMBER, in `unit`.
        odds: of a BOOLEAN being true.
    """

    code: str
    name: str
    type: AttributeType
    options: tuple[str, ...] = ()
    unit: str | None = None
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    odds: float = 0.5
    is_required: bool = True
    is_filterable: bool = True


@dataclass(frozen=True, slots=True)
class Leaf:
    """A category that holds products.

    Attributes:
        shape: of the drawn picture, a name that the catalogue can draw.
        hue: around which the pictures' colours lie, 0..359.
        median: price in minor units around which prices lie; spread: their standard deviation in ln units.
        nouns: what the thing is; titles: patterns with {maker}, {noun} and attribute codes in braces.
        openings, details: sentences of a description, same placeholders.
        weight: share of the catalogue, relative to 1.
        season: month (1..12) in which it sells best; None sells evenly.
        is_consumable: bought again by those who bought it.
    """

    slug: str
    name: str
    shape: str
    hue: int
    median: int
    spread: float
    makers: tuple[str, ...]
    nouns: tuple[str, ...]
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    details: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    weight: float = 1.0
    season: int | None = None
    is_consumable: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """A middle category."""

    slug: str
    name: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """A top category; closings end the descriptions of all its products."""

    slug: str
    name: str
    branches: tuple[Branch, ...]
    closings: tuple[str, ...]


def choice(code: str, name: str, *options: str) -> Attribute:
    """A required attribute with a closed set of values."""
    return Attribute(code, name, "ENUM", options)


def number(code: str, name: str, unit: str, low: float, high: float, step: float = 1.0) -> Attribute:  # noqa: PLR0917 - a row of a table
    """A required measure between low and high, in steps."""
    return Attribute(code, name, "NUMBER", unit=unit, low=low, high=high, step=step)


def flag(code: str, name: str, odds: float) -> Attribute:
    """A property that a product has or has not; optional."""
    return Attribute(code, name, "BOOLEAN", odds=odds, is_required=False)


def text(code: str, name: str, *values: str) -> Attribute:
    """An optional free text, not filtered by."""
    return Attribute(code, name, "TEXT", values, is_required=False, is_filterable=False)
