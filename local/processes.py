"""The table of processes: what runs, on which port, when it counts as ready, and in which order all stop."""

import os
import sys
from dataclasses import dataclass, field

from local import keys
from local.redis_server import redis_command
from local.settings import LocalSettings
from subgraphs import SERVICES


@dataclass(frozen=True, slots=True)
class Process:
    """One process under the supervisor.

    Attributes:
        command: Argument vector.
        port: Where it listens; checked to be free before anything starts.
        port_setting: Environment variable that moves the port.
        ready_url: Answers 200 (http) or PONG (redis) when it is ready; None: a TCP connection is enough.
        is_needed: The market is not ready without it.
        needs_data: It starts after the databases, the demo market and the model are there.
        is_forked: Its command is `python -m`, and the fork server starts it where there is one.
        about: One line for the table of addresses; "" keeps it out.
    """

    name: str
    command: list[str]
    port: int
    port_setting: str
    ready_url: str | None
    about: str = ""
    address: str = ""
    is_needed: bool = True
    needs_data: bool = True
    is_forked: bool = False
    more_ports: dict[str, int] = field(default_factory=dict)


def environment(settings: LocalSettings) -> dict[str, str]:
    """The environment of every process: the caller's own, development secrets, and the addresses of the others."""
    redis_url = f"redis://127.0.0.1:{settings.redis_port}/0"
    addresses = {
        f"YARMARKA_{name.upper()}_URL": f"{settings.url(port_of(name, settings))}/graphql" for name in SERVICES
    }
    ports = {f"{name.upper()}_PORT": str(port_of(name, settings)) for name in SERVICES}
    return {
        **os.environ,
        **_bytecode(settings),
        **keys.development_secrets(settings.data_dir),
        **addresses,
        **ports,
        "YARMARKA_USER_JWKS_URL": f"{settings.url(settings.user_port)}/.well-known/jwks.json",
        "YARMARKA_ENVIRONMENT": os.environ.get("YARMARKA_ENVIRONMENT", "development"),
        "YARMARKA_DATA_DIR": str(settings.data_dir),
        "YARMARKA_REDIS_URL": redis_url,
        "YARMARKA_LOG_FORMAT": os.environ.get("YARMARKA_LOG_FORMAT", "console"),
        "GATEWAY_PORT": str(settings.gateway_port),
        "NOTIFICATION_SMTP_URL": f"smtp://127.0.0.1:{settings.mail_smtp_port}",
        "PAYMENT_PROVIDER_URL": settings.url(settings.bank_port),
        "BANK_PORT": str(settings.bank_port),
        "BANK_WEBHOOK_URL": f"{settings.url(settings.payment_port)}/webhooks/bank",
        "WORKER_PORT": str(settings.worker_port),
        "PYTHONUNBUFFERED": "1",
    }


def _bytecode(settings: LocalSettings) -> dict[str, str]:
    """Where bytecode goes if the caller wants none beside the sources: compiling everything in each process took most of a start."""
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str((settings.data_dir / "bytecode").resolve())}


def port_of(service: str, settings: LocalSettings) -> int:
    """The port of a subgraph."""
    port: int = getattr(settings, f"{service}_port")
    return port


def table(settings: LocalSettings) -> list[Process]:
    """Every process, in the order in which they start; they stop in the reverse."""
    python = sys.executable
    url = settings.url
    infrastructure = [
        Process(
            "redis",
            redis_command(port=settings.redis_port, folder=settings.data_dir / "redis"),
            settings.redis_port,
            "REDIS_PORT",
            f"redis://127.0.0.1:{settings.redis_port}",
            needs_data=False,
        ),
        Process(
            "mail",
            [python, "-m", "local.mail_sink", str(settings.mail_smtp_port), str(settings.mail_http_port)],
            settings.mail_http_port,
            "MAIL_HTTP_PORT",
            f"{url(settings.mail_http_port)}/ready",
            about="every e-mail that the market sends",
            address=url(settings.mail_http_port),
            is_forked=True,
            more_ports={"MAIL_SMTP_PORT": settings.mail_smtp_port},
        ),
        Process(
            "bank",
            [python, "-m", "subgraphs.payment.sandbox"],
            settings.bank_port,
            "BANK_PORT",
            f"{url(settings.bank_port)}/ready",
            about="the bank sandbox",
            address=url(settings.bank_port),
            is_forked=True,
        ),
    ]
    subgraphs = [
        Process(
            name,
            [python, "-m", f"subgraphs.{name}", "serve"],
            port_of(name, settings),
            f"{name.upper()}_PORT",
            f"{url(port_of(name, settings))}/ready",
            about=f"the {name} subgraph",
            address=f"{url(port_of(name, settings))}/health",
            is_forked=True,
        )
        for name in SERVICES
    ]
    rest = [
        Process(
            "worker",
            [python, "-m", "workers", "run"],
            settings.worker_port,
            "WORKER_PORT",
            f"{url(settings.worker_port)}/ready",
            about="the queue's workers",
            address=f"{url(settings.worker_port)}/metrics",
            is_forked=True,
        ),
        Process(
            "gateway",
            [python, "-m", "gateway", "serve", "--config", "gateway.yaml"],
            settings.gateway_port,
            "GATEWAY_PORT",
            f"{url(settings.gateway_port)}/ready",
            about="the market's one GraphQL schema, and GraphiQL",
            address=f"{url(settings.gateway_port)}/graphql",
            is_forked=True,
        ),
    ]
    picture = [
        Process(
            "c4",
            [python, "-m", "c4.serve", "--port", str(settings.c4_port)],
            settings.c4_port,
            "C4_PORT",
            f"{url(settings.c4_port)}/",
            about="the diagram of all this",
            address=url(settings.c4_port),
            is_needed=False,
            needs_data=False,
        )
    ]
    return [*infrastructure, *subgraphs, *rest, *(picture if settings.with_c4 else [])]
