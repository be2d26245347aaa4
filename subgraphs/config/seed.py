"""The flags that the market starts with; a second time changes nothing."""

from pathlib import Path
from typing import Any

from subgraphs.config import commands
from subgraphs.config.definitions import Definition
from subgraphs.config.settings import ConfigSettings
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.refusals import VersionConflict
from subgraphs.kit.storage.session import Database

BOOLEAN = '{"type": "boolean"}'


def _switch(key: str, description: str, owner: str, *, is_on: bool = True) -> Definition:
    return {
        "key": key,
        "description": description,
        "owner": owner,
        "variants": [{"key": "on", "value": True, "weight": 1}, {"key": "off", "value": False, "weight": 1}],
        "default_variant": "on" if is_on else "off",
        "off_variant": "off",
        "rules": [],
        "schema_json": BOOLEAN,
        "expires_at": None,
    }


def _experiment(key: str, description: str, owner: str, values: dict[str, Any], rollout_permille: int) -> Definition:
    variants = [{"key": name, "value": value, "weight": 1} for name, value in values.items()]
    first = next(iter(values))
    rule = {
        "id": f"{key}:0",
        "segment": "signed_in",
        "condition": None,
        "rollout_permille": rollout_permille,
        "variants": variants,
        "bucket_by": "accountId",
        "seed": f"{key}:0",
    }
    return {
        "key": key,
        "description": description,
        "owner": owner,
        "variants": variants,
        "default_variant": first,
        "off_variant": first,
        "rules": [rule],
        "schema_json": None,
        "expires_at": None,
    }


FLAGS = (
    _switch("app.favourites", "Hearts on product cards", "web"),
    _switch("app.reviews", "Reviews under a product, not built yet", "web", is_on=False),
    _experiment("app.feed_layout", "Cards in a grid or in a list", "web", {"grid": "grid", "list": "list"}, 1000),
    _experiment(
        "app.checkout_steps", "One long page or three short ones", "web", {"three": 3, "one": 1}, rollout_permille=500
    ),
    _switch("user.sign_up_open", "Whether new accounts are taken", "user"),
    _switch("catalog.facets", "Whether listings count their facets", "catalog"),
    _switch("feed.shelves", "Whether the feed has shelves between its cards", "feed"),
    _switch("recommendation.personal", "Whether slates are each viewer's own", "recommendation"),
    _switch("notification.email", "Whether e-mails are sent", "notification"),
    _switch("order.accepts_orders", "Whether orders may be placed", "order"),
    _switch("payment.accepts_payments", "Whether payments may be started", "payment"),
)


async def seed(settings: ConfigSettings, _: Path) -> int:
    """Save what is missing; how many flags were saved."""
    database = Database(settings.database)
    saved = 0
    try:
        for definition in FLAGS:
            try:
                await commands.save(database, definition, expected_version=None, actor="seed", now=utc_now())
            except VersionConflict:
                continue
            saved += 1
    finally:
        await database.close()
    return saved
