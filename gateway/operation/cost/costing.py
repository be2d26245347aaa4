"""From a normalised operation to the terms of its cost.

A selection set on an interface or union is split into the fewest groups of concrete types that are asked for the same fields by the same
rules; a group is one alternative. Equal parts of the operation become one term, so that the terms are at most as many as the selections
times the different rules of a field, and no more than `MAX_TERMS`.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)

from gateway.errors import ClientError
from gateway.operation.cost.estimate import (
    ABSENT,
    UNKNOWN,
    Alternative,
    Amount,
    CostLimit,
    FieldTerm,
    InputTerm,
    ObjectTerm,
    OperationCost,
    Size,
    SizeAmount,
    Slice,
    Walk,
    WeightAmount,
    size_of,
)
from gateway.operation.cost.weights import FieldRule, Weights
from gateway.operation.model import Field, Fragment, Operation, Selection
from gateway.supergraph.costs import NOT_GIVEN, CostedInput, Path

MAX_TERMS: Final = 200_000
"""Steps for one operation; 10,000 selections on an interface of twenty differently weighed types, in some 0.5 s."""

Sets = tuple[tuple[Selection, ...], ...]
Sized = tuple[tuple[Path, Size], ...]
"""The sizes that fields further up give to lists from here down, by path."""


def cost_of(operation: Operation, weights: Weights, limit: CostLimit, assumed_list_size: int) -> OperationCost:
    """Return the cost of an operation.

    Args:
        assumed_list_size: Of a list that nothing is said of; at least 1.

    Raises:
        ClientError: QUERY_TOO_COMPLEX, if its types and rules are too many to weigh.
    """
    compiler = Compiler(weights, assumed_list_size)
    root = compiler.object((operation.selections,), operation.root_type, (), weighs_types=False)
    return OperationCost(
        root,
        tuple(compiler.amounts),
        weights.inputs,
        limit,
        open_terms=compiler.open_terms,
        has_stand_in=operation.stand_in is not None,
    )


class Compiler:
    """Makes the terms of one operation, or of one field set.

    Attributes:
        amounts: What the variables decide, in the order of their numbers.
        open_terms: How many terms depend on variables.
    """

    def __init__(self, weights: Weights, assumed_list_size: int) -> None:
        self.amounts: dict[Amount, int] = {}
        self.open_terms = 0
        self._weights = weights
        self._assumed = assumed_list_size
        self._objects: dict[tuple[Any, ...], ObjectTerm] = {}
        self._fields: dict[tuple[Any, ...], FieldTerm] = {}
        self._steps = 0
        self._number = 0
        self._sizes: list[Size] = []

    def object(self, sets: Sets, type_name: str, sized: Sized, *, weighs_types: bool) -> ObjectTerm:
        """The term of one object of a type.

        Args:
            sets: What is selected of it, together.
            weighs_types: Whether the alternatives add how much heavier their types are than the lightest.
        """
        key = (*map(id, sets), type_name, *((path, id(size)) for path, size in sized), weighs_types)
        known = self._objects.get(key)
        if known is not None:
            return known
        groups = self._grouped(sets, type_name, weighs_types=weighs_types)
        alternatives = []
        for (extra, *_), (types, chosen) in groups.items():
            terms = []
            for rule, fields in _merged(chosen):
                terms.append(self._field(rule, fields, type_name, sized))
            alternatives.append(Alternative(types, extra, tuple(terms)))
        constant: int | None = None
        if all(field.constant is not None for alternative in alternatives for field in alternative.fields):
            constant = max(
                alternative.extra + sum(field.constant or 0 for field in alternative.fields)
                for alternative in alternatives
            )
        term = self._objects[key] = ObjectTerm(self._next(), tuple(alternatives), constant)
        return term

    def _grouped(
        self, sets: Sets, type_name: str, *, weighs_types: bool
    ) -> dict[tuple[Any, ...], tuple[frozenset[str], list[tuple[FieldRule, Field]]]]:
        """The fields that count, with their rules, by groups of concrete types that are treated alike."""
        possible = self._weights.possible_types(type_name)
        common: list[tuple[FieldRule, Field]] = []
        special: dict[str, list[tuple[FieldRule, Field]]] = {name: [] for name in possible}
        pending = [(selection, possible, type_name) for selections in sets for selection in selections]
        pending.reverse()
        while pending:
            selection, types, written_on = pending.pop()
            self._spend(1)
            if isinstance(selection, Fragment):
                narrowed = types & self._weights.possible_types(selection.type_condition)
                if narrowed:
                    inner = [(each, narrowed, selection.type_condition) for each in selection.selections]
                    pending.extend(reversed(inner))
                continue
            if selection.refusal is not None or selection.name.startswith("__"):
                continue
            for rule, ruled in self._weights.alternatives(written_on, selection.name):
                affected = types & ruled
                if not affected or rule.is_free:
                    continue
                if len(affected) == len(possible):
                    common.append((rule, selection))
                    continue
                self._spend(len(affected))
                for name in affected:
                    special[name].append((rule, selection))
        grouped: dict[tuple[Any, ...], set[str]] = {}
        for name, chosen in special.items():
            extra = self._weights.surplus(type_name, name) if weighs_types else 0
            grouped.setdefault((extra, *((id(rule), id(field)) for rule, field in chosen)), set()).add(name)
        return {key: (frozenset(types), common + special[next(iter(types))]) for key, types in grouped.items()}

    def _field(self, rule: FieldRule, fields: tuple[Field, ...], parent: str, sized: Sized) -> FieldTerm:
        first = fields[0]
        reaching = tuple((path[1:], size) for path, size in sized if path[0] == first.name)
        key = (id(rule), *map(id, fields), *((path, id(size)) for path, size in reaching))
        known = self._fields.get(key)
        if known is not None:
            return known
        self._spend(1)
        field = rule.field
        coordinate = f"{parent}.{first.name}"
        arguments = dict(first.arguments)
        directive = self._directive_size(rule, coordinate, arguments)
        enclosing = tuple(size for path, size in reaching if not path)
        size = self._list_size(coordinate, directive, enclosing) if field.list_depth else None
        below = tuple((path, size) for path, size in reaching if path)
        if directive is not None and field.size is not None:
            below += tuple((path, directive) for path in field.size.sized)
        inner: ObjectTerm | None = None
        if self._weights.is_composite(field.type_name):
            sets = tuple(each.selections for each in fields)
            inner = self.object(sets, field.type_name, below, weighs_types=rule.weight is None)
        weight = rule.weight if rule.weight is not None else self._weights.base(field.type_name)
        term = FieldTerm(
            self._next(),
            first.answer_name,
            coordinate,
            size,
            self._assumed ** max(0, field.list_depth - 1),
            field.list_depth,
            weight,
            self._arguments(field.arguments, arguments),
            rule.needs,
            inner,
            None,
        )
        term = self._folded(term)
        self.open_terms += term.constant is None
        self._fields[key] = term
        return term

    def _folded(self, term: FieldTerm) -> FieldTerm:
        """The term with its cost, if no variable changes it and nothing that a client has to give is missing."""
        depends = term.arguments.amounts or term.arguments.parts or (term.size is not None and _depends(term.size))
        if depends or (term.object is not None and term.object.constant is None):
            return term
        walk = Walk((), is_enforced=True)
        try:
            cost = walk.field(term)
        except ClientError:
            return term
        return FieldTerm(
            term.number, term.response_name, term.coordinate, term.size, term.inner, term.depth, term.weight,
            term.arguments, term.needs, term.object, cost,
        )  # fmt: skip

    def _list_size(self, coordinate: str, directive: Size | None, enclosing: tuple[Size, ...]) -> Size:
        if directive is None:
            return Size(coordinate, (), (), 0 if enclosing else self._assumed, False, enclosing)
        if not enclosing:
            return directive
        return Size(coordinate, directive.names, directive.slices, directive.own, directive.requires_one, enclosing)

    def _directive_size(self, rule: FieldRule, coordinate: str, arguments: Mapping[str, ValueNode]) -> Size | None:
        """What the field's own `@listSize` says; None without one."""
        said = rule.field.size
        if said is None:
            return None
        declared = {argument.name: argument for argument in rule.field.arguments}
        slices = tuple(
            self._slice(declared[path[0]], path[1:], arguments.get(path[0]))
            for path in said.slicing
            if path[0] in declared
        )
        own = said.assumed if said.assumed is not None else self._assumed
        names = tuple(".".join(path) for path in said.slicing)
        size = Size(coordinate, names, slices, own, said.requires_one)
        self._sizes.append(size)  # Kept, since terms are looked up by the identity of their sizes.
        return size

    def _slice(self, slot: CostedInput, path: Path, node: ValueNode | None) -> Slice:
        """What bounds a list: an argument's value, or a number further inside of it."""
        while True:
            default = self._default_size(slot, path)
            match node:
                case None:
                    return Slice(None, ABSENT, default)
                case VariableNode():
                    steps = self._steps_to(slot, path)
                    last = steps[-1] if steps else slot
                    amount = SizeAmount(node.name.value, steps, is_list=bool(last.list_depth))
                    return Slice(self._amount(amount), ABSENT, default)
                case ObjectValueNode() if path:
                    field = self._weights.inputs.field(slot.type_name, path[0])
                    assert field is not None
                    node = next((given.value for given in node.fields if given.name.value == path[0]), None)
                    slot, path = field, path[1:]
                case _:
                    return Slice(
                        None, _literal_size(node, is_list=bool(slot.list_depth)) if not path else UNKNOWN, default
                    )

    def _default_size(self, slot: CostedInput, path: Path) -> int:
        """The size where an argument or input field is not given."""
        value, last = slot.default, slot
        for name in path:
            field = self._weights.inputs.field(last.type_name, name)
            if field is None or not isinstance(value, dict):
                return UNKNOWN
            value, last = value.get(name, field.default), field
        return UNKNOWN if value is NOT_GIVEN else size_of(value, is_list=bool(last.list_depth))

    def _steps_to(self, slot: CostedInput, path: Path) -> tuple[CostedInput, ...]:
        """The input fields from a slot to the number in it."""
        steps: list[CostedInput] = []
        for name in path:
            field = self._weights.inputs.field(slot.type_name, name)
            assert field is not None
            steps.append(field)
            slot = field
        return tuple(steps)

    def _arguments(self, declared: tuple[CostedInput, ...], given: Mapping[str, ValueNode]) -> InputTerm:
        inputs = self._weights.inputs
        constant = 0
        parts: list[InputTerm] = []
        for slot in declared:
            if not inputs.counts(slot):
                continue
            node = given.get(slot.name)
            if node is None:
                constant += inputs.default_of(slot)
                continue
            part = self._input(node, slot.type_name, slot.list_depth, inputs.own(slot), inputs.default_of(slot))
            if part.amounts or part.parts:
                parts.append(part)
            else:
                constant += part.constant
        return InputTerm(constant, parts=tuple(parts))

    def _input(self, node: ValueNode, type_name: str, depth: int, own: int, absent: int) -> InputTerm:
        """The weight of a value in the document.

        Args:
            absent: The weight where the value is a variable that the request does not give.
        """
        inputs = self._weights.inputs
        self._spend(1)
        if isinstance(node, VariableNode):
            return InputTerm(0, (self._amount(WeightAmount(node.name.value, type_name, depth, own, absent)),))
        if isinstance(node, NullValueNode):
            return InputTerm(0)
        counted = inputs.counted(type_name)
        if depth and isinstance(node, ListValueNode) and node.values:
            return _summed(
                [self._input(item, type_name, depth - 1, own, 0) for item in node.values], 0, is_floored=False
            )
        if not counted or not isinstance(node, ObjectValueNode):
            return InputTerm(own)
        given = {field.name.value: field.value for field in node.fields}
        parts: list[InputTerm] = []
        constant = own
        for slot in counted:
            default = inputs.default_of_field(type_name, slot)
            if slot.name in given:
                parts.append(self._input(given[slot.name], slot.type_name, slot.list_depth, inputs.own(slot), default))
            else:
                constant += default
        return _summed(parts, constant, is_floored=True)

    def _amount(self, amount: Amount) -> int:
        return self.amounts.setdefault(amount, len(self.amounts))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_TERMS:
            raise ClientError("The operation's cost takes too many steps to work out.", code="QUERY_TOO_COMPLEX")


