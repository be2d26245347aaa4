"""What reaches standard output once logging is configured."""

import subprocess
import sys
import textwrap

import pytest

FAILING = textwrap.dedent(
    """
    import logging, structlog, sys
    from subgraphs.kit.runtime.logging import configure

    class Refused(Exception):
        pass

    def fail(known):
        held = known * 2  # what only a frame's variables hold
        raise Refused("the bank said no to ann@example.org")

    configure("test", log_format=sys.argv[1])
    try:
        fail("".join(["ses", "ame"]))
    except Refused as error:
        structlog.get_logger("here").exception("first.failed")
        structlog.get_logger("here").error("second.failed", exc_info=error)
        structlog.get_logger("here").error("third.failed", error=error, causes=[error])
        logging.getLogger("uvicorn.error").exception("fourth.failed")
    """
)


@pytest.fixture(params=["console", "json"])
def logged(request: pytest.FixtureRequest) -> str:
    """What a process of its own logs about an exception: configuring is for a whole process."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FAILING, request.param], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return run.stdout


def test_a_traceback_shows_its_frames_and_never_their_variables(logged: str) -> None:
    assert logged.count("Traceback (most recent call last)") == 3
    assert "in fail" in logged
    assert "sesame" not in logged
    assert "held" not in logged


def test_what_an_exception_says_is_redacted_wherever_it_is_logged(logged: str) -> None:
    assert logged.count("the bank said no to [redacted]") == 5
    assert "ann@" not in logged
