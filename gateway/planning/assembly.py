"""From batches of drafts to the plan: groups, aliases, documents, numbers."""

from dataclasses import replace

from gateway.operation.model import Operation, OperationKind
from gateway.planning.documents import declaration, numbered, print_document, print_entities, print_selections
from gateway.planning.drafts import Draft
from gateway.planning.fuel import Fuel
from gateway.planning.lookups import Lookups
from gateway.planning.passes.batching import Batch
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedFragment,
    Path,
    Plan,
)
from gateway.planning.representing import represent, represent_contexts
from gateway.planning.tree import Position
from gateway.planning.writing import write_draft


def assemble(batches: list[Batch], operation: Operation, lookups: Lookups, fuel: Fuel, *, hidden_prefix: str) -> Plan:
    """The plan of batches that are in order."""
    assembler = _Assembler(operation, lookups, fuel)
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
    def __init__(self, operation: Operation, lookups: Lookups, fuel: Fuel) -> None:
        self._declared = {variable.name: declaration(variable) for variable in operation.variables}
        self._lookups = lookups
        self._fuel = fuel
        self._representations = "representations"
        while any(name.startswith(self._representations) for name in self._declared):
            self._representations = f"_{self._representations}"
        self._context = "context"
        while any(name.startswith(self._context) for name in self._declared):
            self._context = f"_{self._context}"

    def fetch(self, batch: Batch, number: int, depends_on: tuple[int, ...]) -> Fetch:
        """The fetch of one batch."""
        draft = batch.drafts[0]
        if draft.is_root:
            return self._root_fetch(draft, number, depends_on)
        return self._entity_fetch(batch.drafts, number, depends_on)

    def _root_fetch(self, draft: Draft, number: int, depends_on: tuple[int, ...]) -> Fetch:
        assert draft.root is not None
        written = write_draft(draft, self._lookups, self._fuel)
        kind = self._lookups.kinds_of_roots[draft.root.here.type_name]
        declared = [self._declared[name] for name in written.variables]
        document = print_document(kind, declared, print_selections(written.root))
        return Fetch(
            id=number,
            service=draft.service,
            kind=kind,
            depends_on=depends_on,
            document=document,
            variables=written.variables,
            selections=written.root,
            root_path=_root_path(draft.position, draft.root.here.types),
        )

    def _entity_fetch(self, drafts: list[Draft], number: int, depends_on: tuple[int, ...]) -> Fetch:
        alike: dict[EntityGroup, list[Path]] = {}
        variables: dict[str, None] = {}
        for draft in drafts:
            context_variables = tuple(f"{self._context}_{index}" for index in range(len(draft.contexts)))
            written = write_draft(draft, self._lookups, self._fuel, context_variables)
            selections = tuple(
                FetchedFragment(name, draft.entities[name].types, below) for name, below in written.entities.items()
            )
            variables.update(dict.fromkeys(written.variables))
            group = EntityGroup(
                alias="_entities",
                variable=self._representations,
                targets=(),
                representations=represent(draft, self._lookups),
                selections=selections,
                contexts=represent_contexts(draft, context_variables),
            )
            targets = alike.setdefault(group, [])
            if draft.position.path not in targets:
                targets.append(draft.position.path)
        groups = tuple(replace(group, targets=tuple(targets)) for group, targets in alike.items())
        if len(groups) > 1:
            groups = tuple(numbered(group, str(index), alias="_e") for index, group in enumerate(groups))
        document = print_entities([self._declared[name] for name in variables], groups)
        return Fetch(
            id=number,
            service=drafts[0].service,
            kind=OperationKind.QUERY,
            depends_on=depends_on,
            document=document,
            variables=tuple(variables),
            groups=groups,
        )
