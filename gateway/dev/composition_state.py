"""What `dev` knows of its composition, as it passes from the loop that composes to the gateway that shows it in GraphiQL."""

import json
from dataclasses import dataclass
from typing import Any

from gateway.composition.errors import CompositionError


@dataclass(frozen=True, slots=True)
class CompositionState:
    """The outcome of looking at the subgraphs.

    Attributes:
        errors: why they do not compose.
        problems: what could not be read, so that nothing was composed at all.
        mocked: the subgraphs that a mock answers for, in order of name.
        has_schema: some schema composed before, and is in service.
    """

    errors: tuple[CompositionError, ...] = ()
    problems: tuple[str, ...] = ()
    mocked: tuple[str, ...] = ()
    has_schema: bool = False

    @property
    def is_good(self) -> bool:
        """Whether what is in service is what the subgraphs say now."""
        return not self.errors and not self.problems

    def as_json(self) -> str:
        """The state for the page: places with the line of source they point into."""
        return json.dumps(
            {
                "errors": [_error(error) for error in self.errors],
                "problems": self.problems,
                "mocked": self.mocked,
                "hasSchema": self.has_schema,
            }
        )


def _error(error: CompositionError) -> dict[str, Any]:
    places = [{**place.as_json(), "source": place.source} for place in error.places]
    return {**error.as_json(), "places": places}
