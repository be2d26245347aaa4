"""Reads a supergraph: SDL with join directives in, the frozen model out.

The join specification writes on every type and field which subgraphs have it, and how. A type without `@join__type` and a field
without `@join__field` are in every subgraph that can have them; a field whose only `@join__field` names no graph is in none, and
comes from an interface object. In v0.1 (Federation 1) a type with an owner has its unmarked fields there, keys excepted.
Source: https://specs.apollo.dev/join/v0.3/
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    parse_type,
    value_from_ast_untyped,
)

from gateway.override_labels import is_label
from gateway.supergraph.access import AccessDirectives, field_access
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.features import Feature, read_features, refuse_unlinked_access
from gateway.supergraph.field_sets import FieldSet, SetField, SetSelection, parse_field_set
from gateway.supergraph.input_types import input_value, read_input_types, wrapped
from gateway.supergraph.joins import check_joins
from gateway.supergraph.model import ContextArgument, Key, SubgraphField, SubgraphType, Supergraph, TypeKind

_Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode


def read_supergraph(sdl: str, document: DocumentNode | None = None) -> Supergraph:
    """The model of the supergraph that `sdl` writes.

    Args:
        document: What `parse_supergraph` returned for `sdl`; None parses it.

    Raises:
        SupergraphError: the text is not GraphQL, not a supergraph, or needs what this gateway does not know.
    """
    if document is None:
        document = parse_supergraph(sdl)
    features = read_features(document)
    refuse_unlinked_access(document, features)
    return _Reader(document, features).read(hashlib.sha256(sdl.encode()).hexdigest())


def parse_supergraph(sdl: str) -> DocumentNode:
    """Return the document, for callers that read more of it than `read_supergraph` does.

    Raises:
        SupergraphError: the text is not GraphQL.
    """
    try:
        return parse(sdl)
    except GraphQLSyntaxError as error:
        location = error.locations[0] if error.locations else None
        line, column = (location.line, location.column) if location else (0, 0)
        raise SupergraphError(error.message, code="INVALID_GRAPHQL", line=line, column=column) from error
    except GraphQLError as error:
        raise SupergraphError(error.message, code="INVALID_GRAPHQL") from error


@dataclass(slots=True)
class _JoinedType:
    """What the `@join__type` directives say of a type in one subgraph."""

    keys: list[Key] = field(default_factory=list)
    is_interface_object: bool = False


class _Reader:
    """One reading of one document; the steps of `read`, in order."""

    def __init__(self, document: DocumentNode, features: Mapping[str, Feature]) -> None:
        self._document = document
        self._features = features
        self._join = features["join"]
        self._is_first_version = self._join.version == "v0.1"
        self._graphs = self._read_graphs()
        check_joins(document, self._join, frozenset(self._graphs))
        self._field_sets: dict[str, FieldSet] = {}
        self._provided: frozenset[tuple[str, str, str]] = frozenset()
        self._types: dict[str, _Composite] = {}
        self._kinds: dict[str, TypeKind] = {}
        for node in document.definitions:
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode):
                if not self._is_machinery(node.name.value):
                    self._types[node.name.value] = node
                    self._kinds[node.name.value] = _KINDS[type(node)]
            elif isinstance(node, ScalarTypeDefinitionNode | EnumTypeDefinitionNode | InputObjectTypeDefinitionNode):
                self._kinds[node.name.value] = _KINDS[type(node)]

    def read(self, digest: str) -> Supergraph:
        """The whole model."""
        api = build_api_schema(self._document, self._features)
        interfaces = self._all_interfaces()
        possible = self._possible_types(interfaces)
        joined = {name: self._joined_type(node) for name, node in self._types.items()}
        if self._is_first_version:
            self._provided = frozenset(self._provided_fields())
        subgraph_types = {
            name: {
                type_name: self._subgraph_type(node, graph, joined, possible, interfaces)
                for type_name, node in self._types.items()
                if graph in joined[type_name]
            }
            for graph, (name, _) in self._graphs.items()
        }
        labels = {
            known.override_label
            for types in subgraph_types.values()
            for known_type in types.values()
            for known in known_type.fields.values()
            if known.override_label is not None
        }
        return Supergraph(
            subgraphs=dict(self._graphs.values()),
            api=api,
            subgraph_types=subgraph_types,
            input_types=read_input_types(self._document, self._join, self._graphs),
            kinds=self._kinds,
            possible_types=possible,
            interfaces=interfaces,
            access=self._access(),
            override_labels=frozenset(labels),
            digest=digest,
        )

    def _field_set(self, text: str) -> FieldSet:
        """The field set of a text; the same object for the same text, so that what planning remembers of it is shared."""
        known = self._field_sets.get(text)
        if known is None:
            known = self._field_sets[text] = parse_field_set(text)
        return known

    def _is_machinery(self, name: str) -> bool:
        return any(feature.owns_type(name) for feature in self._features.values())

    def _read_graphs(self) -> dict[str, tuple[str, str]]:
        """(name, url) by the graph's name in the join enum."""
        enum_name = self._join.directive("Graph")
        marker = self._join.directive("graph")
        for node in self._document.definitions:
            if isinstance(node, EnumTypeDefinitionNode) and node.name.value == enum_name:
                graphs = {}
                for value in node.values or ():
                    arguments = next((_arguments(d) for d in value.directives or () if d.name.value == marker), None)
                    if arguments is None:
                        message = f"{enum_name}.{value.name.value} has no @{marker}"
                        raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH")
                    graphs[value.name.value] = (str(arguments.get("name", "")), str(arguments.get("url", "")))
                return graphs
        message = f"this is not a supergraph: it has no enum {enum_name}"
        raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH")

    def _all_interfaces(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(interface.name.value for interface in node.interfaces or ())
            for name, node in self._types.items()
            if not isinstance(node, UnionTypeDefinitionNode)
        }

    def _possible_types(self, interfaces: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
        possible: dict[str, set[str]] = {name: set() for name in self._types}
        for name, node in self._types.items():
            match node:
                case ObjectTypeDefinitionNode():
                    possible[name].add(name)
                    for interface in interfaces[name]:
                        possible.setdefault(interface, set()).add(name)
                case UnionTypeDefinitionNode():
                    possible[name].update(member.name.value for member in node.types or ())
                case InterfaceTypeDefinitionNode():
                    pass
        return {name: frozenset(types) for name, types in possible.items()}

    def _joined_type(self, node: _Composite) -> dict[str, _JoinedType]:
        """What each subgraph that has the type says of it, by graph."""
        marker = self._join.directive("type")
        joined: dict[str, _JoinedType] = {}
        for directive in node.directives or ():
            if directive.name.value != marker:
                continue
            arguments = _arguments(directive)
            entry = joined.setdefault(self._graph(arguments, directive), _JoinedType())
            if arguments.get("isInterfaceObject"):
                entry.is_interface_object = True
            if "key" in arguments:
                field_set = self._field_set(str(arguments["key"]))
                entry.keys.append(Key(field_set, bool(arguments.get("resolvable", True))))
        if not joined:
            return {graph: _JoinedType() for graph in self._graphs}
        return joined

    def _graph(self, arguments: Mapping[str, Any], directive: ConstDirectiveNode) -> str:
        graph = arguments.get("graph")
        if not isinstance(graph, str) or graph not in self._graphs:
            message = f"@{directive.name.value} names a graph that is not there: {graph}"
            raise SupergraphError.at(directive, message, code="INVALID_FEDERATION_SUPERGRAPH")
        return graph

    def _subgraph_type(
        self,
        node: _Composite,
        graph: str,
        joined: Mapping[str, Mapping[str, _JoinedType]],
        possible: Mapping[str, frozenset[str]],
        interfaces: Mapping[str, frozenset[str]],
    ) -> SubgraphType:
        name = node.name.value
        entry = joined[name][graph]
        kind = TypeKind.OBJECT if entry.is_interface_object else self._kinds[name]
        if kind is TypeKind.OBJECT and not entry.is_interface_object:
            known_types = frozenset({name})
        elif entry.is_interface_object:
            known_types = possible[name]
        elif isinstance(node, UnionTypeDefinitionNode):
            known_types = self._members(node, graph, joined)
        else:
            known_types = frozenset(
                other
                for other in possible[name]
                if graph in joined[other] and self._implements(self._types[other], name, graph)
            )
        hiding = frozenset({name}) if entry.is_interface_object else frozenset[str]()
        if kind is TypeKind.INTERFACE:
            hiding = self._interface_objects(name, graph, joined)
            known_types = known_types.union(*(possible[other] for other in hiding))
        fields = {} if isinstance(node, UnionTypeDefinitionNode) else self._fields(node, graph, joined[name])
        return SubgraphType(
            name=name,
            kind=kind,
            is_interface_object=entry.is_interface_object,
            fields=fields,
            keys=tuple(entry.keys),
            possible_types=known_types,
            interface_objects=hiding,
            contexts=self._contexts(node),
        )

    def _interface_objects(
        self, name: str, graph: str, joined: Mapping[str, Mapping[str, _JoinedType]]
    ) -> frozenset[str]:
        """The interface objects that implement an interface in a subgraph."""
        return frozenset(
            other
            for other, entries in joined.items()
            if graph in entries
            and entries[graph].is_interface_object
            and self._implements(self._types[other], name, graph)
        )

    def _members(
        self, node: UnionTypeDefinitionNode, graph: str, joined: Mapping[str, Mapping[str, _JoinedType]]
    ) -> frozenset[str]:
        marker = self._join.directive("unionMember")
        marked = [_arguments(directive) for directive in node.directives or () if directive.name.value == marker]
        if marked:
            return frozenset(str(m["member"]) for m in marked if m.get("graph") == graph)
        return frozenset(member.name.value for member in node.types or () if graph in joined[member.name.value])

    def _implements(self, node: _Composite, interface: str, graph: str) -> bool:
        marker = self._join.directive("implements")
        marked = [_arguments(directive) for directive in node.directives or () if directive.name.value == marker]
        if marked:
            return any(m.get("graph") == graph and m.get("interface") == interface for m in marked)
        return self._join.version in {"v0.1", "v0.2"}

    def _contexts(self, node: _Composite) -> tuple[str, ...]:
        if "context" not in self._features:
            return ()
        marker = self._features["context"].directive("context")
        return tuple(str(_arguments(d).get("name", "")) for d in node.directives or () if d.name.value == marker)

    def _fields(
        self,
        node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
        graph: str,
        joined: Mapping[str, _JoinedType],
    ) -> dict[str, SubgraphField]:
        key_names = set(_top_names(key.fields.selections for key in joined[graph].keys))
        fields: dict[str, SubgraphField] = {}
        for definition in node.fields or ():
            known = self._field(node, definition, graph, key_names)
            if known is not None:
                fields[known.name] = known
        return fields

    def _field(
        self,
        node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
        definition: FieldDefinitionNode,
        graph: str,
        key_names: set[str],
    ) -> SubgraphField | None:
        """The field as `graph` has it, or None if it has it not."""
        marker = self._join.directive("field")
        joins = [_arguments(directive) for directive in definition.directives or () if directive.name.value == marker]
        type_name, wrappers = wrapped(definition.type)
        name = definition.name.value
        here = next((join for join in joins if join.get("graph") == graph), None)
        if self._is_first_version:
            owner = self._owner(node)
            if here is None and owner is not None and name in key_names:
                here = {}
            elif here is None and (graph, node.name.value, name) in self._provided:
                here = {"external": True}
            elif here is None and (joins or owner not in {None, graph}):
                return None
        elif here is None and joins:
            return None
        arguments = {each.name.value: input_value(each) for each in definition.arguments or ()}
        if here is None:
            return SubgraphField(name, type_name, wrappers, arguments=arguments)
        if "type" in here:
            type_name, wrappers = wrapped(parse_type(str(here["type"])))
        label, is_target = self._label(joins, here, graph)
        is_used_overridden = bool(here.get("usedOverridden")) and label is None
        return SubgraphField(
            name=name,
            type_name=type_name,
            wrappers=wrappers,
            is_external=bool(here.get("external")) or is_used_overridden,
            is_used_overridden=is_used_overridden,
            requires=self._field_set(str(here["requires"])) if "requires" in here else None,
            provides=self._field_set(str(here["provides"])) if "provides" in here else None,
            override_label=label,
            is_override_target=is_target,
            hidden_arguments=self._context_arguments(here),
            arguments=arguments,
        )

    def _provided_fields(self) -> Iterator[tuple[str, str, str]]:
        """Yield (graph, type, field) of what graphs provide: join v0.1 does not say of the field itself that a graph has it."""
        marker = self._join.directive("field")
        for node in self._types.values():
            for definition in () if isinstance(node, UnionTypeDefinitionNode) else node.fields or ():
                for directive in definition.directives or ():
                    given = _arguments(directive) if directive.name.value == marker else {}
                    if "provides" in given:
                        provided = self._field_set(str(given["provides"])).selections
                        returned = wrapped(definition.type)[0]
                        yield from ((str(given["graph"]), *at) for at in self._selected(provided, returned))

    def _selected(self, selections: tuple[SetSelection, ...], type_name: str) -> Iterator[tuple[str, str]]:
        """Yield (type, field) of all fields of a field set."""
        node = self._types.get(type_name)
        fields = () if node is None or isinstance(node, UnionTypeDefinitionNode) else node.fields or ()
        returned = {field.name.value: wrapped(field.type)[0] for field in fields}
        for selection in selections:
            if isinstance(selection, SetField):
                yield type_name, selection.name
                yield from self._selected(selection.selections, returned.get(selection.name, ""))
            else:
                yield from self._selected(selection.selections, selection.type_condition)

    def _context_arguments(self, here: Mapping[str, Any]) -> tuple[ContextArgument, ...]:
        return tuple(
            ContextArgument(str(a["name"]), str(a["type"]), str(a["context"]), self._field_set(str(a["selection"])))
            for a in here.get("contextArguments") or ()
        )

    def _label(
        self, joins: Sequence[Mapping[str, Any]], here: Mapping[str, Any], graph: str
    ) -> tuple[str | None, bool]:
        """The override label that decides on the field in `graph`, and whether an active label means yes."""
        label = here.get("overrideLabel")
        if label and not is_label(label):
            message = f"the override label {label!r} is neither a name nor percent(n) with n from 0 to 100"
            raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH")
        if "override" in here:
            return label, True
        name = self._graphs[graph][0]
        for join in joins:
            if join.get("override") == name and join.get("overrideLabel") is not None:
                return join["overrideLabel"], False
        return label, False

    def _owner(self, node: _Composite) -> str | None:
        marker = self._join.directive("owner")
        return next((_arguments(d).get("graph") for d in node.directives or () if d.name.value == marker), None)

    def _access(self) -> dict[tuple[str, str], Any]:
        directives = AccessDirectives(
            *(
                self._features[name].directive(name) if name in self._features else None
                for name in ("authenticated", "requiresScopes", "policy")
            )
        )
        of_types, of_fields, field_types = {}, {}, {}
        for node in self._document.definitions:
            if not isinstance(node, _NAMED):
                continue
            of_types[node.name.value] = directives.read(node.directives or ())
            if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
                for definition in node.fields or ():
                    place = (node.name.value, definition.name.value)
                    of_fields[place] = directives.read(definition.directives or ())
                    field_types[place] = wrapped(definition.type)[0]
        return field_access(of_types, of_fields, field_types)


_NAMED = (
    ObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    UnionTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    EnumTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
)
_KINDS: dict[type, TypeKind] = {
    ObjectTypeDefinitionNode: TypeKind.OBJECT,
    InterfaceTypeDefinitionNode: TypeKind.INTERFACE,
    UnionTypeDefinitionNode: TypeKind.UNION,
    ScalarTypeDefinitionNode: TypeKind.LEAF,
    EnumTypeDefinitionNode: TypeKind.LEAF,
    InputObjectTypeDefinitionNode: TypeKind.INPUT,
}


def _top_names(selections: Iterable[tuple[SetSelection, ...]]) -> Iterable[str]:
    return (chosen.name for chosen_set in selections for chosen in chosen_set if isinstance(chosen, SetField))


def _arguments(directive: ConstDirectiveNode) -> dict[str, Any]:
    """The directive's arguments as Python values; enum values as their names, nulls left out."""
    values = {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
    return {name: value for name, value in values.items() if value is not None}
