"""What is committed under schema/ is what the code says, and a breaking change does not slip in."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import schema

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what `task schema` reads and writes."""
    shutil.copytree(ROOT / "schema", tmp_path / "schema")
    shutil.copy(ROOT / "supergraph.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def test_nothing_under_schema_has_drifted() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "local.schema", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_breaking_change_is_refused_until_it_is_accepted_by_name(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    promised = project / "schema" / "supergraph.graphql"
    before = promised.read_text()
    promised.write_text(before.replace("  PUBLISHED ", "  SOLD_OUT @join__enumValue(graph: CATALOG)\n  PUBLISHED ", 1))
    with_more = promised.read_text()
    assert with_more != before
    assert schema.main([]) == 1
    assert promised.read_text() == with_more
    [refused] = [line for line in capfd.readouterr().out.splitlines() if "SOLD_OUT" in line]
    (project / "schema" / "accepted-breaking-changes.txt").write_text(refused.removeprefix("breaking ") + "\n")
    assert schema.main([]) == 0
    assert promised.read_text() == before
