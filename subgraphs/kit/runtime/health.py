"""`/health`, `/ready` and `/metrics`: alive, able, and counted."""

import asyncio
import hmac
from collections.abc import Mapping

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kit.runtime.readiness import NotReady, ReadinessCheck

CHECK_TIMEOUT_SECONDS = 2.0


def json_response(payload: object, *, status: int = 200) -> Response:
    """A JSON answer that no cache keeps."""
    return Response(
        orjson.dumps(payload), status_code=status, media_type="application/json", headers={"cache-control": "no-store"}
    )


async def failing_checks(checks: Mapping[str, ReadinessCheck]) -> dict[str, str]:
    """The checks that fail now, each with the kind of its failure; all run at once, none longer than 2 seconds."""

    async def outcome(check: ReadinessCheck) -> str | None:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                await check()
        except TimeoutError:
            return "timeout"
        except NotReady as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
            return type(error).__name__
        return None

    outcomes = await asyncio.gather(*(outcome(check) for check in checks.values()))
    return {name: failure for name, failure in zip(checks, outcomes, strict=True) if failure is not None}


def may_read_metrics(authorization: str, token: str) -> bool:
    """Whether a request with this Authorization header may read /metrics; everyone may if no token is set.

    What a market sells and how it is loaded is no business of whoever can reach a published port.
    """
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


def health_routes(service: str, checks: Mapping[str, ReadinessCheck], *, metrics_token: str | None = "") -> list[Route]:
    """The three routes.

    Args:
        metrics_token: The bearer token that /metrics requires; "" lets everyone read them, and None serves none here.
        checks: by the name that a failing `/ready` shows, such as "database".
    """

    async def health(_: Request) -> Response:
        return json_response({"status": "ok", "service": service})

    async def ready(_: Request) -> Response:
        failing = await failing_checks(checks)
        if failing:
            return json_response({"status": "unavailable", "service": service, "failing": failing}, status=503)
        return json_response({"status": "ready", "service": service})

    async def metrics(request: Request) -> Response:
        if metrics_token is None or not may_read_metrics(request.headers.get("authorization", ""), metrics_token):
            return Response(status_code=404)
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    return [
        Route("/health", health, methods=["GET"]),
        Route("/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
