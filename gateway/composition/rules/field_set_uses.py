"""Every field set that a subgraph's directives hold, with what it is about: what the rules on field sets go through."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.fieldsets import FieldSet, FieldSetSyntaxError, SelectedField, argument_text, parse_field_set
from gateway.composition.model import DirectiveUse, FieldDefinition, Kind, SubgraphSchema, TypeDefinition, uses
from gateway.composition.read.analysis import all_fields

MAX_SHOWN = 120  # characters of a field set in a message
KEYS_ON_INTERFACES_SINCE = (2, 3)


@dataclass(frozen=True, slots=True)
class FieldSetUse:
    """One field set.

    Attributes:
        core: the directive: ``key``, ``requires`` or ``provides``.
        owner: the type that holds it.
        field: that holds it; None for a key.
        selects_on: the type whose fields it selects; None if that has no fields.
        text: as written; None if it is not a string.
        selections: None if the text is not a field set; then `problem` says why.
    """

    core: str
    owner: TypeDefinition
    field: FieldDefinition | None
    selects_on: TypeDefinition | None
    use: DirectiveUse
    text: str | None
    selections: FieldSet | None
    problem: str = ""

    @property
    def shown(self) -> str:
        """The directive as the messages show it."""
        where = self.field.coordinate if self.field else self.owner.name
        text = self.text or ""
        text = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
        return f'@{self.use.name}(fields: "{text}") on "{where}"'

    @property
    def code(self) -> str:
        """How the codes about it begin."""
        return self.core.upper()


def field_set_uses(schema: SubgraphSchema) -> Iterator[FieldSetUse]:
    """All field sets of a subgraph, in the order written."""
    for definition in schema.types.values():
        for use in uses(definition.directives, "key"):
            yield _read("key", definition, None, definition, use)
    for field in all_fields(schema):
        owner = schema.types[field.parent]
        for use in uses(field.directives, "requires"):
            yield _read("requires", owner, field, owner, use)
        for use in uses(field.directives, "provides"):
            target = schema.types.get(field.type.name)
            yield _read("provides", owner, field, target if target and target.is_composite else None, use)


def is_unsupported(schema: SubgraphSchema, found: FieldSetUse) -> bool:
    """Whether it stands on an interface, where this version of federation has no such directive."""
    if found.owner.kind is not Kind.INTERFACE or found.selects_on is None:
        return False
    return found.core != "key" or schema.version < KEYS_ON_INTERFACES_SINCE


def selected(
    schema: SubgraphSchema, on: TypeDefinition, selections: FieldSet
) -> Iterator[tuple[TypeDefinition, SelectedField, FieldDefinition]]:
    """(type, selection, field) of every selected field that exists, nested ones after their parents."""
    for selection in selections:
        if isinstance(selection, SelectedField):
            field = on.fields.get(selection.name)
            if field is None:
                continue
            yield on, selection, field
            below = schema.types.get(field.type.name)
            if below is not None:
                yield from selected(schema, below, selection.selections)
        else:
            condition = schema.types.get(selection.type_condition) if selection.type_condition else on
            if condition is not None:
                yield from selected(schema, condition, selection.selections)


def _read(
    core: str, owner: TypeDefinition, field: FieldDefinition | None, on: TypeDefinition | None, use: DirectiveUse
) -> FieldSetUse:
    text = argument_text(use.arguments.get("fields"))
    if text is None:
        return FieldSetUse(core, owner, field, on, use, None, None, "it is not a string")
    try:
        return FieldSetUse(core, owner, field, on, use, text, parse_field_set(text))
    except FieldSetSyntaxError as error:
        return FieldSetUse(core, owner, field, on, use, text, None, str(error))
