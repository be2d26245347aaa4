"""What `@cost` and `@listSize` say in a supergraph: weights, sizes of lists, and the shape of fields and inputs that they apply to.

Hidden fields, arguments and inputs are read as well: requirements select them, and defaults of hidden inputs reach the subgraphs.

Source: https://specs.apollo.dev/cost/v0.1/ and https://ibm.github.io/graphql-specs/cost-spec.html
"""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    print_ast,
    value_from_ast_untyped,
)

from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.features import read_features, unlinked_use
from gateway.supergraph.input_types import wrapped

Path = tuple[str, ...]
"""A way through fields, or through an argument and the fields of its value."""

NOT_GIVEN: Final = object()
"""The default of an argument or input field that has none."""

_NO_NUMBERS: Final = frozenset({"String", "Boolean", "ID"})


@dataclass(frozen=True, slots=True)
class ListSize:
    """What `@listSize` says of a field.

    Attributes:
        assumed: Items of the list where no slicing argument says how many.
        slicing: Paths to the numbers, or lists, that bound the list.
        sized: Paths to the lists below the field that have the same size.
        requires_one: Whether a client has to give exactly one slicing argument.
    """

    assumed: int | None
    slicing: tuple[Path, ...]
    sized: tuple[Path, ...]
    requires_one: bool


@dataclass(frozen=True, slots=True)
class CostedInput:
    """An argument or an input field.

    Attributes:
        list_depth: How many lists are around the named type.
        weight: None without `@cost`.
        default: The value as Python has it; `NOT_GIVEN` without a default.
        default_text: The value as GraphQL text, which two inputs are compared by.
    """

    name: str
    type_name: str
    list_depth: int
    weight: int | None
    default: Any = field(default=NOT_GIVEN, compare=False)
    default_text: str | None = None


