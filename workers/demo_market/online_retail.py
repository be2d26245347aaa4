"""Real orders, to see that what works on the demo market is not an echo of its generator. For evaluation only.

The data set has no views, no categories and no shops: a product's category is the last word of its description, as what a
thing is comes last in English ("WHITE METAL LANTERN"). Cancellations, postage and lines without a customer are left out.
A product counts as listed just after its first sale: any earlier, its age would tell of a sale that is still to come.

Source: Chen, D. (2015), Online Retail, UCI Machine Learning Repository, doi 10.24432/C5BW33, CC BY 4.0.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workers.features.catalogue import Catalogue, Category, Product, catalogue_of
from workers.features.event import Behaviour, Kind

SHOP = "online-retail"
MIN_CATEGORY_PRODUCTS = 8
_STOCK_CODE = re.compile(r"\d{5}[A-Za-z]*")


class RetailUnreadable(Exception):
    """The file is not the data set; the message says what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class RetailOrders:
    """The data set as a catalogue and purchases in time order; `slate_id` of a purchase is its invoice.

    Attributes:
        until: Unix seconds, just after the last purchase.
    """

    catalogue: Catalogue
    events: tuple[Behaviour, ...]
    until: float


@dataclass(frozen=True, slots=True)
class _Line:
    invoice: str
    stock_code: str
    description: str
    at: float
    price: float
    customer: str


def read(path: Path) -> RetailOrders:
    """The orders in ``online_retail.csv.gz``.

    Raises:
        RetailUnreadable: Raised when the file is missing, or has other columns or no usable line.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            lines = list(_lines(csv.DictReader(file)))
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise RetailUnreadable(
            f"{path.name} is not the Online Retail data set: {type(error).__name__}: {error}"
        ) from error
    if not lines:
        raise RetailUnreadable(f"{path.name} has no line with a customer and a stock code")
    events = [Behaviour(Kind.PURCHASE, line.customer, line.stock_code, line.at, None, line.invoice) for line in lines]
    events.sort(key=lambda event: event.at)
    return RetailOrders(_catalogue(lines), tuple(events), events[-1].at + 1.0)


def _lines(rows: Iterable[dict[str, str]]) -> Iterator[_Line]:
    for row in rows:
        is_sale = not row["InvoiceNo"].startswith("C") and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0.0
        if not is_sale or not row["CustomerID"] or not _STOCK_CODE.fullmatch(row["StockCode"]):
            continue
        at = datetime.strptime(row["InvoiceDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
        yield _Line(
            row["InvoiceNo"],
            row["StockCode"].upper(),
            row["Description"].strip(),
            at,
            float(row["UnitPrice"]),
            row["CustomerID"],
        )


def _catalogue(lines: list[_Line]) -> Catalogue:
    named: dict[str, str] = {}
    first_sold: dict[str, float] = {}
    prices: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        named[line.stock_code] = line.description
        first_sold[line.stock_code] = min(line.at, first_sold.get(line.stock_code, line.at))
        prices[line.stock_code].append(line.price)
    kinds = {code: (description.split() or ["OTHER"])[-1] for code, description in named.items()}
    counts = Counter(kinds.values())
    leaf = {code: kind if counts[kind] >= MIN_CATEGORY_PRODUCTS else "OTHER" for code, kind in kinds.items()}
    categories = [Category(kind, None) for kind in sorted(set(leaf.values()))]
    products = [
        Product(
            id=code,
            category_id=leaf[code],
            seller_id=SHOP,
            price=max(round(100 * sorted(prices[code])[len(prices[code]) // 2]), 1),
            stock=1,
            created_at=first_sold[code] + 1.0,
        )
        for code in sorted(named)
    ]
    return catalogue_of(products, categories)
