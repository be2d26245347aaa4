"""What an operation would cost at most, before it runs: `@cost` weights, multiplied by `@listSize` sizes.

    field         arguments' weights + size * (own weight + what is selected below)
    own weight    @cost of the field, or else of its type; without either 1 for objects, 0 for leaves
    size          1 for what is no list; else the largest slicing argument given, or assumedSize, or the settings' assumption
    sizedFields   the field's own size goes to the named lists of the object it returns (connections: `edges`, `nodes`)
    a mutation    10 for each root field

Of fragments on different object types only the dearest counts, since an object has one type. A sum that no variable can change is
worked out once a document.

    { goods(first: 3) { name seller { name } } }    seller: 1 + 0;  a good: 1 + 0 + 1;  goods: 3 * 2 = 6

Source: Apollo's demand control (directives `@cost` and `@listSize`), IBM's GraphQL Cost Directives specification.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    IntValueNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    ScalarTypeDefinitionNode,
    SelectionSetNode,
    UnionTypeDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)

from gateway.errors import ClientError
from gateway.operation.parse import Document

MUTATION_WEIGHT = 10
MAX_REMEMBERED = 64
Place = tuple[str, str]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ListSize:
    """What `@listSize` says of a field."""

    assumed: int | None
    slicing_arguments: tuple[str, ...]
    sized_fields: tuple[str, ...]


@dataclass(slots=True)
class CostRules:
    """The weights and sizes of a supergraph.

    Attributes:
        types: weight by type.
        fields: weight by (type, field), of output and of input types.
        arguments: weight by (type, field, argument).
        sizes: by (type, field).
    """

    types: dict[str, int] = field(default_factory=dict)
    fields: dict[Place, int] = field(default_factory=dict)
    arguments: dict[tuple[str, str, str], int] = field(default_factory=dict)
    sizes: dict[Place, ListSize] = field(default_factory=dict)


def read_cost_rules(document: DocumentNode, *, cost: str, list_size: str) -> CostRules:
    """What a supergraph's text says of costs.

    Args:
        cost: what `@cost` is called there.
        list_size: what `@listSize` is called there.
    """
    rules = CostRules()
    for node in document.definitions:
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                _put(rules.types, node.name.value, _weight(node.directives, cost))
                for defined in node.fields or ():
                    place = (node.name.value, defined.name.value)
                    _put(rules.fields, place, _weight(defined.directives, cost))
                    _put(rules.sizes, place, _size(defined.directives, list_size))
                    for argument in defined.arguments or ():
                        _put(rules.arguments, (*place, argument.name.value), _weight(argument.directives, cost))
            case InputObjectTypeDefinitionNode():
                for given in node.fields or ():
                    _put(rules.fields, (node.name.value, given.name.value), _weight(given.directives, cost))
            case ScalarTypeDefinitionNode() | EnumTypeDefinitionNode() | UnionTypeDefinitionNode():
                _put(rules.types, node.name.value, _weight(node.directives, cost))
            case _:
                pass
    return rules


class OperationCost:
    """The cost of one operation, held against a limit.

    Args:
        max_cost: the most that is answered.
        assumed_list_size: of a list that says nothing of its size.
    """

    def __init__(
        self,
        rules: CostRules,
        schema: GraphQLSchema,
        document: Document,
        definition: OperationDefinitionNode,
        *,
        max_cost: int,
        assumed_list_size: int,
    ) -> None:
        self._estimate = _Estimator(rules, schema, document, definition, assumed_list_size)
        self._max_cost = max_cost
        self._remembered: dict[tuple[Any, ...], int] = {}
        self._names: tuple[str, ...] | None = None

    def check(self, variables: Mapping[str, Any]) -> int:
        """The cost with these variables.

        Raises:
            ClientError: MAX_COST_EXCEEDED.
        """
        cost = self._remembered.get(self._key(variables)) if self._names is not None else None
        if cost is None:
            cost, used = self._estimate(variables)
            if self._names is None:
                self._names = tuple(sorted(used))
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[self._key(variables)] = cost
        if cost > self._max_cost:
            told = str(cost) if cost < 10**15 else "far more"
            raise ClientError(
                f"The operation would cost {told}; the limit is {self._max_cost}.", code="MAX_COST_EXCEEDED"
            )
        return cost

    def _key(self, variables: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values that the cost depends on, as text, since a variable may hold anything."""
        return tuple([repr(variables.get(name)) for name in self._names or ()])


