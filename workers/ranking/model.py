"""A trained LightGBM ranker, read from the text and manifest that training wrote. Nothing else serves LightGBM."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from workers.features.registry import NAMES, schema_hash

MODEL_FILE = "model.txt"
MANIFEST_FILE = "manifest.json"


class ModelUnusable(Exception):
    """A model that must not rank: unreadable, or trained on other features than this code computes."""


@dataclass(frozen=True, slots=True, eq=False)
class RankingModel:
    """A booster with its name. One thread: a worker's other threads keep their heartbeat.

    Attributes:
        version: as in the manifest; goes into every slate.
    """

    version: str
    booster: lightgbm.Booster

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much each line is wanted, float64 (n,); comparable within one call only.

        Args:
            features: float32 (n, len(NAMES)), from `features.registry`.

        Raises:
            ModelUnusable: Raised when LightGBM refuses the matrix.
        """
        if len(features) == 0:
            return np.empty(0)
        try:
            return np.asarray(self.booster.predict(features, num_threads=1), dtype=np.float64)
        except lightgbm.basic.LightGBMError as error:
            raise ModelUnusable(f"model {self.version} cannot score: {error}") from error


def model_of(text: str, manifest: dict[str, Any]) -> RankingModel:
    """The model of a LightGBM text and its manifest (keys "version", "feature_schema_hash", "model_sha256" at least).

    Raises:
        ModelUnusable: Raised when the text is no booster, another one than the manifest names, or was trained on another feature schema.
    """
    version = str(manifest.get("version", "unnamed"))
    if manifest.get("model_sha256") != hashlib.sha256(text.encode()).hexdigest():
        raise ModelUnusable(f"the text of model {version} is not the one that its manifest names")
    if manifest.get("feature_schema_hash") != schema_hash():
        raise ModelUnusable(
            f"model {version} was trained on features {manifest.get('feature_schema_hash')}, "
            f"this code computes {schema_hash()}; train a new one"
        )
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ModelUnusable(f"model {version} cannot be read: {error}") from error
    if booster.num_feature() != len(NAMES):
        raise ModelUnusable(f"model {version} takes {booster.num_feature()} features, not {len(NAMES)}")
    return RankingModel(version, booster)


def load(directory: Path) -> RankingModel:
    """The model in a directory that `training.artefact` wrote.

    Raises:
        ModelUnusable: Raised when a file is missing or broken, or the feature schema is another.
    """
    try:
        manifest = json.loads((directory / MANIFEST_FILE).read_text(encoding="utf-8"))
        text = (directory / MODEL_FILE).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"no model in {directory.name}: {error}") from error
    return model_of(text, manifest)
