"""Errors of fields that the client did not ask of the object at hand are nobody's."""

import asyncio
from typing import Any

import pytest

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from tests.support.execution import DictSubgraph
from tests.support.planning import composed, normalized, planned

PLACES = 'type Query { place: Asset } type Asset @key(fields: "id") @interfaceObject { id: ID! near: Asset }'
ASSETS = """
    interface Asset @key(fields: "id") { id: ID! common: String }
    type Image implements Asset @key(fields: "id") { id: ID! common: String }
    type Video implements Asset @key(fields: "id") { id: ID! common: String }
"""


class Assets(DictSubgraph):
    """A subgraph that is sent the interface's name, and knows each object's type."""

    def __init__(self, objects: dict[str, dict[str, Any]]) -> None:
        super().__init__(ASSETS.replace('@key(fields: "id")', ""), {}, {"Image": objects, "Video": objects})

    def _resolve_entities(self, _info: Any, *, representations: list[dict[str, Any]]) -> list[Any]:
        return [self._entities["Image"][representation["id"]] for representation in representations]


def fails(_info: Any) -> str:
    raise RuntimeError("common failed")


@pytest.mark.parametrize(("told", "count"), [("Video", 0), ("Image", 1)])
async def test_error_below_an_object_of_a_type_that_was_not_meant_is_left_out(told: str, count: int) -> None:
    """Only an interface object is known of the places, so `common` is asked below every one, though only images are meant."""
    near = {"id": "2", "near": {"id": "3"}}
    assets = Assets(
        {number: {"__typename": kind, "id": number, "common": fails} for number, kind in (("2", told), ("3", "Image"))}
    )
    supergraph = composed(places=PLACES, assets=ASSETS)
    text = "{ place { near { ... on Image { near { common } } near { id } } } }"
    transport = FakeTransport(
        {
            "places": DictSubgraph(
                "type Query { place: Asset } type Asset { id: ID! near: Asset }", {"place": {"id": "1", "near": near}}
            ),
            "assets": assets,
        }
    )
    services = [SubgraphEndpoint(name, url) for name, url in supergraph.subgraphs.items()]
    executor = Executor(transport=transport, services=services, api_schema=supergraph.api)
    executable = executor.prepare(planned(supergraph, text), normalized(supergraph, text))
    deadline = asyncio.get_running_loop().time() + 5
    answered = (await executable.execute(ExecutionRequest(deadline=deadline))).decoded()
    near_of_image = {"common": None, "id": "3"}
    assert answered["data"] == {"place": {"near": {"near": near_of_image if told == "Image" else {"id": "3"}}}}
    assert len(answered.get("errors", ())) == count
