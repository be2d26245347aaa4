"""The weights of a supergraph by concrete type, made once when it is loaded; nothing of it changes afterwards."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from gateway.supergraph.costs import NOT_GIVEN, CostedField, CostedInput, CostRules

T = TypeVar("T")

INPUT_OBJECT_WEIGHT = 1
OBJECT_WEIGHT = 1


@dataclass(frozen=True, slots=True)
class FieldRule:
    """All that one field of some concrete types says of its cost; fields that say the same share the object.

    Attributes:
        weight: Of the field itself, at least 0; None where the type that it returns decides.
        needs: The cost of what its `@requires` and `@fromContext` fetch, and of being a mutation.
        is_free: Whether it costs nothing whatever is asked of it: a leaf without weight, needs or arguments that count.
    """

    field: CostedField
    weight: int | None
    needs: int
    is_free: bool


class InputWeights:
    """Weighs values of arguments: of literals' parts and of variables, as Python has them.

    Args:
        rules: The supergraph's.

    Attributes:
        is_monotone: Whether no value makes another one weigh less, so that a walk over values may end at a limit.
    """

    def __init__(self, rules: CostRules) -> None:
        self._rules = rules
        slots = [slot for fields in rules.inputs.values() for slot in fields.values()]
        slots += [slot for field in rules.fields.values() for slot in field.arguments]
        self.is_monotone = all(self.own(slot) >= 0 for slot in slots)
        self._defaults: dict[tuple[str, str], int] = {}
        self._counted: dict[str, tuple[CostedInput, ...]] = {}
        for type_name, fields in rules.inputs.items():
            for slot in fields.values():
                self._default_of_field(type_name, slot)
        for type_name, fields in rules.inputs.items():
            self._counted[type_name] = tuple(slot for slot in fields.values() if self.counts(slot))

    def own(self, slot: CostedInput) -> int:
        """The weight of one value of an argument or input field, without what is inside it."""
        return self._own_of(slot.weight, slot.type_name)

    def counts(self, slot: CostedInput) -> bool:
        """Whether any value of the slot weighs something."""
        return slot.type_name in self._rules.inputs or self.own(slot) != 0

    def field(self, type_name: str, name: str) -> CostedInput | None:
        """A field of an input type."""
        return self._rules.inputs.get(type_name, {}).get(name)

    def counted(self, type_name: str) -> tuple[CostedInput, ...] | None:
        """The fields of an input type whose values weigh something; None if it is no input type."""
        return self._counted.get(type_name)

    def default_of(self, slot: CostedInput) -> int:
        """The weight of an argument's default value; 0 without one."""
        if slot.default is NOT_GIVEN:
            return 0
        return self.weigh(slot.default, slot.type_name, slot.list_depth, self.own(slot))

    def default_of_field(self, type_name: str, slot: CostedInput) -> int:
        """The weight of an input field's default value; 0 without one."""
        return self._defaults[type_name, slot.name]

    def weigh(self, value: Any, type_name: str, depth: int, own: int, stop: int | None = None) -> int:
        """The weight of a value.

        Args:
            depth: How many lists are around the named type.
            own: The weight of each item.
            stop: The walk may end when the weight is above this; None walks all of it. Only where `is_monotone`.
        """
        if value is None:
            return 0
        counted = self._counted.get(type_name)
        if depth and isinstance(value, list) and value:
            if depth == 1 and not counted:
                return own * len(value)
            total = 0
            for item in value:
                total += self.weigh(item, type_name, depth - 1, own, stop)
                if stop is not None and total > stop:
                    break
            return total
        if not counted or not isinstance(value, dict):
            return own
        total = own
        for slot in counted:
            given = value.get(slot.name, NOT_GIVEN)
            if given is NOT_GIVEN:
                total += self._defaults[type_name, slot.name]
            else:
                total += self.weigh(given, slot.type_name, slot.list_depth, self.own(slot), stop)
        return max(total, 0)

    def _own_of(self, weight: int | None, type_name: str) -> int:
        if weight is not None:
            return weight
        return self._rules.types.get(type_name, INPUT_OBJECT_WEIGHT if type_name in self._rules.inputs else 0)

    def _default_of_field(self, type_name: str, slot: CostedInput) -> int:
        """The default's weight; defaults that contain themselves, which no valid schema has, end at themselves."""
        place = (type_name, slot.name)
        if place not in self._defaults:
            self._defaults[place] = 0
            self._defaults[place] = self._weigh_default(slot.default, slot.type_name, slot.list_depth, self.own(slot))
        return self._defaults[place]

    def _weigh_default(self, value: Any, type_name: str, depth: int, own: int) -> int:
        if value is NOT_GIVEN or value is None:
            return 0
        if depth and isinstance(value, list) and value:
            return sum(self._weigh_default(item, type_name, depth - 1, own) for item in value)
        fields = self._rules.inputs.get(type_name)
        if fields is None or not isinstance(value, dict):
            return own
        total = own
        for slot in fields.values():
            given = value.get(slot.name, NOT_GIVEN)
            if given is NOT_GIVEN:
                total += self._default_of_field(type_name, slot)
            else:
                total += self._weigh_default(given, slot.type_name, slot.list_depth, self.own(slot))
        return max(total, 0)