@dataclass(frozen=True, slots=True)
class CostedField:
    """A field of an object type or an interface.

    Attributes:
        list_depth: How many lists are around the named type.
        weight: None without `@cost`.
        size: None without `@listSize`.
    """

    type_name: str
    list_depth: int
    weight: int | None
    size: ListSize | None
    arguments: tuple[CostedInput, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CostRules:
    """The weights and sizes of a supergraph.

    Attributes:
        types: Weight by type, of those that have one.
        fields: By (type, field).
        inputs: The fields of each input type, by name.
        unlinked: Directives of costs that the supergraph uses without linking the specification, with ``@``.
    """

    types: Mapping[str, int]
    fields: Mapping[tuple[str, str], CostedField]
    inputs: Mapping[str, Mapping[str, CostedInput]]
    unlinked: tuple[str, ...] = ()


def read_cost_rules(document: DocumentNode) -> CostRules:
    """Return what a supergraph says of costs.

    A supergraph that uses the directives without linking their specification is read as if it did, and `unlinked` names them.

    Raises:
        SupergraphError: INVALID_COST_DIRECTIVE, with the place, where a weight or size cannot be read or sizes nothing.
    """
    features = read_features(document)
    feature = features.get("cost")
    names = {name: feature.directive(name) if feature is not None else name for name in ("cost", "listSize")}
    unlinked = tuple(f"@{name}" for name in names if unlinked_use(document, features, name) is not None)
    if feature is not None:
        # The specification is linked, and a directive goes by another name than the link gives it.
        names = {name: name if f"@{name}" in unlinked else called for name, called in names.items()}
    return _Reader(document, cost=names["cost"], list_size=names["listSize"]).read(unlinked)


class _Reader:
    def __init__(self, document: DocumentNode, *, cost: str, list_size: str) -> None:
        self._document = document
        self._cost = cost
        self._list_size = list_size
        self._types: dict[str, int] = {}
        self._fields: dict[tuple[str, str], CostedField] = {}
        self._inputs: dict[str, dict[str, CostedInput]] = {}
        self._members: dict[str, list[str]] = {}
        self._sized: list[tuple[str, CostedField, ConstDirectiveNode]] = []

    def read(self, unlinked: tuple[str, ...]) -> CostRules:
        for node in self._document.definitions:
            match node:
                case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                    self._read_type_weight(node.name.value, node.directives)
                    for interface in node.interfaces or ():
                        self._members.setdefault(interface.name.value, []).append(node.name.value)
                    for defined in node.fields or ():
                        self._read_field(node.name.value, defined)
                case InputObjectTypeDefinitionNode():
                    self._inputs[node.name.value] = {
                        given.name.value: self._read_input(given) for given in node.fields or ()
                    }
                case ScalarTypeDefinitionNode() | EnumTypeDefinitionNode():
                    self._read_type_weight(node.name.value, node.directives)
                case UnionTypeDefinitionNode():
                    self._read_type_weight(node.name.value, node.directives)
                    self._members[node.name.value] = [member.name.value for member in node.types or ()]
                case _:
                    pass
        for coordinate, known, directive in self._sized:
            assert known.size is not None
            for path in known.size.slicing:
                self._check_slicing(coordinate, known, path, directive)
            for path in known.size.sized:
                self._check_sized(coordinate, known.type_name, path, directive)
        return CostRules(self._types, self._fields, self._inputs, unlinked)

    def _read_type_weight(self, name: str, directives: Sequence[ConstDirectiveNode] | None) -> None:
        weight = self._weight(directives)
        if weight is not None:
            self._types[name] = weight

    def _read_field(self, type_name: str, node: FieldDefinitionNode) -> None:
        returned, depth = _named(node.type)
        directive = _applied(node.directives, self._list_size)
        known = CostedField(
            returned,
            depth,
            self._weight(node.directives),
            self._size(directive) if directive is not None else None,
            tuple(self._read_input(argument) for argument in node.arguments or ()),
        )
        self._fields[type_name, node.name.value] = known
        if directive is not None:
            self._sized.append((f"{type_name}.{node.name.value}", known, directive))

    def _read_input(self, node: InputValueDefinitionNode) -> CostedInput:
        type_name, depth = _named(node.type)
        default: Any = NOT_GIVEN
        if node.default_value is not None:
            default = value_from_ast_untyped(node.default_value)
        text = print_ast(node.default_value) if node.default_value is not None else None
        return CostedInput(node.name.value, type_name, depth, self._weight(node.directives), default, text)

    def _weight(self, directives: Sequence[ConstDirectiveNode] | None) -> int | None:
        """The weight of an element; IBM's specification writes it as a string with a fraction, which is rounded up."""
        directive = _applied(directives, self._cost)
        if directive is None:
            return None
        given = _arguments(directive).get("weight")
        weight = math.nan
        if isinstance(given, int | float | str) and not isinstance(given, bool):
            with contextlib.suppress(ValueError):
                weight = float(given)
        if not math.isfinite(weight):
            _refuse(f"@{self._cost} has no weight that is a number", directive)
        return math.ceil(weight)

    def _size(self, directive: ConstDirectiveNode) -> ListSize:
        given = _arguments(directive)
        assumed = given.get("assumedSize")
        if assumed is not None and (isinstance(assumed, bool) or not isinstance(assumed, int) or assumed < 0):
            _refuse(f"@{self._list_size} assumes a size that is no number of items: {assumed!r}", directive)
        return ListSize(
            assumed,
            self._paths(given.get("slicingArguments"), directive),
            self._paths(given.get("sizedFields"), directive),
            given.get("requireOneSlicingArgument") is not False,
        )

    def _paths(self, given: Any, directive: ConstDirectiveNode) -> tuple[Path, ...]:
        names = [given] if isinstance(given, str) else given or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            _refuse(f"@{self._list_size} names something that is no name: {given!r}", directive)
        return tuple(tuple(name.split(".")) for name in names)

    def _check_slicing(self, coordinate: str, known: CostedField, path: Path, directive: ConstDirectiveNode) -> None:
        declared: Mapping[str, CostedInput] = {argument.name: argument for argument in known.arguments}
        slot: CostedInput | None = None
        for name in path:
            if slot is not None and slot.list_depth:
                slot = None
                break
            slot = declared.get(name)
            if slot is None:
                break
            declared = self._inputs.get(slot.type_name, {})
        shown = ".".join(path)
        if slot is None:
            _refuse(f'{coordinate} is sized by "{shown}", and has no such argument', directive)
        is_number = slot.type_name not in _NO_NUMBERS and slot.type_name not in self._inputs
        if slot.list_depth > 1 or (not slot.list_depth and not is_number):
            _refuse(f'{coordinate} is sized by "{shown}", which is neither a number nor a list of values', directive)

    def _check_sized(self, coordinate: str, type_name: str, path: Path, directive: ConstDirectiveNode) -> None:
        found: list[CostedField] = []
        types = [type_name]
        for name in path:
            found = [
                known for type_ in self._all_types(types) if (known := self._fields.get((type_, name))) is not None
            ]
            types = [known.type_name for known in found]
        shown = ".".join(path)
        if not found:
            _refuse(f'{coordinate} sizes "{shown}", and there is no such field below it', directive)
        if not any(known.list_depth for known in found):
            _refuse(f'{coordinate} sizes "{shown}", which is no list', directive)

    def _all_types(self, types: Sequence[str]) -> Iterator[str]:
        for name in dict.fromkeys(types):
            yield name
            yield from self._members.get(name, ())


def _named(node: TypeNode) -> tuple[str, int]:
    """The named type, and how many lists are around it."""
    name, wrappers = wrapped(node)
    return name, wrappers.count("[")


def _applied(directives: Sequence[ConstDirectiveNode] | None, name: str) -> ConstDirectiveNode | None:
    return next((directive for directive in directives or () if directive.name.value == name), None)


def _arguments(directive: ConstDirectiveNode) -> dict[str, Any]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def _refuse(message: str, directive: ConstDirectiveNode) -> NoReturn:
    raise SupergraphError.at(directive, message, code="INVALID_COST_DIRECTIVE")
