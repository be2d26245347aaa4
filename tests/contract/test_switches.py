"""Every switch that a service reads can be flipped by an operator, and every one that can be flipped is read."""

from importlib import import_module
from typing import Any

from subgraphs import SERVICES
from subgraphs.config.model import CLIENT_PREFIX
from subgraphs.config.seed import FLAGS

READERS = [name for name in SERVICES if name != "config"]


def defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in READERS:
        found |= import_module(f"subgraphs.{name}.resources").DEFAULT_CONFIG
    return found


def seeded() -> dict[str, Any]:
    own = [flag for flag in FLAGS if not flag["key"].startswith(CLIENT_PREFIX)]
    return {
        flag["key"]: {each["key"]: each["value"] for each in flag["variants"]}[flag["default_variant"]] for flag in own
    }


def test_the_switches_of_the_services_are_those_of_the_config_service_with_the_same_defaults() -> None:
    assert seeded() == defaults()
