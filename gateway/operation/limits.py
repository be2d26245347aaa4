"""What an operation may weigh, counted after its fragments are expanded, before anything walks it.

A document of 1 kB may stand for four million selections: `fragment A on T { x: f { ...B } y: f { ...B } }`, and so on down
the alphabet. Counting is still linear, because a fragment weighs the same wherever it is spread: each definition is measured
once, from the measures of those it spreads, and sums are added instead of selections visited. What `{ ...A ...A }` stands
for is counted twice, although merging would make it one: the count is a bound on the work, not the work.

    query { me { ...F } you: me { ...F } }     fragment F on User { id n: name }
    F:      selections 2, aliases 1, depth 1
    query:  selections 2 + 2*2 = 6, aliases 1 + 2*1 = 3, depth 2, root fields 2
"""

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from gateway.errors import ClientError
from gateway.operation.parse import Document

MAX_NESTING = 200
"""How many selection sets may be inside each other, fragments' too; whatever recurses over a document relies on it."""

META_FIELDS = frozenset({"__schema", "__type"})
META_LISTS = frozenset(
    {"types", "directives", "fields", "args", "inputFields", "interfaces", "enumValues", "possibleTypes", "locations"}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that an operation may have; each at least 1. The defaults leave room for big real screens.

    Attributes:
        max_length: characters of the document; long values belong into variables.
        max_tokens: lexical tokens of the document, comments included; 5,000 are parsed in 40 ms.
        max_depth: nested fields.
        max_selections: fields, after expansion.
        max_aliases: aliased fields, after expansion.
        max_root_fields: fields of the root type, after expansion.
        max_directives: directives, after expansion.
        max_list_items: items of one list in a literal or a variable.
        max_input_depth: nested lists and objects in a literal or a variable.
        max_input_values: items and members of all lists and objects in a request's variables together; so many input objects are coerced
            in 0.15 s, and lists in lists are bounded by nothing else.
        max_introspection_lists: lists of the introspection schema (`types`, `fields`, `args` ..), each as long as the schema is large;
            the usual introspection query has 9.
    """

    max_length: int = 200_000
    max_tokens: int = 5_000
    max_depth: int = 60
    max_selections: int = 10_000
    max_aliases: int = 500
    max_root_fields: int = 100
    max_directives: int = 500
    max_list_items: int = 10_000
    max_input_depth: int = 64
    max_input_values: int = 100_000
    max_introspection_lists: int = 40


@dataclass(frozen=True, slots=True)
class Measure:
    """What a selection set weighs, its fragments expanded.

    Attributes:
        meta_lists: fields with the name of a list of the introspection schema, wherever they stand.
        introspection: those of them that stand below ``__schema`` or ``__type``.
    """

    selections: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0
    nesting: int = 0
    root_fields: int = 0
    meta_lists: int = 0
    introspection: int = 0


def check_limits(document: Document, operation: OperationDefinitionNode, limits: Limits) -> Measure:
    """The operation's measure, if it keeps within the limits. A circle of fragments is measured up to the circle.

    Raises:
        ClientError: MAX_DEPTH_EXCEEDED, MAX_SELECTIONS_EXCEEDED, MAX_ALIASES_EXCEEDED, MAX_ROOT_FIELDS_EXCEEDED,
            MAX_DIRECTIVES_EXCEEDED, MAX_INTROSPECTION_LISTS_EXCEEDED, MAX_LIST_ITEMS_EXCEEDED or MAX_INPUT_DEPTH_EXCEEDED.
    """
    measure = _Measurer(document, limits).measure_set(operation.selection_set, level=1)
    if measure.nesting > MAX_NESTING:
        raise _too_deep()
    for definition in operation.variable_definitions or ():
        if definition.default_value is not None:
            check_literal(definition.default_value, limits)
    own_directives = len(operation.directives or ())
    for name, found, most in (
        ("DEPTH", measure.depth, limits.max_depth),
        ("SELECTIONS", measure.selections, limits.max_selections),
        ("ALIASES", measure.aliases, limits.max_aliases),
        ("ROOT_FIELDS", measure.root_fields, limits.max_root_fields),
        ("DIRECTIVES", measure.directives + own_directives, limits.max_directives),
        ("INTROSPECTION_LISTS", measure.introspection, limits.max_introspection_lists),
    ):
        if found > most:
            what = name.lower().replace("_", " ")
            raise ClientError(f"The operation's {what} exceed the limit of {most}.", code=f"MAX_{name}_EXCEEDED")
    return measure


class _Measurer:
    """Measures selection sets of one document, each fragment once."""

    def __init__(self, document: Document, limits: Limits) -> None:
        self._fragments = document.fragments
        self._limits = limits
        self._measured: dict[str, Measure] = {}
        self._open: set[str] = set()

    def measure_set(self, selection_set: SelectionSetNode, *, level: int) -> Measure:
        if level > MAX_NESTING:
            raise _too_deep()
        selections = aliases = directives = depth = nesting = root_fields = meta_lists = introspection = 0
        for selection in selection_set.selections:
            directives += len(selection.directives or ())
            match selection:
                case FieldNode():
                    selections += 1
                    root_fields += 1
                    if selection.alias is not None:
                        aliases += 1
                    for argument in selection.arguments or ():
                        check_literal(argument.value, self._limits)
                    if selection.selection_set is None:
                        depth = max(depth, 1)
                        continue
                    inner = self.measure_set(selection.selection_set, level=level + 1)
                    depth = max(depth, inner.depth + 1)
                    meta_lists += selection.name.value in META_LISTS
                    if selection.name.value in META_FIELDS:
                        introspection += 1 + inner.meta_lists
                case InlineFragmentNode():
                    inner = self.measure_set(selection.selection_set, level=level + 1)
                    root_fields += inner.root_fields
                    depth = max(depth, inner.depth)
                case FragmentSpreadNode():
                    inner = self._measure_spread(selection.name.value, level=level + 1)
                    root_fields += inner.root_fields
                    depth = max(depth, inner.depth)
                case _:
                    continue
            selections += inner.selections
            meta_lists += inner.meta_lists
            introspection += inner.introspection
            aliases += inner.aliases
            directives += inner.directives
            nesting = max(nesting, inner.nesting)
        return Measure(selections, aliases, directives, depth, nesting + 1, root_fields, meta_lists, introspection)

    def _measure_spread(self, name: str, *, level: int) -> Measure:
        known = self._measured.get(name)
        if known is not None:
            return known
        fragment = self._fragments.get(name)
        if fragment is None or name in self._open:
            return Measure()
        self._open.add(name)
        measured = self.measure_set(fragment.selection_set, level=level)
        self._open.discard(name)
        self._measured[name] = measured
        return measured


def check_literal(literal: ValueNode, limits: Limits) -> None:
    """Returns if no list in the literal is too long, and nothing in it too deep.

    Raises:
        ClientError: MAX_LIST_ITEMS_EXCEEDED or MAX_INPUT_DEPTH_EXCEEDED.
    """
    pending: list[tuple[ValueNode, int]] = [(literal, 1)]
    while pending:
        value, depth = pending.pop()
        inside: Iterable[ValueNode]
        match value:
            case ListValueNode():
                inside = value.values
                if len(value.values) > limits.max_list_items:
                    raise too_many_items(limits)
            case ObjectValueNode():
                inside = [field.value for field in value.fields]
            case _:
                continue
        if depth > limits.max_input_depth:
            raise too_deep_input(limits)
        pending.extend((item, depth + 1) for item in inside)


def too_many_items(limits: Limits) -> ClientError:
    """The refusal of a list, literal or variable, that is too long."""
    return ClientError(
        f"A list of the input has more than {limits.max_list_items} items.", code="MAX_LIST_ITEMS_EXCEEDED"
    )


def too_deep_input(limits: Limits) -> ClientError:
    """The refusal of input, literal or variable, that is nested too deeply."""
    return ClientError(
        f"The input is nested more than {limits.max_input_depth} levels deep.", code="MAX_INPUT_DEPTH_EXCEEDED"
    )


def too_many_values(limits: Limits) -> ClientError:
    """The refusal of variables that have too many values together."""
    return ClientError(
        f"The variables have more than {limits.max_input_values} values.", code="MAX_INPUT_VALUES_EXCEEDED"
    )


def _too_deep() -> ClientError:
    return ClientError("Selections and fragments are nested too deeply.", code="MAX_DEPTH_EXCEEDED")
