"""Every process of a run collects the same tests, whatever its clock, hash seed and environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# A run of pytest-xdist compares the ids of its workers; these settings differ between machines and moments.
ONE = {"PYTHONHASHSEED": "1", "COLLECTION_CLOCK_SHIFT": "0", "TZ": "UTC", "COLUMNS": "80"}
OTHER = {"PYTHONHASHSEED": "2", "COLLECTION_CLOCK_SHIFT": "9000000", "TZ": "Asia/Tokyo", "COLUMNS": "200"}
ID = re.compile(r"[ -~]+")
LONGEST_ID = 240


def collected(settings: dict[str, str], folder: Path) -> list[str]:
    """A line for each test: its id and the digest of its parameters."""
    folder.mkdir()
    listing = folder / "collected.txt"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.collection", "-p", "no:xdist", "--collect-only", "-q", "tests"],
        cwd=ROOT,
        env={**inherited, **settings, "COLLECTION_FILE": str(listing), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return listing.read_text().splitlines()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """What is collected at one moment and at another."""
    folder = tmp_path_factory.mktemp("collections")
    return collected(ONE, folder / "one"), collected(OTHER, folder / "other")


def test_two_collections_are_the_same(both: tuple[list[str], list[str]]) -> None:
    one, other = both
    assert len(one) > 1000
    assert [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]] == []
    assert len(one) == len(other)


def test_ids_are_words(both: tuple[list[str], list[str]]) -> None:
    """Printable, short, and without what `repr` writes for bytes and objects."""
    ids = [line.rpartition(" ")[0] for line in both[0]]
    wrong = [
        each for each in ids if not ID.fullmatch(each) or len(each) > LONGEST_ID or "\\x" in each or " at 0x" in each
    ]
    assert wrong == []
