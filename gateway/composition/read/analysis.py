"""What a subgraph's federation directives say about its fields: which it resolves, shares, keys by, or only mentions.

A field that carries `@external` is one the subgraph does not resolve, with one exception that federation 1 left behind: the key
fields of a type that is only extended are written `@external`, and resolved all the same.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import BooleanValueNode, StringValueNode

from gateway.composition.context_text import split_context
from gateway.composition.fieldsets import (
    FieldSet,
    FieldSetSyntaxError,
    SelectedField,
    SelectedFragment,
    argument_text,
    parse_field_set,
)
from gateway.composition.model import (
    DirectiveUse,
    FieldDefinition,
    InputValue,
    Kind,
    SubgraphSchema,
    TypeDefinition,
    first,
    has,
    uses,
)

Coordinate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """One `@key` of a type.

    Attributes:
        is_resolvable: whether the subgraph answers `_entities` by it.
    """

    fields: FieldSet
    is_resolvable: bool
    use: DirectiveUse


@dataclass(frozen=True, slots=True)
class TakenFromContext:
    """What an argument takes from a context.

    Attributes:
        types: those that set the context.
    """

    field: FieldDefinition
    argument: InputValue
    use: DirectiveUse
    types: tuple[TypeDefinition, ...]
    selections: FieldSet


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answers for one subgraph; coordinates are (type, field).

    Attributes:
        keys: type -> its keys whose field sets can be read, in order.
        requires: field -> its requirement.
        provides: field -> what it provides.
        external: fields that the subgraph does not resolve.
        key_fields: fields in a key of the type, nested ones included.
        required: fields in a requirement.
        provided: fields in a `@provides`.
        contextual: fields that arguments take from contexts.
        interface_fields: fields that an interface of this subgraph demands.
        shareable: fields that several subgraphs may resolve.
    """

    keys: Mapping[str, tuple[Key, ...]]
    requires: Mapping[Coordinate, FieldSet]
    provides: Mapping[Coordinate, FieldSet]
    external: frozenset[Coordinate]
    key_fields: frozenset[Coordinate]
    required: frozenset[Coordinate]
    provided: frozenset[Coordinate]
    contextual: frozenset[Coordinate]
    interface_fields: frozenset[Coordinate]
    shareable: frozenset[Coordinate]

    def is_used(self, coordinate: Coordinate) -> bool:
        """Whether a field is there for a key, a requirement, a `@provides` or an interface."""
        return (
            coordinate in self.key_fields
            or coordinate in self.required
            or coordinate in self.provided
            or coordinate in self.contextual
            or coordinate in self.interface_fields
        )


def analyse(schema: SubgraphSchema) -> Analysis:
    """Everything that merging asks of a subgraph's directives; field sets that cannot be read are left out."""
    keys = {definition.name: tuple(_keys(definition)) for definition in schema.types.values()}
    requires = dict(_field_sets(schema, "requires"))
    provides = dict(_field_sets(schema, "provides"))
    key_fields = {found for name, own in keys.items() for key in own for found in coordinates(schema, name, key.fields)}
    extension_key_fields = {
        found
        for name, own in keys.items()
        for key in own
        if _is_extension(schema.types[name], key)
        for found in coordinates(schema, name, key.fields)
    }
    required = {f for at, fields in requires.items() for f in coordinates(schema, at[0], fields)}
    provided = {
        f
        for at, fields in provides.items()
        for f in coordinates(schema, schema.types[at[0]].fields[at[1]].type.name, fields)
    }
    external = set(_external(schema))
    return Analysis(
        keys={name: own for name, own in keys.items() if own},
        requires=requires,
        provides=provides,
        external=frozenset(external - extension_key_fields),
        key_fields=frozenset(key_fields),
        required=frozenset(required),
        provided=frozenset(provided),
        contextual=frozenset(_contextual(schema)),
        interface_fields=frozenset(_interface_fields(schema)),
        shareable=frozenset(_shareable(schema, key_fields)),
    )


