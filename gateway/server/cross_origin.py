"""Which pages of other origins may read the answers: of the application, and of what is refused before one is asked.

Source: Fetch (fetch.spec.whatwg.org), "CORS protocol".
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.server.costs import HEADER
from gateway.server.request_head import Fields

EXPOSED_HEADERS = ("retry-after", "www-authenticate", HEADER.decode())
"""Headers that say something to a page of another origin, beside those that every page may read."""


def allow_origins(application: ASGIApp, origins: Sequence[str]) -> CORSMiddleware:
    """Return the application with answers that pages of these origins may read."""
    return CORSMiddleware(
        application,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        allow_credentials="*" not in origins,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )


class CrossOrigin:
    """The fields of answers that are written without the application.

    Args:
        origins: Those whose pages may read the answers; ``*`` for every page.
    """

    def __init__(self, origins: Sequence[str] = ()) -> None:
        self._rules = allow_origins(_unanswered, origins) if origins else None

    def fields(self, request: Fields) -> list[tuple[bytes, bytes]]:
        """Return what an answer adds, so that the page which sent the request can read it.

        Args:
            request: The header fields that have arrived; without an origin among them nothing is added.
        """
        sent = [value for name, value in request if name == b"origin"]
        if self._rules is None or len(sent) != 1:
            return []
        origin = sent[0].decode("latin-1")
        added = dict(self._rules.simple_headers)
        if self._rules.is_allowed_origin(origin) and not self._rules.allow_all_origins:
            added["Access-Control-Allow-Origin"] = origin
        added["Vary"] = "Origin"
        return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in added.items()]


async def _unanswered(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """The application of rules that are only read, which is never called."""
