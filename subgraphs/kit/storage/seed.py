"""Reading the seed: JSON Lines, in chunks, so that a large file never lies in memory whole."""

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

CHUNK_ROWS = 1_000


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a `.jsonl` or `.jsonl.gz` file, in order."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield orjson.loads(line)


def chunks(rows: Iterator[Any], size: int = CHUNK_ROWS) -> Iterator[list[Any]]:
    """The rows in lists of at most `size`."""
    while chunk := list(islice(rows, size)):
        yield chunk
