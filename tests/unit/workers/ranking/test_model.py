from pathlib import Path

import numpy as np
import pytest

from tests.support.ranking import model, trained
from workers.features.registry import NAMES
from workers.ranking.model import ModelUnusable, load, model_of
from workers.training import artefact


def test_a_written_model_scores_as_the_one_in_memory(tmp_path: Path) -> None:
    artefact.write(trained(), tmp_path)
    features = np.random.default_rng(1).normal(size=(50, len(NAMES))).astype(np.float32)
    assert np.array_equal(load(tmp_path).scores(features), model().scores(features))


def test_unknown_values_and_no_lines_can_be_scored() -> None:
    assert np.isfinite(model().scores(np.full((3, len(NAMES)), np.nan, dtype=np.float32))).all()
    assert model().scores(np.empty((0, len(NAMES)), dtype=np.float32)).shape == (0,)


def test_a_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(ModelUnusable, match="cannot score"):
        model().scores(np.zeros((2, 3), dtype=np.float32))


def test_a_model_of_other_features_is_refused() -> None:
    manifest = {**trained().manifest, "feature_schema_hash": "0123456789abcdef"}
    with pytest.raises(ModelUnusable, match="0123456789abcdef"):
        model_of(trained().model_text, manifest)


def test_a_text_that_the_manifest_does_not_name_is_refused() -> None:
    with pytest.raises(ModelUnusable, match="not the one that its manifest names"):
        model_of(trained().model_text + " ", trained().manifest)


@pytest.mark.parametrize("file", ["model.txt", "manifest.json"])
def test_a_missing_or_torn_file_is_refused(tmp_path: Path, file: str) -> None:
    artefact.write(trained(), tmp_path)
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelUnusable):
        load(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(ModelUnusable):
        load(tmp_path)