class _Estimator:
    """Walks one operation."""

    def __init__(
        self,
        rules: CostRules,
        schema: GraphQLSchema,
        document: Document,
        definition: OperationDefinitionNode,
        assumed_list_size: int,
    ) -> None:
        self._rules = rules
        self._schema = schema
        self._fragments = document.fragments
        self._definition = definition
        self._assumed = assumed_list_size
        self._used: set[str] = set()
        self._known: dict[str, int] = {}
        self._variables: Mapping[str, Any] = {}

    def __call__(self, variables: Mapping[str, Any]) -> tuple[int, set[str]]:
        """The cost, and the variables that it depends on."""
        self._variables, self._known, self._used = variables, {}, set()
        definition = self._definition
        root = self._schema.get_root_type(definition.operation)
        assert root is not None
        cost = self._set_cost(definition.selection_set, root, {})
        if definition.operation is OperationType.MUTATION:
            cost += MUTATION_WEIGHT * len(definition.selection_set.selections)
        return cost, self._used

    def _set_cost(self, selections: SelectionSetNode, parent: GraphQLCompositeType, sized: Mapping[str, int]) -> int:
        """What a selection set costs on one object.

        Args:
            sized: sizes for the lists of this object, by field, that the field around it was given.
        """
        common = 0
        by_type: dict[str, int] = {}
        for selection in selections.selections:
            match selection:
                case FieldNode():
                    common += self._field_cost(selection, parent, sized)
                    continue
                case InlineFragmentNode():
                    name = selection.type_condition.name.value if selection.type_condition else parent.name
                    cost = self._set_cost(selection.selection_set, self._composite(name), sized)
                case FragmentSpreadNode():
                    fragment = self._fragments[selection.name.value]
                    name = fragment.type_condition.name.value
                    cost = self._spread_cost(selection.name.value, name, sized)
                case _:
                    continue
            if name != parent.name and isinstance(self._schema.get_type(name), GraphQLObjectType):
                by_type[name] = by_type.get(name, 0) + cost
            else:
                common += cost
        return common + max(by_type.values(), default=0)

    def _spread_cost(self, name: str, condition: str, sized: Mapping[str, int]) -> int:
        if not sized and name in self._known:
            return self._known[name]
        cost = self._set_cost(self._fragments[name].selection_set, self._composite(condition), sized)
        if not sized:
            self._known[name] = cost
        return cost

    def _field_cost(self, node: FieldNode, parent: GraphQLCompositeType, sized: Mapping[str, int]) -> int:
        definition = self._schema.get_field(parent, node.name.value)
        if definition is None or node.name.value.startswith("__"):
            return 0
        place = (parent.name, node.name.value)
        named = get_named_type(definition.type)
        weight = self._rules.fields.get(place)
        if weight is None:
            weight = self._rules.types.get(named.name, 1 if is_composite_type(named) else 0)
        size, sized_below = self._size(place, node, definition, sized)
        if node.selection_set is not None and is_composite_type(named):
            weight += self._set_cost(node.selection_set, named, sized_below)
        return self._arguments_cost(place, node, definition) + size * weight

    def _size(
        self, place: Place, node: FieldNode, definition: GraphQLField, sized: Mapping[str, int]
    ) -> tuple[int, Mapping[str, int]]:
        """How many objects the field may return, and the sizes that it gives to lists of theirs."""
        rule = self._rules.sizes.get(place)
        own: int | None = None
        if rule is not None:
            given = [self._slice(name, node, definition) for name in rule.slicing_arguments]
            own = max((size for size in given if size is not None), default=rule.assumed)
            if rule.sized_fields:
                size = own if own is not None else self._assumed
                return 1, dict.fromkeys(rule.sized_fields, size)
        if not _is_list(definition):
            return 1, {}
        if own is None:
            own = sized.get(node.name.value, self._assumed)
        return max(own, 0), {}

    def _slice(self, name: str, node: FieldNode, definition: GraphQLField) -> int | None:
        """The value of a slicing argument; None if it has none that is a number."""
        for argument in node.arguments or ():
            if argument.name.value == name:
                value = self._value(argument.value)
                return value if isinstance(value, int) and not isinstance(value, bool) else None
        declared = definition.args.get(name)
        literal = declared.default.literal if declared is not None and declared.default is not None else None
        return int(literal.value) if isinstance(literal, IntValueNode) else None

    def _arguments_cost(self, place: Place, node: FieldNode, definition: GraphQLField) -> int:
        cost = 0
        for argument in node.arguments or ():
            cost += self._rules.arguments.get((*place, argument.name.value), 0)
            declared = definition.args.get(argument.name.value)
            if declared is not None and self._rules.fields:
                cost += self._input_cost(declared.type, self._value(argument.value))
        return cost

    def _input_cost(self, declared: GraphQLInputType, value: Any) -> int:
        """The weights of the input fields that a value has."""
        named = get_named_type(declared)
        if not isinstance(named, GraphQLInputObjectType):
            return 0
        if isinstance(value, list):
            return sum(self._input_cost(named, item) for item in value)
        if not isinstance(value, dict):
            return 0
        cost = 0
        for name, item in value.items():
            cost += self._rules.fields.get((named.name, name), 0)
            if name in named.fields:
                cost += self._input_cost(named.fields[name].type, item)
        return cost

    def _value(self, node: ValueNode) -> Any:
        """An argument's value; a variable inside makes the whole estimate depend on it."""
        if isinstance(node, VariableNode):
            self._used.add(node.name.value)
            return self._variables.get(node.name.value)
        used = _variables_in(node)
        self._used.update(used)
        return value_from_ast_untyped(node, dict(self._variables) if used else None)

    def _composite(self, name: str) -> GraphQLCompositeType:
        named = self._schema.get_type(name)
        assert is_composite_type(named)
        return named


