"""The text of a subgraph's SDL becomes a `SubgraphSchema`, or everything that is wrong with it as plain GraphQL.

Extensions are folded into what they extend; a type that is only extended becomes a definition that says so. What federation adds
for the gateway's use (`_entities`, `_service`, `_Any`, ...) and the definitions of its directives are dropped, since every
framework prints them differently and they mean the same.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    ExecutableDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationType,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    Source,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    parse,
)

from gateway.composition import specs
from gateway.composition.errors import CompositionError, CompositionFailed, Place, error_at, place_of
from gateway.composition.links import FEDERATION, LINK, Link, read_links
from gateway.composition.model import (
    ROOT_TYPES,
    DirectiveUse,
    EnumValue,
    FieldDefinition,
    InputValue,
    Kind,
    Subgraph,
    SubgraphSchema,
    TypeDefinition,
    has,
)
from gateway.composition.type_ref import TypeRef, from_node

MAX_SDL_CHARACTERS = 8 * 1024 * 1024  # five times the largest subgraphs known; it takes a minute and 1.5 GB to compose
SERVICE_TYPES = frozenset({"_Any", "_Entity", "_Service", "_FieldSet", "FieldSet"})
SERVICE_FIELDS = frozenset({"_entities", "_service"})
_KINDS: dict[type[DefinitionNode], Kind] = {
    ScalarTypeDefinitionNode: Kind.SCALAR,
    ScalarTypeExtensionNode: Kind.SCALAR,
    ObjectTypeDefinitionNode: Kind.OBJECT,
    ObjectTypeExtensionNode: Kind.OBJECT,
    InterfaceTypeDefinitionNode: Kind.INTERFACE,
    InterfaceTypeExtensionNode: Kind.INTERFACE,
    UnionTypeDefinitionNode: Kind.UNION,
    UnionTypeExtensionNode: Kind.UNION,
    EnumTypeDefinitionNode: Kind.ENUM,
    EnumTypeExtensionNode: Kind.ENUM,
    InputObjectTypeDefinitionNode: Kind.INPUT,
    InputObjectTypeExtensionNode: Kind.INPUT,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A subgraph's SDL as syntax, sorted.

    Attributes:
        types: name -> every definition and extension of it, in the order written.
        roots: name in the document -> its default name, e.g. ``RootQuery -> Query``.
        repeated: definitions of a directive, or of an element of federation, after the first of its name.
        default_roots_taken: default names of root types that belong to other types here.
    """

    subgraph: Subgraph
    file: str
    schema_nodes: tuple[SchemaDefinitionNode | SchemaExtensionNode, ...]
    types: Mapping[str, tuple[TypeDefinitionNode | TypeExtensionNode, ...]]
    directives: Mapping[str, DirectiveDefinitionNode]
    own_core_definitions: tuple[TypeDefinitionNode | DirectiveDefinitionNode, ...]
    repeated: tuple[TypeDefinitionNode | DirectiveDefinitionNode, ...]
    links: tuple[Link, ...]
    version: tuple[int, int]
    roots: Mapping[str, str]
    default_roots_taken: tuple[str, ...]

    @property
    def is_fed1(self) -> bool:
        """Whether it links no federation 2."""
        return self.version < (2, 0)


def read_document(subgraph: Subgraph) -> Document:
    """The document of a subgraph.

    Raises:
        CompositionFailed: if it is not GraphQL, or if what it links cannot be understood.
    """
    file = subgraph.file or f"{subgraph.name}.graphql"
    if len(subgraph.sdl) > MAX_SDL_CHARACTERS:
        message = f"The SDL has {len(subgraph.sdl)} characters; no more than {MAX_SDL_CHARACTERS} are read."
        place = Place(subgraph.name, file)
        raise CompositionFailed([CompositionError("INVALID_GRAPHQL", message, (place,), "Split the subgraph.")])
    try:
        document = parse(Source(subgraph.sdl, file))
    except GraphQLSyntaxError as error:
        raise CompositionFailed([_syntax_error(subgraph.name, file, error)]) from error
    schema_nodes = tuple(d for d in document.definitions if isinstance(d, SchemaDefinitionNode | SchemaExtensionNode))
    executable = [d for d in document.definitions if isinstance(d, ExecutableDefinitionNode)]
    if executable:
        raise CompositionFailed(
            error_at("INVALID_GRAPHQL", "An operation is no part of a schema.", subgraph.name, [node], "Remove it.")
            for node in executable
        )
    links, problems = read_links(schema_nodes)
    if problems:
        raise CompositionFailed(
            CompositionError(p.code, p.message, (place_of(subgraph.name, p.node),), p.advice) for p in problems
        )
    return _sorted_document(subgraph, document, schema_nodes, tuple(links))


