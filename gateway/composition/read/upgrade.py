"""Reads a document of federation 1 as what it means in federation 2.

Federation 1 was looser: it ignored directives where they say nothing, and shared every type by its name. So: keys may be lists;
directives on interfaces and `@provides` on leaves are dropped; from a requirement or a provision the subgraph's own fields are
dropped, at any depth; an `@external` field that nothing names is dropped; and every field may be resolved by several subgraphs,
which `analysis` takes care of.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/backward-compatibility
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import EnumValueNode, ListValueNode, StringValueNode, ValueNode

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import (
    FieldSet,
    FieldSetSyntaxError,
    SelectedField,
    SelectedFragment,
    argument_text,
    parse_field_set,
    print_field_set,
)
from gateway.composition.model import (
    Directives,
    DirectiveUse,
    FieldDefinition,
    Kind,
    SubgraphSchema,
    TypeDefinition,
    has,
)
from gateway.composition.read.analysis import Analysis, analyse

FIELD_SET_DIRECTIVES = frozenset({"key", "requires", "provides"})
MEANINGLESS_ON_INTERFACES = frozenset({"key", "requires", "provides", "external"})


def upgrade(schema: SubgraphSchema) -> tuple[SubgraphSchema, list[CompositionError]]:
    """The schema in the terms of federation 2, and what cannot be put in them; a schema of federation 2 as it is."""
    if not schema.is_fed1:
        return schema, []
    cleaned = _with_types(schema, {name: _cleaned(schema, definition) for name, definition in schema.types.items()})
    own = _OwnFields(cleaned, analyse(cleaned))
    cleaned = _with_types(cleaned, {name: own.dropped_from(d) for name, d in cleaned.types.items()})
    analysis = analyse(cleaned)
    used = {name: _without_unused(definition, analysis) for name, definition in cleaned.types.items()}
    errors = list(_emptied(schema, cleaned, used))
    keyed = {d.name for d in schema.types.values() if d.kind is Kind.INTERFACE and has(d.directives, "key")}
    return replace(cleaned, types=used, ignored_interface_keys=frozenset(keyed)), errors


def _cleaned(schema: SubgraphSchema, definition: TypeDefinition) -> TypeDefinition:
    """Field sets as strings, and nothing where it means nothing."""
    is_interface = definition.kind is Kind.INTERFACE
    fields: dict[str, FieldDefinition] = {}
    for field in definition.fields.values():
        target = schema.types.get(field.type.name)
        is_leaf = target is None or not target.is_composite
        kept = (
            use
            for use in field.directives
            if not (is_interface and use.core in MEANINGLESS_ON_INTERFACES) and not (use.core == "provides" and is_leaf)
        )
        fields[field.name] = replace(field, directives=_stringified(kept))
    on_type = (
        use
        for use in definition.directives
        if use.core != "external" and not (is_interface and use.core in MEANINGLESS_ON_INTERFACES)
    )
    return replace(definition, directives=_stringified(on_type), fields=fields)


def _stringified(directives: Iterator[DirectiveUse]) -> Directives:
    return tuple(
        replace(use, arguments={name: _as_string(value) for name, value in use.arguments.items()})
        if use.core in FIELD_SET_DIRECTIVES
        else use
        for use in directives
    )


def _as_string(value: ValueNode) -> ValueNode:
    """A list of names, or a bare name, as the string that federation 2 wants."""
    if isinstance(value, EnumValueNode):
        return StringValueNode(value=value.value)
    if isinstance(value, ListValueNode):
        names = [item.value for item in value.values if isinstance(item, StringValueNode | EnumValueNode)]
        if len(names) == len(value.values):
            return StringValueNode(value=" ".join(names))
    return value


@dataclass(frozen=True, slots=True)
class _OwnFields:
    """Drops from requirements and provisions what the subgraph resolves itself, as federation 1 did.

    @provides(fields: "home { zip }")  with H.zip its own     ->  dropped
    @requires(fields: "zip town")      with P.zip its own     ->  @requires(fields: "town")
    @requires(fields: "home { zip }")  with P.home @external  ->  kept, since all of it is another subgraph's
    """

    schema: SubgraphSchema
    analysis: Analysis

    def dropped_from(self, definition: TypeDefinition) -> TypeDefinition:
        """Return a type whose field sets name fields of other subgraphs only."""
        fields: dict[str, FieldDefinition] = {}
        for field in definition.fields.values():
            kept: list[DirectiveUse] = []
            for use in field.directives:
                if use.core in {"requires", "provides"}:
                    kept.extend(self._rest(use, definition.name if use.core == "requires" else field.type.name))
                else:
                    kept.append(use)
            fields[field.name] = replace(field, directives=tuple(kept))
        return replace(definition, fields=fields)

    def _rest(self, use: DirectiveUse, on: str) -> Iterator[DirectiveUse]:
        """Yield the directive with what is left of its field set, if anything is; as it is if the set is not valid."""
        text = argument_text(use.arguments.get("fields"))
        try:
            selections = parse_field_set(text) if text is not None else ()
            rest = self._of_others(on, selections)
        except (FieldSetSyntaxError, _NotJudged):
            yield use
            return
        if text is None or rest == selections:
            yield use
        elif rest:
            yield replace(use, arguments={**use.arguments, "fields": StringValueNode(value=print_field_set(rest))})

    def _of_others(self, on: str, selections: FieldSet) -> FieldSet:
        rest: list[SelectedField | SelectedFragment] = []
        for selection in selections:
            if selection.has_directives:
                raise _NotJudged
            if isinstance(selection, SelectedField) and selection.name == "__typename" and not selection.selections:
                continue
            at = on
            if isinstance(selection, SelectedField):
                field = self.schema.types[on].fields.get(selection.name) if on in self.schema.types else None
                if field is None:
                    raise _NotJudged
                if self._is_external(on, selection.name):
                    rest.append(selection)
                    continue
                at = field.type.name
                is_composite = at in self.schema.types and self.schema.types[at].is_composite
                if is_composite is not bool(selection.selections):
                    raise _NotJudged
            elif selection.type_condition is not None:
                at = selection.type_condition
            below = self._of_others(at, selection.selections)
            if below:
                rest.append(replace(selection, selections=below))
        return tuple(rest)

    def _is_external(self, on: str, field: str) -> bool:
        """Whether the field is @external: an interface's, if it is so on one of the implementations."""
        return any((name, field) in self.analysis.external for name in (on, *self.schema.runtime_types(on)))


class _NotJudged(Exception):
    """Raised for a field set that is not valid, which a rule reports as it is written."""


def _without_unused(definition: TypeDefinition, analysis: Analysis) -> TypeDefinition:
    fields = {
        name: field
        for name, field in definition.fields.items()
        if (definition.name, name) not in analysis.external or analysis.is_used((definition.name, name))
    }
    return replace(definition, fields=fields)


def _emptied(
    schema: SubgraphSchema, before: SubgraphSchema, after: Mapping[str, TypeDefinition]
) -> Iterator[CompositionError]:
    """TYPE_WITH_ONLY_UNUSED_EXTERNAL: types of which nothing is left."""
    for name, definition in after.items():
        if before.types[name].fields and not definition.fields and name != "Query":
            yield error_at(
                "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
                f'"{name}" has only @external fields that nothing in this subgraph uses, so nothing of it is left.',
                schema.name,
                [definition.node],
                "Remove the type, or remove @external from the fields that this subgraph resolves.",
            )


def _with_types(schema: SubgraphSchema, types: Mapping[str, TypeDefinition]) -> SubgraphSchema:
    return replace(schema, types=types)