def _variables_in(node: ValueNode) -> set[str]:
    found: set[str] = set()
    pending: list[ValueNode] = [node]
    while pending:
        value = pending.pop()
        match value:
            case VariableNode():
                found.add(value.name.value)
            case ListValueNode():
                pending.extend(value.values)
            case ObjectValueNode():
                pending.extend(given.value for given in value.fields)
            case _:
                pass
    return found


def _is_list(definition: GraphQLField) -> bool:
    declared = definition.type
    return is_list_type(declared.of_type if is_non_null_type(declared) else declared)


def _put(into: dict[K, V], key: K, value: V | None) -> None:
    if value is not None:
        into[key] = value


def _weight(directives: Sequence[ConstDirectiveNode] | None, name: str) -> int | None:
    given = _given(directives, name)
    return int(given["weight"]) if given is not None else None


def _size(directives: Sequence[ConstDirectiveNode] | None, name: str) -> ListSize | None:
    given = _given(directives, name)
    if given is None:
        return None
    return ListSize(
        given.get("assumedSize"), tuple(given.get("slicingArguments") or ()), tuple(given.get("sizedFields") or ())
    )


def _given(directives: Sequence[ConstDirectiveNode] | None, name: str) -> dict[str, Any] | None:
    for directive in directives or ():
        if directive.name.value == name:
            return {
                argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()
            }
    return None
