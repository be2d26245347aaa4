import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import keys, worker


@pytest.mark.parametrize(
    ("arguments", "statuses", "status"),
    [
        pytest.param(["dead"], (0, 0), 0, id="both listed"),
        pytest.param(["dead"], (0, 1), 1, id="one not listed"),
        pytest.param(["redrive"], (0, 0), 0, id="all brought back"),
        pytest.param(["redrive", "id"], (1, 0), 0, id="the user service has the id"),
        pytest.param(["redrive", "id"], (1, 1), 1, id="nothing has the id"),
    ],
)
def test_what_was_given_up_is_asked_of_all_that_work_off_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], statuses: tuple[int, ...], status: int
) -> None:
    monkeypatch.setenv("YARMARKA_DATA_DIR", str(tmp_path))
    keys.development_secrets(tmp_path)
    called: list[list[str]] = []
    answers = iter(statuses)

    def call(command: list[str], **_: Any) -> int:
        called.append(command[2:])
        return next(answers)

    monkeypatch.setattr(subprocess, "call", call)
    assert worker.main(arguments) == status
    assert called == [["workers", *arguments], ["subgraphs.user", *arguments]]
