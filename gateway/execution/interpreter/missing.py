"""Fields that a subgraph was asked for and left out, without a word: each is an error, never a silent null.

Source: GraphQL, section 7.1.2: a field that was selected is in the answer, null or not.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from gateway.execution.interpreter.failures import Failure
from gateway.execution.interpreter.tree import Place, Shape, lacking
from gateway.execution.request import SubgraphEndpoint
from gateway.execution.transport.reply import malformed
from gateway.planning.plan import FetchedSelection

MAX_ERRORS_OF_ANSWER: Final = 1_000
"""Of one subgraph's answer; the rest are counted."""


class MissingFields:
    """What is missing in one answer.

    Args:
        errors: the answer's own; what they are about is explained already.

    Attributes:
        names: takes the response names of what is missing while the answer is merged.
        failures: one for each missing field, with its path.
    """

    def __init__(self, service: SubgraphEndpoint, errors: Sequence[Any]) -> None:
        self.names: set[str] = set()
        self.failures: list[Failure] = []
        self._service = service
        self._errors = errors
        self._explained: list[tuple[str | int, ...]] | None = None

    def find(
        self,
        shape: Shape,
        answer: Any,
        asked: Sequence[tuple[Place, tuple[FetchedSelection, ...]]],
        *,
        above: tuple[str | int, ...] = (),
    ) -> None:
        """Find what is missing in an object that was merged, if `names` says that something is.

        Args:
            asked: the places that the object belongs to.
            above: the path of the object in the answer.
        """
        if not self.names:
            return
        self.names.clear()
        for path in islice(lacking(shape, answer), MAX_ERRORS_OF_ANSWER - len(self.failures)):
            if not self._is_explained((*above, *path)):
                reason = malformed(self._service, f"lacks the field {path[-1]!r}, which was asked for")
                shown = {"code": reason.code, "serviceName": reason.service}
                self.failures.append(Failure(reason.service, reason.message, shown, tuple(asked), path))

    def _is_explained(self, path: tuple[str | int, ...]) -> bool:
        """Whether an error of the answer is about the field, about what is around it, or about nothing that it names."""
        if self._explained is None:
            self._explained = [tuple(readable_path(error)) for error in self._errors[:MAX_ERRORS_OF_ANSWER]]
        return any(path[: len(about)] == about for about in self._explained)


def readable_path(error: Any) -> list[str | int]:
    """The path of an entry of ``errors``; [] if it has none that can be understood."""
    path = error.get("path") if isinstance(error, dict) else None
    if isinstance(path, list) and all(isinstance(segment, str | int) for segment in path):
        return path
    return []
