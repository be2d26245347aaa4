"""The tree that is validated says what the printed API schema says."""

from pathlib import Path
from random import Random
from typing import Any

from graphql import REMOVE, DocumentNode, Node, parse, visit
from graphql.language import Visitor, print_ast
from hypothesis import given
from hypothesis import strategies as st

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from gateway.composition.print.api_document import api_document
from tests.laboratory.composition import document
from tests.laboratory.composition_cases import CASES
from tests.laboratory.random_features import wide_subgraphs
from tests.support.examples import examples

SCHEMAS = Path(__file__).parents[4] / "schema" / "subgraphs"


class _WithoutDescriptions(Visitor):
    def enter_schema_definition(self, *_: Any) -> Any:
        return REMOVE  # printed for its description alone: the root types have their own names

    def enter(self, node: Node, *_: Any) -> Any:
        if getattr(node, "description", None) is None:
            return None
        return type(node)(**{key: getattr(node, key) for key in node.keys if key != "description"})


def assert_same(sdls: dict[str, str]) -> None:
    """Hold the tree against the text, if the subgraphs compose."""
    try:
        composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    except CompositionFailed:
        return
    printed: DocumentNode = visit(parse(composed.api_sdl, no_location=True), _WithoutDescriptions())
    assert print_ast(api_document(composed.supergraph)) == print_ast(printed)


def test_the_tree_of_the_market_is_its_text() -> None:
    assert_same({path.stem: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.graphql")})


def test_the_tree_of_every_accepted_case_is_its_text() -> None:
    for case in CASES:
        assert_same({name: document(sdl) for name, sdl in case.accepted.items()})


@examples(50)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_the_tree_of_any_subgraphs_is_their_text(seed: int) -> None:
    assert_same(wide_subgraphs(Random(seed), breakage=0))
