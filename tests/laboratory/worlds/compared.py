"""What the gateway answers to an operation on a world, and what it should answer, as far as that is clear."""

from typing import Any

from graphql import FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from tests.laboratory.worlds.comparing import comparable, lost, unexplained
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import DrawnOperation
from tests.laboratory.worlds.world import World


async def compared(world: World, gateway: WorldGateway, operation: DrawnOperation) -> tuple[Any, Any]:
    """Return what of the gateway's answer must be alike, and what it must be like.

    Where a subgraph is away, or a field fails that others need, the gateway may have more nulls, each explained by an error; but all that
    is fetched without the subgraph must be there. The mutations that ran must be the same: in order at the root, each as often as one
    server runs it below.
    """
    outage = world.outage
    mutations = _mutations(operation.text, gateway.schema)
    world.history_is_told = not mutations.below
    expected = gateway.expected(operation.text, operation.variables)
    expected_ran, world.history = world.history, []
    world.complaints.clear()
    try:
        answered = (await gateway.answer(operation.text, operation.variables)).response
        ran, world.history = world.history, []
        if outage is None and world.blueprint.are_faults_clear:
            told: list[Any] = [comparable(answered), comparable(expected)]
        else:
            told = [unexplained(answered, expected), []]
        if outage is not None and outage.every == 1:
            world.outage = None
            least = await gateway.answer_without(operation.text, operation.variables, outage.service)
            told[0] += lost(answered, least)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong in a random world is what is looked for
        return f"{type(error).__name__}: {error}", comparable(expected)
    finally:
        world.outage = outage
        world.history = []
    if told[0] == told[1] and not _has_errors(answered) and not _has_errors(expected):
        return mutations.comparable(ran), mutations.comparable(expected_ran)
    return told[0], told[1]


def _has_errors(response: Any) -> bool:
    return any(map(_has_errors, response)) if isinstance(response, list) else bool(response.get("errors"))


class _Mutations(Visitor):
    """The fields of the mutation type in a document.

    Attributes:
        below: The names of those that are asked below the root.
    """

    def __init__(self, types: TypeInfo, mutation: str | None) -> None:
        super().__init__()
        self.below: set[str] = set()
        self._types = types
        self._mutation = mutation
        self._depth = 0

    def enter_fragment_definition(self, *_: object) -> None:
        # Wherever it is spread: below the root it may be, too.
        self._depth += 1

    def leave_fragment_definition(self, *_: object) -> None:
        self._depth -= 1

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self._depth += 1
        parent = self._types.get_parent_type()
        if parent is not None and parent.name == self._mutation and self._depth > 1:
            self.below.add(node.name.value)

    def leave_field(self, *_: object) -> None:
        self._depth -= 1

    def comparable(self, ran: list[str]) -> tuple[list[str], list[str]]:
        """Return the mutations of the root in order, and all in any order."""
        return [each for each in ran if each.partition("(")[0] not in self.below], sorted(ran)


def _mutations(text: str, schema: GraphQLSchema) -> _Mutations:
    types = TypeInfo(schema)
    found = _Mutations(types, schema.mutation_type.name if schema.mutation_type else None)
    visit(parse(text), TypeInfoVisitor(types, found))
    return found
