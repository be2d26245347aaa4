"""What every command of a process does first."""

import sys
from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from subgraphs.kit.runtime import logging
from subgraphs.kit.runtime.settings import SharedSettings

SettingsT = TypeVar("SettingsT", bound=SharedSettings)


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
