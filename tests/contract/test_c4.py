"""The picture says what is there: held against docker-compose.yml, the supervisor, the supergraph and the code, both ways."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from c4.site import export_json, likec4, validate
from gateway.graphiql.node import NodeError, find_node, install_packages
from local.processes import table
from local.settings import LocalSettings
from subgraphs import SERVICES
from tests.support.c4_code import relations_in_code
from tests.support.c4_model import Model, Relation, read_model

ROOT = Path(__file__).resolve().parents[2]
# People and their apps are nobody's process; the gateway's calls come from the supergraph, and GraphiQL is a page of the gateway.
NO_PROCESS = {"person", "app", "system"}
LOCAL_NAMES = {"mail": "mailsink"}


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model(ROOT / "c4")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml that stay; `keys` and `prepare` do their work and end."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return {name: service for name, service in compose["services"].items() if service.get("restart") != "no"}


@pytest.fixture(scope="module")
def likec4_is_there() -> None:
    try:
        install_packages(find_node(), ROOT / "c4")
    except NodeError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"likec4 cannot be installed here: {error}")


def test_model_and_compose_have_the_same_services(model: Model, services: dict[str, dict[str, Any]]) -> None:
    drawn = {element.metadata["compose"] for element in model.elements.values() if "compose" in element.metadata}

    assert drawn == services.keys()


def test_model_and_supervisor_have_the_same_processes(model: Model) -> None:
    started = {LOCAL_NAMES.get(process.name, process.name) for process in table(LocalSettings(_env_file=None))}
    drawn = {element.metadata["compose"] for element in model.elements.values() if "compose" in element.metadata}

    # PostgreSQL is of containers alone: on one machine each database is a file.
    assert drawn - {"postgres"} == started


def test_ports_are_those_that_the_containers_answer_on(model: Model, services: dict[str, dict[str, Any]]) -> None:
    drawn = {
        element.metadata["compose"]: element.metadata["port"]
        for element in model.elements.values()
        if "port" in element.metadata
    }
    checked = {name: _checked_port(services[name]) for name in drawn}

    assert drawn == checked


def test_what_compose_starts_first_is_called(model: Model, services: dict[str, dict[str, Any]]) -> None:
    names = {
        element.metadata["compose"]: full_name
        for full_name, element in model.elements.items()
        if "compose" in element.metadata and element.kind != "database"
    }
    awaited = {
        (names[name], names[other])
        for name, service in services.items()
        for other, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_started"
    }

    assert awaited <= {(relation.source, relation.target) for relation in model.relations}


def test_gateway_calls_the_subgraphs_of_the_supergraph(model: Model) -> None:
    composed = yaml.safe_load((ROOT / "supergraph.yaml").read_text())["subgraphs"].keys()
    gateway = {relation.target for relation in model.relations if relation.source == "yarmarka.gateway"}

    assert {name.removeprefix("yarmarka.") for name in gateway} & SERVICES.keys() == composed


def test_every_call_of_the_code_is_drawn_and_every_drawn_call_is_in_the_code(model: Model) -> None:
    processes = {f"yarmarka.{name}" for name in (*SERVICES, "worker", "redis")} | {"bank"}
    drawn = {relation for relation in model.relations if relation.source in processes}
    drawn |= {r for r in model.relations if (r.source, r.target) == ("yarmarka.gateway", "yarmarka.redis")}
    written = relations_in_code(ROOT)

    assert {"missing in the model": _listed(written - drawn), "missing in the code": _listed(drawn - written)} == {
        "missing in the model": [],
        "missing in the code": [],
    }


def test_a_database_has_one_service(model: Model) -> None:
    databases = {name for name, element in model.elements.items() if element.kind == "database"}
    owners = {
        database: {r.source for r in model.relations if r.target == database and r.source != "yarmarka.worker"}
        for database in databases
    }

    assert {database: len(services) for database, services in owners.items()} == dict.fromkeys(databases, 1)


def test_everything_is_deployed_in_both_places(model: Model) -> None:
    deployable = {name for name, element in model.elements.items() if element.kind not in NO_PROCESS}

    assert model.instances == {"local": deployable, "compose": deployable}


@pytest.mark.parametrize("view", ["query", "event"])
def test_each_step_of_a_flow_is_a_relation(model: Model, view: str) -> None:
    relations = {(relation.source, relation.target) for relation in model.relations}

    assert model.steps[view]
    assert [step for step in model.steps[view] if step not in relations] == []


@pytest.mark.usefixtures("likec4_is_there")
def test_likec4_finds_the_sources_valid() -> None:
    validate()


@pytest.mark.usefixtures("likec4_is_there")
def test_likec4_refuses_a_relation_to_nothing(tmp_path: Path) -> None:
    for source in (ROOT / "c4").glob("*.c4"):
        (tmp_path / source.name).write_text(
            source.read_text().replace("order -[sync]-> user ", "order -[sync]-> nobody ")
        )

    with pytest.raises(NodeError, match="nobody"):
        likec4("validate", str(tmp_path))


@pytest.mark.usefixtures("likec4_is_there")
def test_likec4_reads_the_model_as_these_tests_do(model: Model, tmp_path: Path) -> None:
    export_json(tmp_path / "model.json")
    exported = json.loads((tmp_path / "model.json").read_text())

    assert {name: element["kind"] for name, element in exported["elements"].items()} == {
        name: element.kind for name, element in model.elements.items()
    }
    assert {_relation(relation) for relation in exported["relations"].values()} == model.relations
    assert exported["views"].keys() >= {"index", "containers", "query", "event"}


def _relation(exported: dict[str, Any]) -> Relation:
    return Relation(exported["source"]["model"], exported["target"]["model"], exported["kind"])


def _checked_port(service: dict[str, Any]) -> str | None:
    found = re.search(r"127\.0\.0\.1:(\d+)/", " ".join(service["healthcheck"]["test"]))
    return found and found.group(1)


def _listed(relations: set[Relation]) -> list[str]:
    return sorted(f"{relation.source} -[{relation.kind}]-> {relation.target}" for relation in relations)
