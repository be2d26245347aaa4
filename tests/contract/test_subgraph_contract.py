"""Each subgraph serves its contract, and the committed SDL is what its code says.

`tests/contract/sdl` is the contract that was agreed on before the code was written. It changes by hand, when a decision changes it.
`schema/subgraphs` is generated from the code, so it cannot show that the code left the contract.
"""

from pathlib import Path

import pytest

from subgraphs import SERVICES
from subgraphs.kit.graph.export import sdl
from tests.support.contracts import beyond, missing_from
from tests.support.subgraph_schemas import BEYOND_CONTRACT, schema_of

CONTRACTS = Path(__file__).parent / "sdl"
EXPORTED = Path(__file__).parents[2] / "schema" / "subgraphs"


@pytest.mark.parametrize("name", SERVICES)
def test_schema_has_all_that_its_contract_says(name: str) -> None:
    assert missing_from(sdl(schema_of(name)), (CONTRACTS / f"{name}.graphql").read_text()) == []


@pytest.mark.parametrize("name", SERVICES)
def test_schema_says_no_more_than_its_contract_and_what_is_listed(name: str) -> None:
    extra = beyond(sdl(schema_of(name)), (CONTRACTS / f"{name}.graphql").read_text())
    allowed = BEYOND_CONTRACT.get(name, ())
    assert [fact for fact in extra if not fact.startswith(allowed)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_the_committed_sdl_is_what_the_code_says(name: str) -> None:
    assert (EXPORTED / f"{name}.graphql").read_text() == sdl(schema_of(name))
