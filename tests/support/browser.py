"""A real headless Chromium, and a visit to one page that notes everything a good page would not do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request, Response, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL_SCHEMES = {"blob", "data"}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Opens Chromium; where there is none, the test is skipped on a laptop and fails in CI."""
    binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if binary is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("no Chromium: install it, or name its binary in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One reader with an empty profile on one page.

    Attributes:
        page: Playwright's page, loaded.
        complaints: errors of the console, uncaught exceptions, and failed or refused requests.
        strangers: addresses asked of any other host.
    """

    def __init__(self, browser: Browser, url: str, *, color_scheme: str = "light") -> None:
        self.host = urlsplit(url).netloc
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self.context = browser.new_context(
            color_scheme="dark" if color_scheme == "dark" else "light", viewport={"width": 1440, "height": 860}
        )
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_page_error)
        self.page.on("request", self._on_request)
        self.page.on("response", self._on_response)
        self.page.goto(url)

    def tabs(self) -> Locator:
        """Gives the buttons of all tabs, in their order."""
        return self.page.locator(".graphiql-tab-button")

    def open_tab(self, name: str) -> None:
        """Opens an example operation by its tab."""
        self.tabs().and_(self.page.get_by_title(name, exact=True)).click()
        self.page.wait_for_function(
            "name => document.querySelector('.example-bar[aria-busy=false] strong')?.textContent === name", arg=name
        )

    def text(self, part: str) -> str:
        """Gives the whole text of an editor: ``operation``, ``variables`` or ``response``."""
        models = "window.__MONACO.editor.getModels()"
        return str(self.page.evaluate(f"{models}.find(m => m.uri.path.includes('{part}')).getValue()"))

    def wait_for_text(self, part: str, wanted: str) -> str:
        """Waits until the editor's text has `wanted` in it, and gives the text."""
        self.page.wait_for_function(
            "([part, wanted]) => window.__MONACO?.editor.getModels()"
            ".find(m => m.uri.path.includes(part))?.getValue().includes(wanted)",
            arg=[part, wanted],
        )
        return self.text(part)

    def wait_until_filled(self) -> None:
        """Waits until no variable of the open example is still to be looked up."""
        self.page.wait_for_function(
            "() => !window.__MONACO.editor.getModels()"
            """.find(m => m.uri.path.includes('variables')).getValue().includes('"$')"""
        )

    def run(self) -> None:
        """Presses the button that runs the present operation."""
        self.page.get_by_role("button", name="Execute query").click()

    def close(self) -> None:
        """Ends the visit, and fails the test on whatever was noted."""
        self.context.close()
        assert self.complaints == []
        assert self.strangers == []

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _on_page_error(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error}")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in LOCAL_SCHEMES and address.netloc != self.host:
            self.strangers.append(request.url)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")
