import gzip
import shutil
from pathlib import Path

import pytest

from tests.support.ranking import TRAINED_AT, history, least, trained, trained_on_least, written
from workers.demo_market.files import write
from workers.features.registry import schema_hash
from workers.training import artefact
from workers.training.fit import TooLittleToLearn
from workers.training.process import TrainingFailed, train_in_subprocess
from workers.training.replay import Replay
from workers.training.source import History, SourceUnreadable, read
from workers.training.train import train


def test_the_model_ranks_unseen_days_clearly_better_than_popularity() -> None:
    report = trained().report
    assert report.test_slates > 150
    assert report.ndcg_at_10 > 1.2 * report.baseline_ndcg_at_10
    assert report.plain_ndcg_at_10 > 1.2 * report.baseline_plain_ndcg_at_10
    assert report.recall_at_50 > 1.5 * report.baseline_recall_at_50
    assert report.ndcg_at_10 < 0.9


def test_the_same_log_and_seed_give_the_same_model() -> None:
    log = written(least())
    assert train(Replay(log), seed=3, trained_at=TRAINED_AT) == trained_on_least()
    assert train(Replay(log), seed=4, trained_at=TRAINED_AT).model_text != trained_on_least().model_text


def test_the_manifest_says_what_was_trained_and_how_well() -> None:
    manifest = trained().manifest
    assert manifest["feature_schema_hash"] == schema_hash()
    assert manifest["trained_at"] == "2026-09-21T00:00:00Z"
    assert manifest["version"].startswith("lambdarank-20260921T000000-")
    assert 0.0 < manifest["baseline_ndcg_at_10"] < manifest["ndcg_at_10"] < 1.0
    assert 0.0 < manifest["recall_at_50"] < 1.0


def test_the_table_shows_model_beside_popularity() -> None:
    lines = trained().report.table().splitlines()
    assert lines[0].split() == ["metric", "model", "popularity", "gain"]
    assert f"{trained().report.ndcg_at_10:.4f}" in lines[1]


def test_a_log_without_clicks_is_too_little() -> None:
    log = written(least())
    quiet = tuple(event for event in log.events if event.kind.value == "IMPRESSION")
    with pytest.raises(TooLittleToLearn, match="0 slates"):
        train(Replay(History(log.catalogue, quiet, log.home_slates, log.until)), seed=1, trained_at=TRAINED_AT)


def test_an_artefact_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    artefact.write(trained(), tmp_path)
    assert artefact.read_manifest(tmp_path) == trained().manifest
    similar, bought = artefact.read_neighbours(tmp_path, dict(history().catalogue.rows))
    ids = history().catalogue.ids
    assert similar.to_json(ids) == trained().similar
    assert bought.to_json(ids) == trained().bought_together
    assert not list(tmp_path.glob("*.partial"))


def test_training_in_a_process_of_its_own_gives_the_same_model(tmp_path: Path) -> None:
    write(least(), tmp_path / "market")
    manifest = train_in_subprocess(market=tmp_path / "market", out=tmp_path / "model", seed=3, timeout_seconds=300.0)
    assert manifest["model_sha256"] == trained_on_least().manifest["model_sha256"]


def test_a_training_process_that_fails_or_takes_too_long_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed, match=r"status 1: cannot train: no market in"):
        train_in_subprocess(market=tmp_path / "nowhere", out=tmp_path / "model", seed=3, timeout_seconds=60.0)
    with pytest.raises(TrainingFailed, match="longer than"):
        train_in_subprocess(market=tmp_path / "nowhere", out=tmp_path / "model", seed=3, timeout_seconds=0.01)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", ["manifest.json", "categories.jsonl", "products.jsonl", "events.jsonl.gz"])
def test_a_missing_or_torn_market_is_refused(tmp_path: Path, name: str) -> None:
    whole = tmp_path / "whole"
    write(least(), whole)
    missing = shutil.copytree(whole, tmp_path / "missing")
    (missing / name).unlink()
    with pytest.raises(SourceUnreadable, match="no market in"):
        read(missing)
    torn = shutil.copytree(whole, tmp_path / "torn")
    (torn / name).write_bytes((whole / name).read_bytes()[:-200])
    with pytest.raises(SourceUnreadable, match="no market in"):
        read(torn)


def test_a_log_with_a_word_that_is_no_event_is_refused(tmp_path: Path) -> None:
    write(least(), tmp_path)
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b'"CLICK"', b'"TELEPATHY"')))
    with pytest.raises(SourceUnreadable, match="TELEPATHY"):
        read(tmp_path)
