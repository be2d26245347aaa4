"""A world: objects, the subgraphs that answer from them, each only what its SDL has, and one schema over all of them.

A subgraph is strict. It refuses a document that is not valid on its schema, a field that another resolves (external, overridden)
unless it was provided on the way or sent, and a representation without a key of its own; a field with a requirement is made of
what was sent, nothing else. So a plan that asks too much, too little or in the wrong place is found even where the data would do.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    parse,
    validate,
    value_from_ast_untyped,
)

from tests.laboratory.worlds.faults import FAULT, Fault
from tests.laboratory.worlds.field_sets import SetSelections, parsed, selected
from tests.laboratory.worlds.model import Blueprint, Field, Object
from tests.laboratory.worlds.outages import Outage
from tests.support.sdl import without_federation


@dataclass(slots=True)
class Seen:
    """An object as one execution holds it.

    Attributes:
        sent: the representation that it was named by; None if it was reached otherwise.
        provided: the field sets that are provided of it.
        entity: the type that it stands for in ``_entities``.
        above: the object whose field returned it.
    """

    object: Object
    sent: Object | None = None
    provided: tuple[SetSelections, ...] = ()
    entity: str | None = None
    above: "Seen | None" = None

    @property
    def typename(self) -> str:
        """The concrete type."""
        name: str = self.object["__typename"]
        return name


@dataclass(slots=True)
class World:
    """A blueprint with its data.

    Attributes:
        sdl: by subgraph.
        objects: by type, all entities.
        roots: the objects whose fields are the root fields, by type.
        labels: the override labels that are active.
        history: the mutations that ran for the operation at hand, each with its arguments.
        complaints: what subgraphs were sent that they should not have been.
        outage: The subgraph that is away, and how; None while all are there.
        members: The concrete types of each abstract type.
        history_is_told: Whether `history` fields tell it; not where mutations run below the root, in no order.
    """

    blueprint: Blueprint
    sdl: dict[str, str]
    supergraph: str
    objects: dict[str, list[Object]]
    roots: dict[str, Object]
    labels: frozenset[str] = frozenset()
    history: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    history_is_told: bool = True
    outage: Outage | None = None
    schemas: dict[str, GraphQLSchema] = field(default_factory=dict)
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    fields: dict[tuple[str, str], Field] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.blueprint.types.values():
            self.fields.update({(each.name, known.name): known for known in each.fields.values()})
            self.fields.update({(each.name, known.name): known for known in self.blueprint.fields_of(each)})
        places = self.blueprint.services
        for name in [*self.blueprint.types, *self.blueprint.unions]:
            self.members[name] = frozenset().union(*(self.blueprint.possible(name, place) for place in places))

    def answer_merged(self, schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> Any:
        """What one schema over all data answers; to a subscription a list, for each event what it answers."""

        def resolve(source: Seen, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            return seen(self.value(source, info.field_name, arguments), source)

        document = parse(text)
        self.history = []
        answers = [
            execute_sync(
                schema,
                document,
                root_value=root,
                field_resolver=resolve,
                type_resolver=lambda value, *_: value.typename,
                variable_values=dict(variables),
            ).formatted
            for root in self.root_values(document)
        ]
        return answers if _kind(document) is OperationType.SUBSCRIPTION else answers[0]

    def root_values(self, document: DocumentNode) -> list[Seen]:
        """The root object; for a subscription one for each of its events."""
        match _kind(document):
            case OperationType.QUERY:
                return [Seen(self.roots["Query"])]
            case OperationType.MUTATION:
                return [Seen(self.roots["Mutation"])]
            case _:
                streams = self.roots["Subscription"]
                events = zip(*(streams[name] for name in streams if name != "__typename"), strict=True)
                names = [name for name in streams if name != "__typename"]
                return [
                    Seen({"__typename": "Subscription", **dict(zip(names, event, strict=True))}) for event in events
                ]

    def value(self, source: Seen, name: str, arguments: Mapping[str, Any]) -> Any:
        """The whole truth about a field of an object."""
        known = self.fields[source.typename, name]
        if source.typename == "Mutation":
            self.history.append(f"{name}({made_of(arguments)})")
        if known.is_history:
            made: Any = " ".join(self.history) if self.history_is_told else ""
        elif known.requires and not self.blueprint.is_composite(known.named):
            made = made_of(selected(self.field_set(known.requires), source, self._required(source)))
        else:
            made = source.object[name]
        if made is FAULT:
            raise Fault(f"{source.typename}.{name} failed")
        if known.context:
            made = f"{made}@{arguments['from'] if 'from' in arguments else self._around(source)}"
            arguments = {given: value for given, value in arguments.items() if given != "from"}
        return with_arguments(made, arguments)

    def _around(self, source: Seen) -> Any:
        """What the nearest enclosing object that sets the context gives."""
        around, above = self.blueprint.types[source.typename].around, source.above
        while above is not None and above.typename not in around:
            above = above.above
        if above is None:
            raise AssertionError(f"{source.typename} was asked for a field that takes a context without one")
        return self.value(above, around[above.typename], {})

    def _required(self, source: Seen) -> Callable[[Seen, FieldNode], Any]:
        """Reads the fields of field sets."""

        def read(holder: Seen, node: FieldNode) -> Any:
            arguments = self._defaults(holder.typename, node.name.value)
            arguments.update({each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()})
            return seen(self.value(holder, node.name.value, arguments), holder)

        return read

    def _defaults(self, type_name: str, name: str) -> dict[str, Any]:
        """Only numbers are ever left out in field sets."""
        return {"number": 1} if self.fields[type_name, name].arguments.startswith("(number") else {}

    def field_set(self, text: str) -> SetSelections:
        """The selections of a field set of this world."""
        return SetSelections(parsed(text), self.members)

    def subgraph(self, name: str) -> Callable[[Object], Any]:
        """The subgraph as a function from a request to a response."""
        return _Subgraph(self, name, self._schema(name)).answer

    def _schema(self, name: str) -> GraphQLSchema:
        if name not in self.schemas:
            self.schemas[name] = build_schema(without_federation(self.sdl[name]), assume_valid=True)
        return self.schemas[name]


@dataclass(slots=True)
class _Subgraph:
    world: World
    name: str
    schema: GraphQLSchema

    def answer(self, request: Object) -> Any:
        document = parse(request["query"])
        errors = validate(self.schema, document)
        if errors:
            self.world.complaints.append(f"{self.name} was sent {request}: {[error.message for error in errors]}")
            return {"errors": [{"message": "not valid"}]}
        answers = [self._execute(request, document, root) for root in self.world.root_values(document)]
        if _kind(document) is OperationType.SUBSCRIPTION:
            return answers
        # What is away has done its work: a mutation ran, and its answer is lost.
        outage = self.world.outage
        return outage.answer(request, answers[0]) if outage is not None and outage.service == self.name else answers[0]

    def _execute(self, request: Object, document: DocumentNode, root: Seen) -> Any:
        result = execute_sync(
            self.schema,
            document,
            root_value=root,
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, abstract: value.entity if abstract.name == "_Entity" else value.typename,
            variable_values=request.get("variables"),
        )
        for error in result.errors or ():
            if isinstance(error.original_error, Fault):
                continue
            self.world.complaints.append(f"{self.name} was sent {request}: {error.message}")
        return result.formatted

    def _resolve(self, source: Seen, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(representation) for representation in arguments["representations"]]
        holder = info.parent_type.name
        known = self.world.fields[holder, info.field_name]
        provided = [below for is_it, below in _provided(source, known.name) if is_it]
        below = tuple(selection for selection in provided if selection is not None)
        if self.name not in known.resolvers(self.world.labels):
            if source.sent is not None and known.name in source.sent:
                return source.sent[known.name]
            if not provided:
                raise AssertionError(f"{self.name} was asked for {holder}.{known.name}, which it does not resolve")
        if known.requires and not provided:
            value = self._made(source, known, arguments)
        else:
            value = self.world.value(source, known.name, arguments)
        if self.name in known.provides:
            below = (*below, self.world.field_set(known.provides[self.name]))
        return seen(value, source, below)

    def _made(self, source: Seen, known: Field, arguments: Mapping[str, Any]) -> Any:
        """A field with a requirement is made of what was sent, nothing else."""
        field_set = self.world.field_set(known.requires)
        if source.sent is None:
            raise AssertionError(f"{self.name} was asked for {known.name} of what was not sent")
        sent = made_of(selected(field_set, source.sent, _read_sent))
        if not self.world.blueprint.is_composite(known.named):
            return with_arguments(sent, arguments)
        if sent != made_of(selected(field_set, source, self.world._required(source))):
            raise AssertionError(f"{known.name} of {source.object['id']} was asked with {source.sent}")
        return self.world.value(source, known.name, arguments)

    def _entity(self, representation: Object) -> Seen | None:
        """The entity that a representation names by one of the keys that the subgraph declares."""
        name = representation["__typename"]
        known = self.world.blueprint.types[name]
        for key in () if self.name in known.stubs else known.keys.get(self.name, ()):
            field_set = self.world.field_set(key)
            try:
                wanted = selected(field_set, representation, _read_sent)
            except AssertionError:
                continue
            for concrete in self.world.blueprint.possible(name, self.name):
                for entity in self.world.objects[concrete]:
                    if selected(field_set, Seen(entity), self.world._required(Seen(entity))) == wanted:
                        is_object = self.name in known.objects_in
                        return Seen(entity, sent=representation, entity=name if is_object else concrete)
            return None
        raise AssertionError(f"{self.name} was sent a representation without a key of its: {representation}")


def _kind(document: DocumentNode) -> OperationType:
    """Documents here have one operation."""
    return next(each.operation for each in document.definitions if isinstance(each, OperationDefinitionNode))


def _read_sent(holder: Object, node: FieldNode) -> Any:
    if node.name.value not in holder:
        raise AssertionError(f"{node.name.value} was not sent in {holder}")
    return holder[node.name.value]


def _provided(source: Seen, name: str) -> Iterator[tuple[bool, SetSelections | None]]:
    """For each field set that is provided of an object, whether it has the field, and what it has below it."""
    for field_set in source.provided:
        for node in field_set.fields(source.typename):
            if node.name.value == name:
                yield True, field_set.below(node)


def seen(value: Any, above: Seen, provided: tuple[SetSelections, ...] = ()) -> Any:
    """A value with its objects as `Seen`, however deep in lists."""
    if isinstance(value, list):
        return [seen(each, above, provided) for each in value]
    if isinstance(value, dict) and "__typename" in value:
        return Seen(value, provided=provided, above=above)
    return value


def with_arguments(value: Any, arguments: Mapping[str, Any]) -> Any:
    """A value that shows which arguments its field was given; a list is cut by ``first``."""
    if not arguments or value is None:
        return value
    if isinstance(value, list) and "first" in arguments:
        return value[: arguments["first"]]
    return f"{value}#{made_of(arguments)}"


def made_of(parts: Any) -> str:
    """A value as short text that differs for different values."""
    match parts:
        case Mapping():
            return ",".join(f"{name}={made_of(parts[name])}" for name in sorted(parts))
        case list():
            return f"[{' '.join(made_of(part) for part in parts)}]"
        case _:
            return f"({parts})" if isinstance(parts, str) and "," in parts else str(parts)
