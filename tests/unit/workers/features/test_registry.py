import numpy as np
import pytest

from tests.support.ranking import NOW, act, tiny
from workers.features import counters, registry
from workers.features.counters import ProductCounters
from workers.features.event import Kind
from workers.features.profile import BuyerProfile
from workers.features.registry import FAMILIES, NAMES, features_of, manifest, schema_hash
from workers.features.snapshot import snapshot_of


def test_every_name_is_there_once_and_every_family_gives_its_columns() -> None:
    market = snapshot_of(tiny(), {})
    rows = np.arange(6)
    assert len(set(NAMES)) == len(NAMES)
    assert features_of(BuyerProfile(), market, rows=rows, now=NOW).shape == (6, len(NAMES))
    assert [name for family in FAMILIES for name in family.names] == list(NAMES)


def test_no_candidates_are_no_lines() -> None:
    market = snapshot_of(tiny(), {})
    assert features_of(BuyerProfile(), market, rows=np.empty(0, dtype=np.intp), now=NOW).shape == (0, len(NAMES))


def test_the_hash_is_stable_and_changes_with_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema_hash()
    assert before == schema_hash()
    assert len(before) == 16
    monkeypatch.setattr(registry, "REVISION", 999)
    assert schema_hash() != before


def test_the_manifest_names_every_column() -> None:
    families = manifest()["families"]
    assert isinstance(families, dict)
    assert [name for names in families.values() for name in names] == list(NAMES)


def test_new_counters_make_a_new_market_and_leave_the_old() -> None:
    old = snapshot_of(tiny(), {})
    clicked = counters.apply(ProductCounters(), [act(Kind.CLICK, "pan")])
    new = old.with_counters({"pan": clicked, "not-listed": clicked})
    assert old.masses.sum() == 0.0
    assert new.masses.sum() > 0.0
    assert np.array_equal(new.masses, snapshot_of(tiny(), {"pan": clicked}).masses)
