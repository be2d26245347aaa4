"""From batches of drafts to the plan: groups, aliases, documents, numbers."""

from collections.abc import Iterable

from graphql import print_ast

from gateway.operation.model import Operation, OperationKind, VariableDefinition
from gateway.planning.drafts import Draft
from gateway.planning.fuel import Fuel
from gateway.planning.lookups import Lookups
from gateway.planning.passes.batching import Batch
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedField,
    FetchedFragment,
    FetchedSelection,
    Path,
    Plan,
    Representation,
)
from gateway.planning.representing import represent
from gateway.planning.writing import write_draft


def assemble(batches: list[Batch], operation: Operation, lookups: Lookups, fuel: Fuel) -> Plan:
    """The plan of batches that are in order."""
    assembler = _Assembler(operation, lookups, fuel)
    numbers = {batch: number for number, batch in enumerate(batches)}
    fetches = [
        assembler.fetch(batch, number, tuple(sorted(numbers[before] for before in batch.depends_on)))
        for batch, number in numbers.items()
    ]
    return Plan(operation.kind, tuple(fetches))


class _Assembler:
    def __init__(self, operation: Operation, lookups: Lookups, fuel: Fuel) -> None:
        self._kind = operation.kind
        self._declared = {variable.name: _declaration(variable) for variable in operation.variables}
        self._lookups = lookups
        self._fuel = fuel
        self._representations = "representations"
        while any(name.startswith(self._representations) for name in self._declared):
            self._representations = f"_{self._representations}"

    def fetch(self, batch: Batch, number: int, depends_on: tuple[int, ...]) -> Fetch:
        """The fetch of one batch."""
        draft = batch.drafts[0]
        if draft.is_root:
            return self._root_fetch(draft, number, depends_on)
        return self._entity_fetch(batch.drafts, number, depends_on)

    def _root_fetch(self, draft: Draft, number: int, depends_on: tuple[int, ...]) -> Fetch:
        assert draft.root is not None
        written = write_draft(draft, self._lookups, self._fuel)
        is_client_root = not draft.position.path
        kind = self._kind if is_client_root else OperationKind.QUERY
        document = self._document(kind, written.variables, (), print_selections(written.root))
        return Fetch(
            id=number,
            service=draft.service,
            kind=kind,
            depends_on=depends_on,
            document=document,
            variables=written.variables,
            selections=written.root,
            root_path=draft.position.path,
        )

    def _entity_fetch(self, drafts: list[Draft], number: int, depends_on: tuple[int, ...]) -> Fetch:
        alike: dict[tuple[tuple[Representation, ...], tuple[FetchedSelection, ...]], list[Path]] = {}
        variables: dict[str, None] = {}
        for draft in drafts:
            written = write_draft(draft, self._lookups, self._fuel)
            selections = tuple(
                FetchedFragment(name, draft.entities[name].types, below) for name, below in written.entities.items()
            )
            variables.update(dict.fromkeys(written.variables))
            targets = alike.setdefault((represent(draft, self._lookups), selections), [])
            if draft.position.path not in targets:
                targets.append(draft.position.path)
        groups = tuple(
            EntityGroup(
                alias="_entities" if len(alike) == 1 else f"_e{index}",
                variable=self._representations if len(alike) == 1 else f"{self._representations}_{index}",
                targets=tuple(targets),
                representations=representations,
                selections=selections,
            )
            for index, ((representations, selections), targets) in enumerate(alike.items())
        )
        body = " ".join(_print_group(group) for group in groups)
        document = self._document(OperationKind.QUERY, tuple(variables), groups, f"{{ {body} }}")
        return Fetch(
            id=number,
            service=drafts[0].service,
            kind=OperationKind.QUERY,
            depends_on=depends_on,
            document=document,
            variables=tuple(variables),
            groups=groups,
        )

    def _document(
        self, kind: OperationKind, variables: Iterable[str], groups: tuple[EntityGroup, ...], body: str
    ) -> str:
        declared = [f"${group.variable}: [_Any!]!" for group in groups]
        declared += [self._declared[name] for name in variables]
        head = f"({', '.join(declared)})" if declared else ""
        if kind is OperationKind.QUERY and not head:
            return body
        return f"{kind.value}{head} {body}"


def _declaration(variable: VariableDefinition) -> str:
    """As the client declared it, default included: a nullable variable with a default may stand for a non-null argument."""
    default = f" = {print_ast(variable.default)}" if variable.default is not None else ""
    return f"${variable.name}: {variable.type}{default}"


def _print_group(group: EntityGroup) -> str:
    alias = "" if group.alias == "_entities" else f"{group.alias}: "
    return f"{alias}_entities(representations: ${group.variable}) {print_selections(group.selections)}"


def print_selections(selections: tuple[FetchedSelection, ...]) -> str:
    """A selection set as GraphQL text on one line."""
    return f"{{ {' '.join(_print_selection(selection) for selection in selections)} }}"


def _print_selection(selection: FetchedSelection) -> str:
    match selection:
        case FetchedFragment():
            return f"... on {selection.type_condition} {print_selections(selection.selections)}"
        case FetchedField():
            alias = "" if selection.response_name == selection.name else f"{selection.response_name}: "
            given = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
            arguments = f"({given})" if given else ""
            below = f" {print_selections(selection.selections)}" if selection.selections else ""
            return f"{alias}{selection.name}{arguments}{below}"
