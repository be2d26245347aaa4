"""Settings and exit statuses that the commands of every process share."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from subgraphs.kit.runtime import logging
from subgraphs.kit.runtime.settings import SharedSettings

SettingsT = TypeVar("SettingsT", bound=SharedSettings)

NOTHING_HAS_THE_ID = 3
"""Exit status of `redrive` when no job or event that was given up has one of the ids: another process's may."""


def report_unknown_ids(ids: Sequence[str]) -> int:
    """Report that nothing that was given up has one of the ids; return the exit status that says so."""
    print(f"nothing dead has the id {', '.join(ids)}", file=sys.stderr)
    return NOTHING_HAS_THE_ID


def configured(name: str, read_settings: Callable[[], SettingsT]) -> SettingsT | None:
    """Return the settings of a process, whose log they configure; None when they are refused, which stderr then explains.

    The values are not shown: some are secrets.
    """
    try:
        settings = read_settings()
    except ValidationError as error:
        print(f"{name}: the settings are not complete", file=sys.stderr)
        for problem in error.errors():
            print(f"  {'.'.join(map(str, problem['loc']))}: {problem['msg']}", file=sys.stderr)
        return None
    logging.configure(name, log_format=settings.log_format)
    return settings
