"""Writes a trained model as files, and reads the neighbours back. `ranking.model.load` reads the model itself."""

from pathlib import Path
from typing import Any

import orjson

from workers.features.neighbours import Neighbours
from workers.ranking.model import MANIFEST_FILE, MODEL_FILE
from workers.training.train import Trained

SIMILAR_FILE = "similar.json"
BOUGHT_TOGETHER_FILE = "bought_together.json"


def write(trained: Trained, directory: Path) -> None:
    """Writes all files; the manifest comes last and names the model's hash, so a torn write is refused when it is read."""
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / MODEL_FILE, trained.model_text.encode())
    _replace(directory / SIMILAR_FILE, orjson.dumps(trained.similar))
    _replace(directory / BOUGHT_TOGETHER_FILE, orjson.dumps(trained.bought_together))
    _replace(directory / MANIFEST_FILE, orjson.dumps(trained.manifest, option=orjson.OPT_INDENT_2))


def read_manifest(directory: Path) -> dict[str, Any]:
    """The manifest of the model in a directory.

    Raises:
        OSError, ValueError: Raised when it is missing, or is not JSON.
    """
    manifest: dict[str, Any] = orjson.loads((directory / MANIFEST_FILE).read_bytes())
    return manifest


def read_neighbours(directory: Path, rows: dict[str, int]) -> tuple[Neighbours, Neighbours]:
    """(similar, bought together) in the row order of a catalogue.

    Raises:
        OSError, ValueError: Raised when a file is missing, or is not JSON.
    """
    similar = orjson.loads((directory / SIMILAR_FILE).read_bytes())
    bought = orjson.loads((directory / BOUGHT_TOGETHER_FILE).read_bytes())
    return Neighbours.from_json(similar, rows), Neighbours.from_json(bought, rows)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(content)
    partial.replace(path)
