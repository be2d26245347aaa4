"""What the audit server says: its suites, their supergraphs, subgraphs and tests."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One query and what is expected of it.

    Attributes:
        errors: whether there must be errors; None if they may be there or not.
    """

    query: str
    data: Any
    errors: bool | None

    def accepts(self, answer: Json) -> bool:
        """Whether the answer is the expected one: equal data and, where it counts, errors or none."""
        if answer.get("data") != self.data:
            return False
        return self.errors is None or self.errors == bool(answer.get("errors"))


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite of the audit."""

    name: str
    supergraph: str
    subgraphs: tuple[Json, ...]
    cases: tuple[Case, ...]


def suite_names(url: str) -> list[str]:
    """The suites that the server has."""
    names: list[str] = json.loads(_get(f"{url}/ids"))
    return sorted(names)


def read_suite(url: str, name: str) -> Suite:
    """One suite."""
    return Suite(
        name=name,
        supergraph=_get(f"{url}/{name}/supergraph"),
        subgraphs=tuple(json.loads(_get(f"{url}/{name}/subgraphs"))),
        cases=tuple(_case(test) for test in json.loads(_get(f"{url}/{name}/tests"))),
    )


def _case(test: Json) -> Case:
    """As the audit's own runner reads it: errors count only where the expectation speaks of them."""
    expected = test["expected"]
    errors = expected["errors"] if isinstance(expected.get("errors"), bool) else None
    return Case(test["query"], expected.get("data"), errors)


def _get(url: str) -> str:
    with urlopen(url, timeout=30) as response:
        text: str = response.read().decode()
        return text
