"""A plan made ready to be executed: what each fetch sends, takes, and serves, worked out once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.errors import InternalError
from gateway.execution.encoding import encode_json
from gateway.execution.interpreter.error_scope import is_asked_for
from gateway.execution.interpreter.introspection import Introspection, Introspector, compile_introspection
from gateway.execution.interpreter.projection import Projection, compile_projection
from gateway.execution.interpreter.tree import Shape, Tree, shape_of
from gateway.execution.request import SubgraphEndpoint
from gateway.operation.model import Operation, OperationKind
from gateway.planning.emit.documents import declaration
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedField,
    FetchedFragment,
    FetchedSelection,
    Plan,
    Representation,
)


@dataclass(frozen=True, slots=True)
class GroupProgram:
    """One ``_entities`` field of a fetch.

    Attributes:
        variable_prefix: ``"name":``, what stands before its representations in the request's variables.
    """

    group: EntityGroup
    variable_prefix: bytes
    shape: Shape


@dataclass(frozen=True, slots=True)
class FetchProgram:
    """One fetch.

    Attributes:
        document_prefix: the request's JSON up to where its variables begin, without a closing brace.
        variable_prefixes: for each client variable: its name, and ``"name":``.
        shape: of a root fetch's answer.
        dependents: ids of the fetches that wait for this one.
        ancestors: ids of the fetches that it waits for, directly or not, in order.
        is_safe: a query, which may be sent twice or shared.
        declarations: of the client's variables, as documents declare them.
    """

    fetch: Fetch
    service: SubgraphEndpoint
    document_prefix: bytes
    variable_prefixes: tuple[tuple[str, bytes], ...]
    shape: Shape
    groups: tuple[GroupProgram, ...]
    dependents: tuple[int, ...]
    ancestors: tuple[int, ...]
    is_safe: bool
    declarations: Mapping[str, str]

    def body(self, variables: Mapping[str, Any], lists: Sequence[bytes] = ()) -> bytes:
        """The request's JSON, with those of the client's variables that it names.

        Args:
            lists: members of its variables that are encoded already: ``"name":[...]`` for each group's representations.
        """
        given = [prefix + encode_json(variables[name]) for name, prefix in self.variable_prefixes if name in variables]
        given.extend(lists)
        if not given:
            return self.document_prefix + b"}"
        return self.document_prefix + b',"variables":{' + b",".join(given) + b"}}"


@dataclass(frozen=True, slots=True)
class Program:
    """All that the general path needs of a plan and its operation.

    Attributes:
        asks: whether the client asked for what is at a path of the tree.
        hidden_prefix: of the plan.
        answer_path: gives the client's path of one in the tree that is not hidden.
    """

    fetches: tuple[FetchProgram, ...]
    projection: Projection
    introspection: Introspection | None
    asks: Callable[[Sequence[str | int], Tree], bool]
    hidden_prefix: str
    answer_path: Callable[[Sequence[str | int]], list[str | int]]


def compile_program(
    plan: Plan, operation: Operation, services: dict[str, SubgraphEndpoint], introspector: Introspector
) -> Program:
    """The program of a plan for an operation.

    Raises:
        InternalError: the plan names a subgraph that the executor was not given.
    """
    api_schema = introspector.schema
    declarations = {variable.name: declaration(variable) for variable in operation.variables}
    dependents: list[list[int]] = [[] for _ in plan.fetches]
    ancestors: list[set[int]] = []
    for fetch in plan.fetches:
        for id_ in fetch.depends_on:
            dependents[id_].append(fetch.id)
        ancestors.append(set(fetch.depends_on).union(*(ancestors[id_] for id_ in fetch.depends_on)))
    return Program(
        fetches=tuple(
            _compile_fetch(
                fetch, services, declarations, tuple(dependents[fetch.id]), tuple(sorted(ancestors[fetch.id]))
            )
            for fetch in plan.fetches
        ),
        projection=compile_projection(operation, api_schema),
        introspection=compile_introspection(operation, introspector),
        asks=partial(is_asked_for, operation=operation, schema=api_schema),
        hidden_prefix=plan.hidden_prefix,
        answer_path=operation.answer_path,
    )


def _compile_fetch(
    fetch: Fetch,
    services: dict[str, SubgraphEndpoint],
    declarations: Mapping[str, str],
    dependents: tuple[int, ...],
    ancestors: tuple[int, ...],
) -> FetchProgram:
    service = services.get(fetch.service)
    if service is None:
        raise InternalError(f"the plan asks {fetch.service!r}, which is no subgraph of this executor")
    return FetchProgram(
        fetch=fetch,
        service=service,
        document_prefix=b'{"query":' + encode_json(fetch.document),
        variable_prefixes=tuple((name, encode_json(name) + b":") for name in fetch.variables),
        shape=shape_of(fetch.selections),
        groups=tuple(
            GroupProgram(
                group, encode_json(group.variable) + b":", shape_of(group.selections, _certain_selections(group))
            )
            for group in fetch.groups
        ),
        dependents=dependents,
        ancestors=ancestors,
        is_safe=fetch.kind is OperationKind.QUERY,
        declarations=declarations,
    )


def _certain_selections(group: EntityGroup) -> tuple[FetchedSelection, ...]:
    """What a group asks of every entity: fields, and those in fragments that fit the types of all its representations."""
    certain: list[FetchedSelection] = []
    for selection in group.selections:
        if isinstance(selection, FetchedField):
            certain.append(selection)
        elif all(_is_of(kind, selection) for kind in group.representations):
            certain.extend(selection.selections)
    return tuple(certain)


def _is_of(kind: Representation, fragment: FetchedFragment) -> bool:
    """Whether a fragment fits every entity that a representation stands for."""
    return kind.typename == fragment.type_condition if kind.types is None else kind.types <= fragment.types
