"""The files are what the subgraphs' seeds read, byte for byte the same for the same market."""

import gzip
import hashlib
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.ranking import UNTIL, small
from workers.demo_market.files import write
from workers.demo_market.generate import Plan, generate
from workers.demo_market.ids import rfc3339, uuid7s


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("market")
    write(small(), path)
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def events(directory: Path) -> list[dict[str, Any]]:
    with gzip.open(directory / "events.jsonl.gz") as file:
        return [orjson.loads(line) for line in file]


def digest(directory: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def test_the_same_seed_and_instant_give_the_same_bytes(tmp_path: Path) -> None:
    plan = Plan(seed=5, until=UNTIL, days=10, product_count=300, buyer_count=60)
    for name in ("one", "two"):
        write(generate(plan), tmp_path / name)
    write(generate(Plan(seed=6, until=UNTIL, days=10, product_count=300, buyer_count=60)), tmp_path / "other")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


def test_the_manifest_counts_the_rows(directory: Path) -> None:
    manifest = orjson.loads((directory / "manifest.json").read_bytes())
    assert manifest["seed"] == 11
    assert datetime.fromisoformat(manifest["until"]).timestamp() == UNTIL
    counts = manifest["counts"]
    for name in ("sellers", "buyers", "admins", "categories", "products", "orders"):
        assert counts[name] == len(rows(directory / f"{name}.jsonl"))
    assert counts["events"] == len(events(directory))


def test_every_row_has_the_agreed_keys(directory: Path) -> None:
    keys = {
        "sellers": "id slug display_name about logo_url verified email created_at",
        "buyers": "id email display_name locale phone created_at addresses",
        "admins": "id email display_name locale created_at",
        "categories": "id slug name parent_id attributes",
        "products": "id slug title description status category_id seller_id price compare_at_price stock attributes picture"
        " created_at popularity",
        "orders": "id number buyer_id status address_id items shipping history created_at",
    }
    for name, expected in keys.items():
        for row in rows(directory / f"{name}.jsonl"):
            assert set(row) == set(expected.split())
    expected_event = {"id", "type", "buyer_id", "product_id", "slate_id", "position", "surface", "occurred_at"}
    assert all(set(event) == expected_event for event in events(directory))


def test_references_lead_somewhere(directory: Path) -> None:
    ids = {
        name: {row["id"] for row in rows(directory / f"{name}.jsonl")}
        for name in ("sellers", "buyers", "categories", "products")
    }
    addresses = {address["id"] for buyer in rows(directory / "buyers.jsonl") for address in buyer["addresses"]}
    for product in rows(directory / "products.jsonl"):
        assert product["category_id"] in ids["categories"]
        assert product["seller_id"] in ids["sellers"]
    for event in events(directory):
        assert event["buyer_id"] in ids["buyers"]
        assert event["product_id"] in ids["products"]
    for order in rows(directory / "orders.jsonl"):
        assert order["buyer_id"] in ids["buyers"]
        assert order["address_id"] in addresses
        assert order["status"] == order["history"][-1]["to"]
        assert all(item["product_id"] in ids["products"] for item in order["items"])
        assert all(item["seller_id"] in ids["sellers"] for item in order["items"])


def test_event_ids_are_unique_and_money_is_whole_minor_units(directory: Path) -> None:
    listed = events(directory)
    assert len({event["id"] for event in listed}) == len(listed)
    for product in rows(directory / "products.jsonl"):
        assert isinstance(product["price"]["amount"], int)
        assert product["price"]["currency"] == "EUR"


def test_a_slate_has_one_id_and_one_buyer(directory: Path) -> None:
    owners: dict[str, str] = {}
    for event in events(directory):
        if event["slate_id"] is not None:
            assert owners.setdefault(event["slate_id"], event["buyer_id"]) == event["buyer_id"]
    assert len(owners) > 1000


def test_only_impressions_clicks_and_hides_have_a_position(directory: Path) -> None:
    for event in events(directory):
        assert (event["position"] is not None) == (event["type"] in {"IMPRESSION", "CLICK", "HIDE"})


def test_ids_are_uuids_of_version_7_that_carry_their_instant() -> None:
    import numpy as np

    made = uuid7s([1_790_000_000.125, 1_790_000_001.0], np.random.default_rng(1))
    first = uuid.UUID(made[0])
    assert first.version == 7
    assert first.variant == uuid.RFC_4122
    assert first.int >> 80 == 1_790_000_000_125
    assert made == sorted(made)


def test_instants_are_rfc_3339_in_utc() -> None:
    assert rfc3339([0.0, 1_790_000_000.125]) == ["1970-01-01T00:00:00.000Z", "2026-09-21T14:13:20.125Z"]
