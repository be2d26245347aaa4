"""Small subgraphs that answer from dicts, and plans written by hand over them: execution is tested without the planner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
    print_ast,
)

from gateway.operation.model import Operation, OperationKind
from gateway.operation.normalize import normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedField,
    FetchedFragment,
    FetchedSelection,
    Path,
    PathStep,
    Representation,
    RepresentationField,
)


def normalized(schema: GraphQLSchema, text: str, conditions: Mapping[str, bool] | None = None) -> Operation:
    """The normalised operation of a document with one operation."""
    document = parse_document(text, max_tokens=10_000)
    return normalize(
        document,
        select_operation(document, None),
        schema,
        conditions=conditions or {},
        refuse=lambda _type, _field: None,
    )


class DictSubgraph:
    """A subgraph over dicts, as a `fake.Subgraph`.

    Args:
        sdl: its schema, without the federation machinery.
        roots: values of the root fields, by name; a callable is given the arguments; an exception is raised.
        entities: by type name, the objects by the value of their key field.
        key: the field that all its entities have as their key.
    """

    def __init__(
        self,
        sdl: str,
        roots: Mapping[str, Any] | None = None,
        entities: Mapping[str, Mapping[Any, Any]] | None = None,
        key: str = "id",
    ) -> None:
        entities = entities or {}
        machinery = ""
        if entities:
            query = "extend type Query" if "type Query" in sdl else "type Query"
            machinery = f"scalar _Any union _Entity = {' | '.join(entities)} {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
        self.schema = build_schema(sdl + "\n" + machinery)
        self._roots = dict(roots or {})
        self._entities = entities
        self._key = key

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """The response to a GraphQL request."""
        result = execute_sync(
            self.schema,
            parse(request["query"]),
            root_value={**self._roots, "_entities": self._resolve_entities},
            variable_values=request.get("variables"),
            field_resolver=_resolve,
            type_resolver=lambda value, _info, _type: value["__typename"],
        )
        response: dict[str, Any] = {"data": result.data}
        if result.errors:
            response["errors"] = [error.formatted for error in result.errors]
        return response

    def _resolve_entities(self, _info: Any, *, representations: list[dict[str, Any]]) -> list[Any]:
        found = []
        for representation in representations:
            typename = representation["__typename"]
            value = self._entities[typename].get(representation[self._key])
            found.append({"__typename": typename, **representation, **value} if isinstance(value, dict) else value)
        return found


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:
    value = source.get(info.field_name)
    if isinstance(value, Exception):
        raise value
    return value(info, **arguments) if callable(value) else value


@dataclass(frozen=True)
class PlanWriter:
    """Writes fetches as plans have them, from GraphQL text.

    In the text, an alias that begins with two underscores names what only the gateway needs.
    """

    schemas: Mapping[str, GraphQLSchema]

    def root(self, id_: int, service: str, document: str, *, depends_on: tuple[int, ...] = ()) -> Fetch:
        """A fetch of root fields: `document` is what is sent."""
        schema = self.schemas[service]
        definition = parse(document).definitions[0]
        assert isinstance(definition, OperationDefinitionNode)
        root = schema.get_root_type(definition.operation)
        assert root is not None
        return Fetch(
            id=id_,
            service=service,
            kind=OperationKind(definition.operation.value),
            depends_on=depends_on,
            document=print_ast(definition),
            variables=tuple(v.variable.name.value for v in definition.variable_definitions or ()),
            selections=self._selections(schema, root.name, definition.selection_set),
        )

    def entities(self, id_: int, service: str, groups: list[EntityGroup], *, depends_on: tuple[int, ...]) -> Fetch:
        """A fetch of entities."""
        declared = ", ".join(f"${group.variable}: [_Any!]!" for group in groups)
        fields = " ".join(
            f"{'' if group.alias == '_entities' else group.alias + ': '}_entities(representations: ${group.variable}) {_text(group.selections)}"
            for group in groups
        )
        return Fetch(
            id=id_,
            service=service,
            kind=OperationKind.QUERY,
            depends_on=depends_on,
            document=f"query({declared}) {{ {fields} }}",
            groups=tuple(groups),
        )

    def group(
        self,
        service: str,
        type_name: str,
        selection: str,
        *targets: str,
        alias: str = "_entities",
        variable: str = "representations",
        keys: tuple[str, ...] = ("id",),
        requires: tuple[str, ...] = (),
    ) -> EntityGroup:
        """Entities of one type at `targets` (``users[].product``), keyed by fields of the same name in the tree.

        Args:
            keys: names of the key's fields; ``id=__id`` reads it from the tree's ``__id``.
        """
        schema = self.schemas[service]
        definition = parse(selection).definitions[0]
        assert isinstance(definition, OperationDefinitionNode)
        fragment = FetchedFragment(
            type_name, frozenset({type_name}), self._selections(schema, type_name, definition.selection_set)
        )
        names = [part.partition("=") for part in (*keys, *requires)]
        return EntityGroup(
            alias=alias,
            variable=variable,
            targets=tuple(path(target) for target in targets),
            representations=(
                Representation(
                    None,
                    type_name,
                    tuple(RepresentationField(name, source or name) for name, _, source in names),
                    key_count=len(keys),
                ),
            ),
            selections=(fragment,),
        )

    def _selections(
        self, schema: GraphQLSchema, type_name: str, selection_set: SelectionSetNode
    ) -> tuple[FetchedSelection, ...]:
        selections: list[FetchedSelection] = []
        for node in selection_set.selections:
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition is not None
                condition = node.type_condition.name.value
                selections.append(
                    FetchedFragment(
                        condition,
                        frozenset({condition}),
                        self._selections(schema, condition, node.selection_set),
                    )
                )
                continue
            assert isinstance(node, FieldNode)
            response_name = node.alias.value if node.alias else node.name.value
            if node.name.value == "__typename":
                selections.append(FetchedField(response_name, response_name, "__typename", "String", "!"))
                continue
            declared = schema.get_type(type_name).fields[node.name.value].type  # type: ignore[union-attr]
            named, wrappers = get_named_type(declared), _wrappers(declared)
            below = self._selections(schema, named.name, node.selection_set) if node.selection_set else ()
            arguments = tuple((a.name.value, print_ast(a.value)) for a in node.arguments or ())
            selections.append(
                FetchedField(response_name, response_name, node.name.value, named.name, wrappers, arguments, below)
            )
        return tuple(selections)


def path(text: str) -> Path:
    """``users[].product`` as a path of a plan; ``[]`` after a step for each list, ``<A|B>`` after it for types."""
    steps = []
    for part in text.split("."):
        name, _, types = part.rstrip(">").partition("<")
        depth = name.count("[]")
        steps.append(PathStep(name.replace("[]", ""), depth, frozenset(types.split("|")) if types else None))
    return tuple(steps)


def _wrappers(declared: Any) -> str:
    wrappers = ""
    while True:
        if is_non_null_type(declared):
            wrappers += "!"
        elif is_list_type(declared):
            wrappers += "["
        else:
            return wrappers
        declared = declared.of_type


def _text(selections: tuple[FetchedSelection, ...]) -> str:
    parts = []
    for selection in selections:
        if isinstance(selection, FetchedFragment):
            parts.append(f"... on {selection.type_condition} {_text(selection.selections)}")
            continue
        alias = "" if selection.response_name == selection.name else f"{selection.response_name}: "
        arguments = ", ".join(f"{name}: {value}" for name, value in selection.arguments)
        below = f" {_text(selection.selections)}" if selection.selections else ""
        parts.append(f"{alias}{selection.name}{f'({arguments})' if arguments else ''}{below}")
    return "{ " + " ".join(parts) + " }"


Respond = Callable[[dict[str, Any]], Any]
