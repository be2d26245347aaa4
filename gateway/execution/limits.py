"""What one request may cost the gateway, and how the size of an answer is told before it is made.

An entity is fetched once and put wherever it belongs. So a few small answers of subgraphs can become an answer without end:
with ten friends each, ``{ friends { friends { friends ...`` across two subgraphs grows tenfold by the step, while each fetch
stays at ten representations. The size is therefore counted as the answer grows, and the request ends when it is too large.
"""

from dataclasses import dataclass
from typing import Final

PLACE_BYTES: Final = 100
"""What an object costs beside its text: memory, and the time to walk past it."""


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """What one request may cost.

    Attributes:
        max_representations: entities asked for in one HTTP request; longer lists go in several, side by side.
        max_answer_bytes: about, of all entities that are fetched, each counted at every place where it is.
    """

    max_representations: int = 2000
    max_answer_bytes: int = 16_000_000


class AnswerTooLarge(Exception):
    """Raised when an answer would pass the limit.

    Args:
        service: the subgraph whose entities make it so large.
        path: of the first of their places, as the client sees it.
    """

    def __init__(self, service: str, path: list[str | int]) -> None:
        super().__init__(service, path)
        self.service = service
        self.path = path


def entity_bytes(body: int, places: int, entities: int) -> int:
    """What the entities of a response add: its length in bytes, shared out evenly, at every place where one of them is."""
    return body * places // entities