def _sorted_document(
    subgraph: Subgraph,
    document: DocumentNode,
    schema_nodes: tuple[SchemaDefinitionNode | SchemaExtensionNode, ...],
    links: tuple[Link, ...],
) -> Document:
    version = next((link.version or (2, 0) for link in links if link.identity == FEDERATION), (1, 0))
    core = {name for name, _ in specs.definitions(links, is_fed1=version < (2, 0))}
    types: dict[str, list[TypeDefinitionNode | TypeExtensionNode]] = {}
    directives: dict[str, DirectiveDefinitionNode] = {}
    own_core: dict[str, TypeDefinitionNode | DirectiveDefinitionNode] = {}
    repeated: list[TypeDefinitionNode | DirectiveDefinitionNode] = []
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            name = f"@{definition.name.value}"
            known = (
                own_core.setdefault(name, definition) if name in core else directives.setdefault(name[1:], definition)
            )
            if known is not definition:
                repeated.append(definition)
        elif isinstance(definition, TypeDefinitionNode | TypeExtensionNode):
            name = definition.name.value
            is_service = name in SERVICE_TYPES and (version < (2, 0) or name.startswith("_"))
            if name in core or is_service:
                if (
                    isinstance(definition, TypeDefinitionNode)
                    and own_core.setdefault(name, definition) is not definition
                ):
                    repeated.append(definition)
            else:
                types.setdefault(name, []).append(definition)
    roots, taken = _roots(schema_nodes, types)
    for name in (name for name, root in roots.items() if root == "Query" and name in types):
        types[name] = [_without_service_fields(node) for node in types[name]]
    return Document(
        subgraph=subgraph,
        file=subgraph.file or f"{subgraph.name}.graphql",
        schema_nodes=schema_nodes,
        types={name: tuple(nodes) for name, nodes in types.items()},
        directives=directives,
        own_core_definitions=tuple(own_core.values()),
        repeated=tuple(repeated),
        links=links,
        version=version,
        roots=roots,
        default_roots_taken=taken,
    )


def _without_service_fields(node: TypeDefinitionNode | TypeExtensionNode) -> TypeDefinitionNode | TypeExtensionNode:
    if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
        return node
    if not any(field.name.value in SERVICE_FIELDS for field in node.fields or ()):
        return node
    values = {key: getattr(node, key) for key in node.keys}
    values["fields"] = tuple(field for field in node.fields or () if field.name.value not in SERVICE_FIELDS)
    return type(node)(**values)


