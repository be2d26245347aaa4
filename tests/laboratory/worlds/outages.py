"""Subgraphs that are away, each in one of the ways in which servers are."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import SubgraphError
from gateway.execution.transport.interface import Reply

KINDS = ("unreachable", "refusing", "page", "malformed", "without data", "null data", "lost entities")


@dataclass(slots=True)
class Outage:
    """A subgraph whose answers do not arrive.

    Attributes:
        service: The subgraph.
        kind: One of `KINDS`: what arrives instead.
        every: 1 if no answer arrives; 2 if each second one does not.
        asked: How many requests were sent so far.
    """

    service: str
    kind: str
    every: int = 1
    asked: int = field(default=0)

    def answer(self, request: Mapping[str, Any], response: Any) -> Any:
        """Return what arrives instead of a response.

        Raises:
            SubgraphError: There is no connection.
        """
        self.asked += 1
        if self.asked % self.every:
            return response
        match self.kind:
            case "unreachable":
                raise SubgraphError("away", service=self.service, code="SUBGRAPH_UNREACHABLE")
            case "refusing":
                return Reply(503, "application/json", b'{"errors": [{"message": "overloaded"}]}')
            case "page":
                return Reply(502, "text/html", b"<h1>Bad gateway</h1>")
            case "malformed":
                return b'{"data": {"_entities'
            case "without data":
                return {"errors": [{"message": "away"}]}
            case "null data":
                return {"data": None, "errors": [{"message": "away"}]}
            case _:
                return _without_entities(request, response)


def _without_entities(request: Mapping[str, Any], response: Any) -> Any:
    """Return the response with a null, and an error, for each entity; of root fields, no data."""
    data = response.get("data")
    if data is None or "_entities" not in request["query"]:
        return {"data": None, "errors": [{"message": "away"}]}
    return {
        "data": {name: [None] * len(entities) for name, entities in data.items()},
        "errors": [
            {"message": "away", "path": [name, index]}
            for name, entities in data.items()
            for index in range(len(entities))
        ],
    }


def draw_outage(rnd: random.Random, services: list[str]) -> Outage:
    """Return an outage of one of the subgraphs."""
    return Outage(rnd.choice(services), rnd.choice(KINDS), rnd.choice([1, 1, 1, 2]))
