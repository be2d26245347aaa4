"""Least privilege in docker-compose.yml: each container has its own secrets, its own neighbours and no other's."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.prepare_containers import refusal
from subgraphs import SERVICES as SUBGRAPHS

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
QUEUE_USERS = {*SUBGRAPHS, "worker"}


def mounted(service: str) -> dict[str, str]:
    """The volumes of a service, by where they are."""
    volumes = [each.split(":") for each in SERVICES[service].get("volumes", [])]
    return {place: name for name, place, *_ in volumes}


def given(service: str) -> set[str]:
    """The files that make-secrets.sh gives a service, as the script itself writes them."""
    script = (ROOT / "containers" / "make-secrets.sh").read_text()
    body = re.sub(
        r"(?s)^give\(\).*?^}",
        'give() { p=$1; shift 2; for n in "$@"; do echo "$p $n"; done; }',
        script,
        flags=re.MULTILINE,
    )
    lines = [line for line in body.splitlines() if re.match(r"give|service=|payment=|owners=", line)]
    printed = subprocess.run(["sh", "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout
    return {name for owner, name in map(str.split, printed.splitlines()) if owner == service}


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"keys"}))
def test_a_service_mounts_no_secrets_but_its_own(service: str) -> None:
    secrets = {name for name in mounted(service).values() if "secrets" in name}
    assert secrets <= {f"{service}-secrets"}


def test_the_superusers_password_is_postgresqls_alone() -> None:
    assert [service for service in SERVICES if "postgres" in given(service)] == ["postgres"]


@pytest.mark.parametrize("service", sorted(SERVICES.keys() - {"keys", "postgres", "redis", "mailsink", "c4"}))
def test_a_service_is_given_just_what_its_entry_point_reads(service: str) -> None:
    environment = SERVICES[service]["environment"]
    databases = {f"database-{owner}" for owner in environment.get("DATABASES", "").split()}
    wanted = set(environment["SECRETS"].split()) | databases
    assert wanted <= given(service)
    assert given(service) - wanted <= {"YARMARKA_METRICS_TOKEN"}


def test_the_bank_sandbox_has_neither_service_keys_nor_the_queues_password() -> None:
    assert given("bank") == {"PAYMENT_WEBHOOK_SECRET", "BANK_API_KEY"}


def test_only_its_users_reach_the_queues_server() -> None:
    assert {name for name, service in SERVICES.items() if "queue" in service.get("networks", [])} == QUEUE_USERS | {
        "redis"
    }
    assert not set(SERVICES["redis"]["networks"]) & {"services", "bank", "mail", "diagram"}
    assert "/run/yarmarka/secrets/redis.conf" in SERVICES["redis"]["command"]


def test_the_sandbox_the_mail_sink_and_the_diagram_reach_nothing_else() -> None:
    reached = {name: SERVICES[name]["networks"] for name in ("bank", "mailsink", "c4")}
    assert reached == {"bank": ["bank"], "mailsink": ["mail"], "c4": ["diagram"]}
    neighbours = {
        network: {name for name, service in SERVICES.items() if network in service.get("networks", [])}
        for network in ("bank", "mail", "diagram")
    }
    assert neighbours == {
        "bank": {"bank", "payment"},
        "mail": {"mailsink", "notification", "worker"},
        "diagram": {"c4"},
    }


def test_ports_are_published_of_what_clients_call_alone() -> None:
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"gateway", "payment", "catalog", "bank", "mailsink", "c4"}
    # Of these, three have metrics: each needs the token there.
    for name in ("gateway", "payment", "catalog"):
        assert "YARMARKA_METRICS_TOKEN" in SERVICES[name]["environment"]["SECRETS"].split()
        assert "YARMARKA_METRICS_TOKEN" in given(name)


@pytest.mark.parametrize(("name", "prefix"), [("gateway", "GATEWAY_SERVER__"), ("payment", "PAYMENT_")])
def test_the_metrics_of_what_strangers_call_have_a_port_that_is_not_published(name: str, prefix: str) -> None:
    environment = SERVICES[name]["environment"]
    assert environment[f"{prefix}METRICS_HOST"] == "0.0.0.0"
    published = [port.rpartition(":")[2] for port in SERVICES[name]["ports"]]
    assert str(environment[f"{prefix}METRICS_PORT"]) not in published


def test_each_image_has_one_build_definition() -> None:
    builds = {(service["image"], str(service["build"])) for service in SERVICES.values() if "build" in service}
    assert len(builds) == len({image for image, _ in builds}) == 4


def test_ports_are_published_on_loopback_unless_asked() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${PUBLISHED_HOST:-127.0.0.1}:")), port


@pytest.mark.parametrize(
    ("environment", "is_refused"),
    [
        pytest.param({}, False, id="default"),
        pytest.param({"PUBLISHED_HOST": "127.0.0.1"}, False, id="loopback"),
        pytest.param({"PUBLISHED_HOST": "0.0.0.0"}, True, id="published"),
        pytest.param({"PUBLISHED_HOST": "shop.example"}, True, id="published by name"),
        pytest.param({"PUBLISHED_HOST": "0.0.0.0", "YARMARKA_DEMO_MARKET": "yes"}, False, id="published and asked for"),
    ],
)
def test_the_demo_market_is_refused_on_a_published_address(environment: dict[str, str], is_refused: bool) -> None:
    assert (refusal(environment) is not None) is is_refused


def test_the_entry_point_makes_the_queues_address_of_its_password(tmp_path: Path) -> None:
    script = (ROOT / "containers" / "entrypoint.sh").read_text().replace("/run/yarmarka/secrets", str(tmp_path))
    (tmp_path / "REDIS_PASSWORD").write_text("hidden")
    (tmp_path / "database-order").write_text("word")
    command = ["sh", "-c", script, "entrypoint", "sh", "-c", 'echo "$YARMARKA_REDIS_URL $ORDER_DATABASE_URL"']
    environment = {
        "PATH": os.environ["PATH"],
        "SECRETS": "REDIS_PASSWORD",
        "DATABASES": "order",
        "YARMARKA_REDIS_URL": "",
    }
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["redis://:hidden@redis:6379/0", "postgresql+asyncpg://order:word@postgres:5432/order"]
