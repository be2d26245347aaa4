"""Writes a market as JSON Lines, one file a kind of row; the formats are what the subgraphs' ``seed`` commands read.

The bytes depend on the market alone: the packed log carries no time of packing.
"""

import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workers.demo_market.generate import DemoMarket
from workers.demo_market.goods import CategoryRow, ProductRow
from workers.demo_market.ids import rfc3339, uuid7s
from workers.demo_market.log import KINDS, SURFACES
from workers.demo_market.orders import OrderRow
from workers.demo_market.population import Admin, Buyer, Seller

EVENT_STAGE = 9
"""The stream of chance that names slates and events, after those of `generate`."""


def write(market: DemoMarket, directory: Path) -> dict[str, int]:
    """Writes all files and gives the count of rows of each kind; the manifest comes last, so its presence means complete."""
    directory.mkdir(parents=True, exist_ok=True)
    manifest = directory / "manifest.json"
    manifest.unlink(missing_ok=True)
    counts = {
        "sellers": _lines(directory / "sellers.jsonl", map(_seller, market.sellers)),
        "buyers": _lines(directory / "buyers.jsonl", map(_buyer, market.buyers)),
        "admins": _lines(directory / "admins.jsonl", [_admin(market.admin)]),
        "categories": _lines(directory / "categories.jsonl", map(_category, market.categories)),
        "products": _lines(directory / "products.jsonl", _products(market)),
        "orders": _lines(directory / "orders.jsonl", (_order(order, market) for order in market.orders)),
        "events": _packed(directory / "events.jsonl.gz", _events(market)),
    }
    described = {"seed": market.plan.seed, "until": rfc3339([market.plan.until])[0], "counts": counts}
    manifest.write_bytes(orjson.dumps(described, option=orjson.OPT_INDENT_2))
    return counts


def _lines(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    lines = [orjson.dumps(row) for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return len(lines)


def _packed(path: Path, lines: list[str]) -> int:
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=3, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())
    path.write_bytes(packed.getvalue())
    return len(lines)


def _money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def _instant(at: float) -> str:
    return rfc3339([at])[0]


def _seller(seller: Seller) -> dict[str, Any]:
    return {
        "id": seller.id,
        "slug": seller.slug,
        "display_name": seller.shop.name,
        "about": seller.shop.about,
        "logo_url": None,
        "verified": seller.verified,
        "email": seller.email,
        "created_at": _instant(seller.created_at),
    }


def _buyer(buyer: Buyer) -> dict[str, Any]:
    addresses = [
        {
            "id": address.id,
            "line1": address.line1,
            "line2": None,
            "city": address.city,
            "postal_code": address.postal_code,
            "country": address.country,
        }
        for address in buyer.addresses
    ]
    return {
        "id": buyer.id,
        "email": buyer.email,
        "display_name": buyer.display_name,
        "locale": buyer.locale,
        "phone": buyer.phone,
        "created_at": _instant(buyer.created_at),
        "addresses": addresses,
    }


def _admin(admin: Admin) -> dict[str, Any]:
    return {
        "id": admin.id,
        "email": admin.email,
        "display_name": admin.display_name,
        "locale": admin.locale,
        "created_at": _instant(admin.created_at),
    }


def _category(category: CategoryRow) -> dict[str, Any]:
    attributes = [
        {
            "id": row.id,
            "code": row.attribute.code,
            "name": row.attribute.name,
            "type": row.attribute.type,
            "unit": row.attribute.unit,
            "options": list(row.attribute.options) if row.attribute.type == "ENUM" else None,
            "required": row.attribute.is_required,
            "filterable": row.attribute.is_filterable,
        }
        for row in category.attributes
    ]
    return {
        "id": category.id,
        "slug": category.slug,
        "name": category.name,
        "parent_id": category.parent_id,
        "attributes": attributes,
    }


def _products(market: DemoMarket) -> Iterator[dict[str, Any]]:
    for product, popularity in zip(market.products, market.popularity.tolist(), strict=True):
        yield {
            "id": product.id,
            "slug": product.slug,
            "title": product.title,
            "description": product.description,
            "status": product.status,
            "category_id": product.category_id,
            "seller_id": product.seller_id,
            "price": _money(product.price),
            "compare_at_price": None if product.compare_at_price is None else _money(product.compare_at_price),
            "stock": product.stock,
            "attributes": _values(product),
            "picture": {"shape": product.shape, "hue": product.hue, "seed": product.picture_seed},
            "created_at": _instant(product.created_at),
            "popularity": round(popularity, 3),
        }


def _values(product: ProductRow) -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "text": value if isinstance(value, str) else None,
            "number": value if isinstance(value, float) else None,
            "boolean": value if isinstance(value, bool) else None,
        }
        for code, value in product.values.items()
    ]


def _order(order: OrderRow, market: DemoMarket) -> dict[str, Any]:
    items = [
        {
            "id": item.id,
            "product_id": market.products[item.product].id,
            "seller_id": market.products[item.product].seller_id,
            "title": market.products[item.product].title,
            "unit_price": _money(market.products[item.product].price),
            "quantity": item.quantity,
        }
        for item in order.items
    ]
    history = [
        {"from": step.before, "to": step.after, "at": _instant(step.at), "actor": step.actor, "reason": step.reason}
        for step in order.history
    ]
    return {
        "id": order.id,
        "number": order.number,
        "buyer_id": market.buyers[order.buyer].id,
        "status": order.status,
        "address_id": order.address_id,
        "items": items,
        "shipping": _money(order.shipping),
        "history": history,
        "created_at": _instant(order.created_at),
    }


def _events(market: DemoMarket) -> list[str]:
    """Lines of JSON put together by hand: ids and instants hold nothing to escape, and it takes a third of the time."""
    log = market.log
    rng = np.random.default_rng([market.plan.seed, EVENT_STAGE])
    ids = uuid7s(log.at, rng)
    first_seen = np.full(int(log.slate.max(initial=-1)) + 1, market.plan.until)
    np.minimum.at(first_seen, log.slate[log.slate >= 0], log.at[log.slate >= 0])
    slate_ids = [f'"{slate_id}"' for slate_id in uuid7s(first_seen, rng)]
    buyer_ids = [buyer.id for buyer in market.buyers]
    product_ids = [product.id for product in market.products]
    columns = zip(
        ids,
        log.kind.tolist(),
        log.buyer.tolist(),
        log.product.tolist(),
        log.slate.tolist(),
        log.position.tolist(),
        log.surface.tolist(),
        rfc3339(log.at),
        strict=True,
    )
    return [
        f'{{"id":"{event_id}","type":"{KINDS[kind]}","buyer_id":"{buyer_ids[buyer]}","product_id":"{product_ids[product]}",'
        f'"slate_id":{slate_ids[slate] if slate >= 0 else "null"},"position":{position if position >= 0 else "null"},'
        f'"surface":"{SURFACES[surface]}","occurred_at":"{at}"}}'
        for event_id, kind, buyer, product, slate, position, surface, at in columns
    ]
