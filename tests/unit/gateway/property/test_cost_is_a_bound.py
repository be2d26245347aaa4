"""Random schemas and operations: no answer costs more than the estimate, by an executor that counts what it does."""

from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.operation.cost.actual import actual_cost
from gateway.operation.limits import Limits
from gateway.operation.parse import parse_document, select_operation
from gateway.operation.variables import VariableCoercer
from tests.support.cost_worlds import draw_cost_world, draw_costed_operation
from tests.support.examples import examples

AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a smaller seed is no smaller world."""


@settings(examples(150), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_no_answer_costs_more_than_the_estimate(seed: int) -> None:
    """An example is a schema with eight operations, each answered twice."""
    random = Random(seed)
    world = draw_cost_world(random)
    for _ in range(8):
        text, given_variables = draw_costed_operation(random)
        definition = select_operation(parse_document(text, max_tokens=10_000), None)
        variables = VariableCoercer(world.costed.supergraph.api, definition, Limits()).coerce(given_variables)
        cost = world.costed.cost(text)
        estimate = cost.check(variables)
        for _ in range(2):
            data = world.execute(text, given_variables)
            actual = actual_cost(cost, variables, data)
            shown = f"seed {seed}: {world.shown}\n{text}\n{given_variables}"
            assert world.spent <= actual <= estimate, f"{world.spent} <= {actual} <= {estimate}\n{shown}"
