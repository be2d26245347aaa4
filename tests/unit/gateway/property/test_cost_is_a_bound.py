"""Random schemas and operations: no answer costs more than the estimate, by an executor that counts what it does."""

import asyncio
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.operation.cost.actual import actual_cost
from gateway.operation.limits import Limits
from gateway.operation.normalize import condition_variables
from gateway.operation.parse import parse_document, select_operation
from gateway.operation.variables import VariableCoercer
from tests.laboratory.cost_worlds import draw_cost_world, draw_costed_operation
from tests.laboratory.costs import CostedSchema
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import draw_operation
from tests.support.examples import examples

AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a smaller seed is no smaller world."""


@settings(examples(60), phases=AS_DRAWN)
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


LONGEST_LIST = 3
"""Of the objects of random worlds."""


@settings(examples(25), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_no_answer_of_the_gateway_costs_more_than_the_estimate(seed: int) -> None:
    """Worlds of several subgraphs, with requirements, contexts, interface objects and lists that nothing is said of."""
    asyncio.run(_weigh_answers(seed))


async def _weigh_answers(seed: int) -> None:
    random = Random(seed)
    size = random.randint(2, 5)
    world = draw_world(random, size)
    gateway = WorldGateway(world)
    costed = CostedSchema(world.supergraph, assumed_list_size=LONGEST_LIST)
    for _ in range(6):
        drawn = draw_operation(random, gateway.schema, size, "query")
        document = parse_document(drawn.text, max_tokens=10_000)
        definition = select_operation(document, None)
        variables = VariableCoercer(gateway.schema, definition, Limits()).coerce(drawn.variables)
        conditions = {name: variables[name] for name in condition_variables(document, definition)}
        cost = costed.cost(drawn.text, conditions)
        answered = await gateway.answer(drawn.text, drawn.variables)
        actual = actual_cost(cost, variables, answered.response.get("data"))
        assert actual <= cost.check(variables), f"seed {seed}\n{drawn.text}\n{drawn.variables}"
