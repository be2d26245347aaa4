"""The pages that are written from code, by their paths."""

from collections.abc import Callable, Mapping
from pathlib import Path

from local.docs import errors_page, settings_page

ROOT = Path(__file__).parents[2]

PAGES: Mapping[str, Callable[[], str]] = {
    "docs/gateway/errors.md": errors_page.render,
    "docs/gateway/settings.md": settings_page.render,
}
