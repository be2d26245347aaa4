import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import keys, worker

ABSENT = (3, "nothing dead has the id 5\n")
FAILED = (1, "the database cannot be asked\n")
DONE = (0, "")


@pytest.fixture(autouse=True)
def _market(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YARMARKA_DATA_DIR", str(tmp_path))
    keys.development_secrets(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "ends", "outcome"),
    [
        pytest.param(["dead"], (DONE, DONE), (0, ""), id="both listed"),
        pytest.param(["dead"], (DONE, FAILED), (1, FAILED[1]), id="one not listed"),
        pytest.param(["redrive"], (DONE, DONE), (0, ""), id="all brought back"),
        pytest.param(["redrive", "5"], (ABSENT, DONE), (0, ""), id="the user service has the id"),
        pytest.param(["redrive", "5"], (DONE, ABSENT), (0, ""), id="the workers have the id"),
        pytest.param(["redrive", "5"], (ABSENT, ABSENT), (1, ABSENT[1]), id="nothing has the id"),
        pytest.param(
            ["redrive", "5"], (ABSENT, FAILED), (1, FAILED[1]), id="one has not the id and one cannot be asked"
        ),
    ],
)
def test_what_was_given_up_is_asked_of_all_that_work_off_jobs(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    ends: tuple[tuple[int, str], ...],
    outcome: tuple[int, str],
) -> None:
    called: list[list[str]] = []
    answers = iter(ends)

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        called.append(command[2:])
        code, text = next(answers)
        return subprocess.CompletedProcess(command, code, stderr=text.encode())

    monkeypatch.setattr(subprocess, "run", run)
    status = worker.main(arguments)
    assert called == [["workers", *arguments], ["subgraphs.user", *arguments]]
    assert (status, capfd.readouterr().err) == outcome
