"""The catalog's rules; pure."""

import enum
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subgraphs.catalog.errors import ForbiddenTransition, InvalidAttribute
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import RangeRule, Stated, TextRule

LOW_STOCK_BELOW = 5
MAX_TITLE_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 10_000
MAX_STOCK = 1_000_000
MAX_PRICE = 100_000_000_000
"""Minor units. An order of 50 lines of 999 pieces at this price, 4.995e15, and its shipping fit in 2^53 - 1."""
MAX_RESERVED_LINES = 100
MAX_QUANTITY = 10_000

PRICE = Stated.between(1, MAX_PRICE, "minor units")
STOCK = Stated.between(0, MAX_STOCK)
STOCK_DELTA = Stated.between(-MAX_STOCK, MAX_STOCK)
RESERVED_QUANTITY = Stated.between(1, MAX_QUANTITY)
MAX_HOLD_SECONDS = 86_400
HOLD_SECONDS = Stated.between(1, MAX_HOLD_SECONDS)
TITLE = TextRule(MAX_TITLE_CHARACTERS, least=1)
DESCRIPTION = TextRule(MAX_DESCRIPTION_CHARACTERS, has_lines=True)
PRODUCT_SLUG = TextRule(160)
CATEGORY_SLUG = TextRule(120)
ATTRIBUTE_CODE = TextRule(60, least=1)
ATTRIBUTE_TEXT = TextRule(500, least=1)
SEARCH = TextRule(200)
TREE_DEPTH = RangeRule(1, 6)
CHANGES_PAGE = RangeRule(1, 500)


class ProductStatus(enum.Enum):
    """Where a product is in its life."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


TRANSITIONS: Mapping[ProductStatus, frozenset[ProductStatus]] = {
    ProductStatus.DRAFT: frozenset({ProductStatus.PUBLISHED, ProductStatus.ARCHIVED}),
    ProductStatus.PUBLISHED: frozenset({ProductStatus.DRAFT, ProductStatus.ARCHIVED}),
    ProductStatus.ARCHIVED: frozenset({ProductStatus.DRAFT}),
}


def public_title(status: str, title: str, shown_title: str | None) -> str | None:
    """Return the title under which anybody may see a product; None if it was never on sale."""
    return title if status == ProductStatus.PUBLISHED.value else shown_title


class Availability(enum.Enum):
    """What a buyer is told of the stock."""

    IN_STOCK = "IN_STOCK"
    LOW_STOCK = "LOW_STOCK"
    OUT_OF_STOCK = "OUT_OF_STOCK"


class AttributeType(enum.Enum):
    """What an attribute's value is."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    ENUM = "ENUM"


@dataclass(frozen=True, slots=True)
class Definition:
    """An attribute that products of a category may have."""

    id: str
    code: str
    type: AttributeType
    options: tuple[str, ...]
    is_required: bool


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """A value as a seller gives it; exactly the one of the definition's type is set."""

    code: str
    text: str | None = None
    number: float | None = None
    boolean: bool | None = None


def check_transition(current: ProductStatus, wanted: ProductStatus) -> None:
    """Return if a product may go from `current` to `wanted`; staying is always allowed.

    Raises:
        ForbiddenTransition: if not.
    """
    if wanted is not current and wanted not in TRANSITIONS[current]:
        raise ForbiddenTransition(current.value, wanted.value)


def availability_of(stock: int) -> Availability:
    """What a buyer is told of `stock` free pieces."""
    if stock <= 0:
        return Availability.OUT_OF_STOCK
    return Availability.LOW_STOCK if stock < LOW_STOCK_BELOW else Availability.IN_STOCK


def check_title(title: str) -> str:
    """The title without outer spaces.

    Raises:
        InvalidInput: if it is empty or longer than 200 characters.
    """
    stripped = title.strip()
    if not 1 <= len(stripped) <= MAX_TITLE_CHARACTERS:
        raise InvalidInput(f"A title has 1 to {MAX_TITLE_CHARACTERS} characters", "title")
    return stripped


def check_description(description: str) -> str:
    """The description as it is.

    Raises:
        InvalidInput: if it is longer than 10,000 characters.
    """
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidInput(f"A description has at most {MAX_DESCRIPTION_CHARACTERS} characters", "description")
    return description


def check_price(amount: int) -> int:
    """The price in minor units.

    Raises:
        InvalidInput: if it is not above zero, or is above the limit.
    """
    if not 0 < amount <= MAX_PRICE:
        raise InvalidInput(f"A price is from 1 to {MAX_PRICE} minor units", "price", "amount")
    return amount


def check_stock(stock: int, *path: str) -> int:
    """The number of pieces.

    Args:
        path: the part of the input that it comes from.

    Raises:
        InvalidInput: if it is negative or above a million.
    """
    if not 0 <= stock <= MAX_STOCK:
        raise InvalidInput(f"Stock is between 0 and {MAX_STOCK}", *path)
    return stock


def check_attributes(values: Sequence[AttributeValue], definitions: Sequence[Definition]) -> dict[str, AttributeValue]:
    """The values by definition id.

    Raises:
        InvalidAttribute: if a value is unknown in the category, given twice or of another type, or a required one is missing.
    """
    known = {definition.code: definition for definition in definitions}
    accepted: dict[str, AttributeValue] = {}
    for value in values:
        definition = known.get(value.code)
        if definition is None:
            raise InvalidAttribute("The category has no such attribute", value.code)
        if definition.id in accepted:
            raise InvalidAttribute("The attribute is given twice", value.code)
        _check_value(value, definition)
        accepted[definition.id] = value
    for definition in definitions:
        if definition.is_required and definition.id not in accepted:
            raise InvalidAttribute("The attribute is required in this category", definition.code)
    return accepted


def _check_value(value: AttributeValue, definition: Definition) -> None:
    given = {name for name in ("text", "number", "boolean") if getattr(value, name) is not None}
    wanted = {
        AttributeType.TEXT: "text",
        AttributeType.ENUM: "text",
        AttributeType.NUMBER: "number",
        AttributeType.BOOLEAN: "boolean",
    }[definition.type]
    if given != {wanted}:
        raise InvalidAttribute(f"The attribute takes a {wanted} and nothing else", value.code)
    if definition.type is AttributeType.ENUM and value.text not in definition.options:
        raise InvalidAttribute(f"The attribute is one of {', '.join(definition.options)}", value.code)


def check_reservation(lines: Mapping[str, int]) -> None:
    """Return if the lines (quantity by product id) can be reserved at all.

    Raises:
        InvalidInput: if there is no line or are too many, or a quantity is out of 1..10,000.
    """
    if not 1 <= len(lines) <= MAX_RESERVED_LINES:
        raise InvalidInput(f"A reservation has 1 to {MAX_RESERVED_LINES} products", "lines")
    if any(not 1 <= quantity <= MAX_QUANTITY for quantity in lines.values()):
        raise InvalidInput(f"A quantity is between 1 and {MAX_QUANTITY}", "lines", "quantity")


def slug_of(title: str, product_id: str) -> str:
    """A readable, unique slug: the title in ASCII, and the id's random end."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return f"{words or 'product'}-{product_id[-8:]}"