def _merged(chosen: list[tuple[FieldRule, Field]]) -> list[tuple[FieldRule, tuple[Field, ...]]]:
    """Fields of one response name together, as execution merges them."""
    merged: dict[tuple[int, str], tuple[FieldRule, tuple[Field, ...]]] = {}
    for rule, field in chosen:
        key = (id(rule), field.response_name)
        known = merged.get(key)
        merged[key] = (rule, (*known[1], field) if known is not None else (field,))
    return list(merged.values())


def _summed(parts: list[InputTerm], constant: int, *, is_floored: bool) -> InputTerm:
    open_parts = []
    for part in parts:
        if part.amounts or part.parts:
            open_parts.append(part)
        else:
            constant += part.constant
    if not open_parts:
        return InputTerm(max(constant, 0) if is_floored else constant)
    return InputTerm(constant, parts=tuple(open_parts), is_floored=is_floored)


def _depends(size: Size) -> bool:
    return any(sliced.amount is not None for sliced in size.slices) or any(_depends(each) for each in size.enclosing)


def _literal_size(node: ValueNode, *, is_list: bool) -> int:
    match node:
        case ListValueNode():
            return len(node.values)
        case NullValueNode() | ObjectValueNode():
            return UNKNOWN
        case _:
            return size_of(value_from_ast_untyped(node), is_list=is_list)