def coordinates(schema: SubgraphSchema, type_name: str, selections: FieldSet) -> Iterator[Coordinate]:
    """Every field that a field set names, on the interfaces' implementations too where it names an interface's field."""
    definition = schema.types.get(type_name)
    if definition is None:
        return
    for selection in selections:
        match selection:
            case SelectedField():
                field = definition.fields.get(selection.name)
                if field is None:
                    continue
                yield (type_name, selection.name)
                if definition.kind is Kind.INTERFACE:
                    yield from ((name, selection.name) for name in schema.runtime_types(type_name))
                yield from coordinates(schema, field.type.name, selection.selections)
            case SelectedFragment():
                yield from coordinates(schema, selection.type_condition or type_name, selection.selections)


def _keys(definition: TypeDefinition) -> Iterator[Key]:
    for use in uses(definition.directives, "key"):
        text = argument_text(use.arguments.get("fields"))
        resolvable = use.arguments.get("resolvable")
        if text is None:
            continue
        try:
            fields = parse_field_set(text)
        except FieldSetSyntaxError:
            continue
        yield Key(fields, not (isinstance(resolvable, BooleanValueNode) and not resolvable.value), use)


def _field_sets(schema: SubgraphSchema, core: str) -> Iterator[tuple[Coordinate, FieldSet]]:
    for field in all_fields(schema):
        use = first(field.directives, core)
        text = argument_text(use.arguments.get("fields")) if use else None
        if text is None:
            continue
        try:
            yield (field.parent, field.name), parse_field_set(text)
        except FieldSetSyntaxError:
            continue


def all_fields(schema: SubgraphSchema) -> Iterator[FieldDefinition]:
    """Every field of every object type and interface."""
    return (field for definition in schema.types.values() for field in definition.fields.values())


def context_types(schema: SubgraphSchema) -> dict[str, list[TypeDefinition]]:
    """Return context -> the types that set it."""
    found: dict[str, list[TypeDefinition]] = {}
    for definition in schema.types.values():
        for use in uses(definition.directives, "context"):
            name = use.arguments.get("name")
            if isinstance(name, StringValueNode):
                found.setdefault(name.value, []).append(definition)
    return found


def taken_from_contexts(schema: SubgraphSchema) -> Iterator[TakenFromContext]:
    """Yield what arguments take from contexts; selections that cannot be read are left out."""
    setting = context_types(schema)
    for field in all_fields(schema) if setting else ():
        for argument in field.arguments.values():
            use = first(argument.directives, "fromContext")
            text = argument_text(use.arguments.get("field")) if use else None
            name, selection = split_context(text) if text else (None, "")
            if use is None or name not in setting:
                continue
            try:
                yield TakenFromContext(field, argument, use, tuple(setting[name]), parse_field_set(selection))
            except FieldSetSyntaxError:
                continue


def _external(schema: SubgraphSchema) -> Iterator[Coordinate]:
    for definition in schema.types.values():
        blocks = {use.block for use in uses(definition.directives, "external")}
        for field in definition.fields.values():
            if field.block in blocks or has(field.directives, "external"):
                yield (definition.name, field.name)


def _is_extension(definition: TypeDefinition, key: Key) -> bool:
    return key.use.in_extension or has(definition.directives, "extends")


def _contextual(schema: SubgraphSchema) -> Iterator[Coordinate]:
    """The fields that arguments take from contexts, on every type that sets the context."""
    for taken in taken_from_contexts(schema):
        for setting in taken.types:
            for on in (setting.name, *schema.runtime_types(setting.name)):
                yield from coordinates(schema, on, taken.selections)


def _interface_fields(schema: SubgraphSchema) -> Iterator[Coordinate]:
    for definition in schema.types.values():
        for interface in definition.interfaces:
            demanded = schema.types.get(interface)
            if demanded is not None:
                yield from ((definition.name, name) for name in demanded.fields)


def _shareable(schema: SubgraphSchema, key_fields: set[Coordinate]) -> Iterator[Coordinate]:
    for definition in schema.types.values():
        blocks = {use.block for use in uses(definition.directives, "shareable")}
        always = schema.is_fed1 and definition.name != "Subscription"
        for field in definition.fields.values():
            at = (definition.name, field.name)
            if always or field.block in blocks or at in key_fields or has(field.directives, "shareable"):
                yield at