def _roots(
    schema_nodes: Sequence[SchemaDefinitionNode | SchemaExtensionNode], types: Iterable[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """(document name -> default name, default names that other types have)."""
    declared = {
        operation.type.name.value: _default_root(operation.operation)
        for node in schema_nodes
        for operation in node.operation_types or ()
    }
    has_definition = any(isinstance(node, SchemaDefinitionNode) and node.operation_types for node in schema_nodes)
    by_default = set(declared.values())
    if not has_definition:
        declared.update({name: name for name in types if name in ROOT_TYPES and name not in by_default})
    taken = tuple(name for name in types if name in ROOT_TYPES and declared.get(name) != name)
    return declared, taken


def _default_root(operation: OperationType) -> str:
    return {
        OperationType.QUERY: "Query",
        OperationType.MUTATION: "Mutation",
        OperationType.SUBSCRIPTION: "Subscription",
    }[operation]


def build_schema(document: Document) -> SubgraphSchema:
    """The schema of a document that is valid GraphQL."""
    builder = _Builder(document)
    types = {definition.name: definition for definition in map(builder.type, document.types.values())}
    types = {name: d for name, d in types.items() if not (name in ROOT_TYPES and not d.fields)}
    types.setdefault("Query", TypeDefinition(Kind.OBJECT, "Query"))  # every subgraph has one, for `_service`
    implementations: dict[str, list[str]] = {}
    for name, definition in types.items():
        if definition.kind is Kind.OBJECT:
            for interface in definition.interfaces:
                implementations.setdefault(interface, []).append(name)
    described = (n.description for n in document.schema_nodes if isinstance(n, SchemaDefinitionNode))
    schema_directives = tuple(
        use
        for node in document.schema_nodes
        for use in builder.directives(node.directives, in_extension=isinstance(node, SchemaExtensionNode))
        if use.core != "link"
    )
    return SubgraphSchema(
        name=document.subgraph.name,
        url=document.subgraph.url,
        file=document.file,
        version=document.version,
        links=document.links,
        types=types,
        directives=document.directives,
        schema_directives=schema_directives,
        description=next((d.value for d in described if d is not None), None),
        implementations={name: tuple(objects) for name, objects in implementations.items()},
        node=document.schema_nodes[0] if document.schema_nodes else None,
        core_names={core: local for local, core in builder.core.items() if core is not None},
    )


class _Builder:
    """Turns the syntax of one document into definitions."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.core: dict[str, str | None] = {}

    def directives(
        self, nodes: Iterable[DirectiveNode | ConstDirectiveNode] | None, *, in_extension: bool = False, block: int = 0
    ) -> tuple[DirectiveUse, ...]:
        return tuple(self._directive(node, in_extension, block) for node in nodes or ())

    def type(self, nodes: Sequence[TypeDefinitionNode | TypeExtensionNode]) -> TypeDefinition:
        head = next((node for node in nodes if isinstance(node, TypeDefinitionNode)), nodes[0])
        name = self._renamed(head.name.value)
        directives = tuple(
            use
            for block, node in enumerate(nodes)
            for use in self.directives(node.directives, in_extension=isinstance(node, TypeExtensionNode), block=block)
        )
        description = next(
            (n.description for n in nodes if isinstance(n, TypeDefinitionNode) and n.description is not None), None
        )
        return TypeDefinition(
            kind=_KINDS[type(head)],
            name=name,
            description=_described(description),
            directives=directives,
            fields=self._fields(name, nodes),
            inputs=self._inputs(
                value
                for node in nodes
                for value in getattr(node, "fields", None) or ()
                if isinstance(value, InputValueDefinitionNode)
            ),
            members={
                self._renamed(member.name.value): member
                for node in nodes
                if isinstance(node, UnionTypeDefinitionNode | UnionTypeExtensionNode)
                for member in node.types or ()
            },
            interfaces={
                interface.name.value: interface
                for node in nodes
                for interface in getattr(node, "interfaces", None) or ()
            },
            values={
                value.name.value: EnumValue(
                    value.name.value, _described(value.description), self.directives(value.directives), value
                )
                for node in nodes
                if isinstance(node, EnumTypeDefinitionNode | EnumTypeExtensionNode)
                for value in node.values or ()
            },
            node=head,
            is_extension=(not isinstance(head, TypeDefinitionNode) or has(directives, "extends"))
            and name not in ROOT_TYPES,
        )

    def _directive(self, node: DirectiveNode | ConstDirectiveNode, in_extension: bool, block: int) -> DirectiveUse:
        name = node.name.value
        if name not in self.core:
            document = self.document
            core = specs.core_directive(name, document.links, is_fed1=document.is_fed1)
            if core is None and name == "link" and not any(link.identity == LINK for link in document.links):
                core = "link"
            self.core[name] = core
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        return DirectiveUse(name, self.core[name], arguments, node, in_extension, block)

    def _fields(
        self, parent: str, nodes: Iterable[TypeDefinitionNode | TypeExtensionNode]
    ) -> dict[str, FieldDefinition]:
        fields: dict[str, FieldDefinition] = {}
        for block, node in enumerate(nodes):
            if not isinstance(
                node,
                ObjectTypeDefinitionNode
                | ObjectTypeExtensionNode
                | InterfaceTypeDefinitionNode
                | InterfaceTypeExtensionNode,
            ):
                continue
            for declared in node.fields or ():
                name = declared.name.value
                fields[name] = FieldDefinition(
                    parent=parent,
                    name=name,
                    type=self._type(from_node(declared.type)),
                    arguments=self._inputs(declared.arguments or ()),
                    description=_described(declared.description),
                    directives=self.directives(declared.directives),
                    node=declared,
                    block=block,
                )
        return fields

    def _inputs(self, nodes: Iterable[InputValueDefinitionNode]) -> dict[str, InputValue]:
        return {
            node.name.value: InputValue(
                name=node.name.value,
                type=self._type(from_node(node.type)),
                default=node.default_value,
                description=_described(node.description),
                directives=self.directives(node.directives),
                node=node,
            )
            for node in nodes
        }

    def _renamed(self, name: str) -> str:
        return self.document.roots.get(name, name)

    def _type(self, reference: TypeRef) -> TypeRef:
        renamed = self._renamed(reference.name)
        return reference if renamed == reference.name else TypeRef(renamed, reference.wrappers)


def _described(node: StringValueNode | None) -> str | None:
    return node.value if node is not None and node.value else None


def _syntax_error(subgraph: str, file: str, error: GraphQLSyntaxError) -> CompositionError:
    location = error.locations[0] if error.locations else None
    line, column = (location.line, location.column) if location else (1, 1)
    lines = error.source.body.splitlines() if error.source else []
    excerpt = lines[line - 1] if line <= len(lines) else ""
    return CompositionError(
        "INVALID_GRAPHQL",
        error.message,
        (Place(subgraph, file, line, column, excerpt),),
        "Correct the SDL so that it parses.",
    )
