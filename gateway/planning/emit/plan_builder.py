"""From batches of fetch nodes to the plan: groups, aliases, documents, numbers."""

from dataclasses import replace

from gateway.operation.model import Operation, OperationKind
from gateway.planning.budget import StepBudget
from gateway.planning.emit.documents import declaration, numbered, print_document, print_entities, print_selections
from gateway.planning.emit.representations import represent, represent_contexts
from gateway.planning.emit.selections import write_node
from gateway.planning.fetch_graph.batch import Batch
from gateway.planning.fetch_graph.fetch_node import FetchNode
from gateway.planning.fetch_graph.response_position import Position
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedFragment,
    Path,
    Plan,
)
from gateway.planning.search.federated_schema import FederatedSchema


def assemble(
    batches: list[Batch], operation: Operation, schema: FederatedSchema, budget: StepBudget, *, hidden_prefix: str
) -> Plan:
    """The plan of batches that are in order."""
    assembler = _Assembler(operation, schema, budget)
    numbers = {batch: number for number, batch in enumerate(batches)}
    fetches = [
        assembler.fetch(batch, number, tuple(sorted(numbers[before] for before in batch.depends_on)))
        for batch, number in numbers.items()
    ]
    return Plan(operation.kind, tuple(fetches), hidden_prefix)


def _root_path(position: Position, types: frozenset[str]) -> Path:
    """The path to the objects of a root type: a union may have others beside them."""
    path = position.path
    return (*path[:-1], replace(path[-1], types=types)) if path and position.types - types else path


class _Assembler:
    def __init__(self, operation: Operation, schema: FederatedSchema, budget: StepBudget) -> None:
        self._declared = {variable.name: declaration(variable) for variable in operation.variables}
        self._schema = schema
        self._budget = budget
        self._representations = "representations"
        while any(name.startswith(self._representations) for name in self._declared):
            self._representations = f"_{self._representations}"
        self._context = "context"
        while any(name.startswith(self._context) for name in self._declared):
            self._context = f"_{self._context}"

    def fetch(self, batch: Batch, number: int, depends_on: tuple[int, ...]) -> Fetch:
        """The fetch of one batch."""
        node = batch.nodes[0]
        if node.is_root:
            return self._root_fetch(node, number, depends_on)
        return self._entity_fetch(batch.nodes, number, depends_on)

    def _root_fetch(self, node: FetchNode, number: int, depends_on: tuple[int, ...]) -> Fetch:
        assert node.root is not None
        written = write_node(node, self._schema, self._budget)
        kind = self._schema.kinds_of_roots[node.root.here.type_name]
        declared = [self._declared[name] for name in written.variables]
        document = print_document(kind, declared, print_selections(written.root))
        return Fetch(
            id=number,
            service=node.service,
            kind=kind,
            depends_on=depends_on,
            document=document,
            variables=written.variables,
            selections=written.root,
            root_path=_root_path(node.position, node.root.here.types),
        )

    def _entity_fetch(self, nodes: list[FetchNode], number: int, depends_on: tuple[int, ...]) -> Fetch:
        alike: dict[EntityGroup, list[Path]] = {}
        variables: dict[str, None] = {}
        for node in nodes:
            context_variables = tuple(f"{self._context}_{index}" for index in range(len(node.contexts)))
            written = write_node(node, self._schema, self._budget, context_variables)
            selections = tuple(
                FetchedFragment(name, node.entities[name].types, below) for name, below in written.entities.items()
            )
            variables.update(dict.fromkeys(written.variables))
            group = EntityGroup(
                alias="_entities",
                variable=self._representations,
                targets=(),
                representations=represent(node, self._schema),
                selections=selections,
                contexts=represent_contexts(node, context_variables),
            )
            targets = alike.setdefault(group, [])
            if node.position.path not in targets:
                targets.append(node.position.path)
        groups = tuple(replace(group, targets=tuple(targets)) for group, targets in alike.items())
        if len(groups) > 1:
            groups = tuple(numbered(group, str(index), alias="_e") for index, group in enumerate(groups))
        document = print_entities([self._declared[name] for name in variables], groups)
        return Fetch(
            id=number,
            service=nodes[0].service,
            kind=OperationKind.QUERY,
            depends_on=depends_on,
            document=document,
            variables=tuple(variables),
            groups=groups,
        )