class Weights:
    """The rules of a supergraph, seen from the concrete types. Made by `needs.weights_of`, and complete from then on.

    Attributes:
        inputs: Weighs the values of arguments.
    """

    def __init__(
        self,
        rules: CostRules,
        possible_types: Mapping[str, frozenset[str]],
        interfaces: Mapping[str, frozenset[str]],
    ) -> None:
        self.inputs = InputWeights(rules)
        self._rules = rules
        self._possible = possible_types
        self._interfaces = interfaces
        self._needs: Callable[[str, str], int] = lambda _type, _field: 0
        self._interned: dict[FieldRule, FieldRule] = {}
        self._alternatives: dict[tuple[str, str], tuple[tuple[FieldRule, frozenset[str]], ...]] = {}

    def complete(self, needs: Callable[[str, str], int]) -> None:
        """Work out every rule.

        Args:
            needs: Gives the cost of what a field of an object type needs; may ask for `alternatives` meanwhile.
        """
        self._needs = needs
        for type_name, field_name in self._rules.fields:
            self.alternatives(type_name, field_name)

    def possible_types(self, name: str) -> frozenset[str]:
        """The object types that a value of the type can have; an interface that no type implements stands for itself."""
        return self._possible.get(name) or frozenset({name})

    def alternatives(self, type_name: str, field_name: str) -> tuple[tuple[FieldRule, frozenset[str]], ...]:
        """What a field, selected on this type, may turn out to be: each rule with the object types that it holds for."""
        place = (type_name, field_name)
        known = self._alternatives.get(place)
        if known is None:
            if place not in self._rules.fields or type_name not in self._possible:
                return ()
            known = self._alternatives[place] = tuple(self._by_rule(type_name, field_name))
        return known

    def is_composite(self, type_name: str) -> bool:
        """Whether it is an object type, interface or union."""
        return type_name in self._possible

    def base(self, type_name: str) -> int:
        """The least weight of a value of the type, over its possible types."""
        if not self.is_composite(type_name):
            return max(0, self._rules.types.get(type_name, 0))
        return min(self._weight(type_name, concrete) for concrete in self.possible_types(type_name))

    def surplus(self, type_name: str, concrete: str) -> int:
        """How much heavier than `base` a value of this concrete type is."""
        return self._weight(type_name, concrete) - self.base(type_name)

    def _weight(self, type_name: str, concrete: str) -> int:
        weight = self._rules.types.get(concrete)
        if weight is None:
            weight = self._rules.types.get(type_name, OBJECT_WEIGHT)
        return max(0, weight)

    def _by_rule(self, type_name: str, field_name: str) -> Iterator[tuple[FieldRule, frozenset[str]]]:
        by_rule: dict[FieldRule, list[str]] = {}
        for concrete in sorted(self.possible_types(type_name)):
            rule = self._rule(self._said(type_name, concrete, field_name), self._needs(concrete, field_name))
            by_rule.setdefault(rule, []).append(concrete)
        for rule, types in by_rule.items():
            yield rule, frozenset(types)

    def _said(self, type_name: str, concrete: str, field_name: str) -> CostedField:
        """All that is said of a field of a concrete type: by itself, or else by the interfaces that have the field.

        A field that comes from an interface object is said nothing of elsewhere.
        """
        owners = dict.fromkeys((concrete, type_name, *sorted(self._interfaces.get(concrete, ()))))
        known = [field for owner in owners if (field := self._rules.fields.get((owner, field_name))) is not None]
        first = known[0]
        arguments = tuple(
            replace(
                argument,
                weight=_first(
                    other.weight for field in known for other in field.arguments if other.name == argument.name
                ),
            )
            for argument in first.arguments
        )
        return replace(
            first,
            weight=_first(field.weight for field in known),
            size=_first(field.size for field in known),
            arguments=arguments,
        )

    def _rule(self, field: CostedField, needs: int) -> FieldRule:
        weight = field.weight
        is_free = (
            not self.is_composite(field.type_name)
            and (weight if weight is not None else self.base(field.type_name)) <= 0
            and not needs
            and not any(self.inputs.counts(argument) for argument in field.arguments)
            and not (field.size is not None and field.size.requires_one and field.size.slicing)
        )
        rule = FieldRule(field, max(0, weight) if weight is not None else None, needs, is_free)
        return self._interned.setdefault(rule, rule)


def _first(values: Iterable[T | None]) -> T | None:
    """The first value that is said."""
    return next((value for value in values if value is not None), None)
