"""Puts type conditions into the field sets of keys, requirements and provisions: some that exclude nothing, some inside each other."""

import random

from graphql import (
    FieldNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    parse,
    print_ast,
)

from tests.laboratory.worlds.model import Blueprint, Type


def draw_conditions(rnd: random.Random, blueprint: Blueprint) -> None:
    """Wrap parts of field sets in fragments that mean the same, or fewer objects where the set is on an abstract type."""
    for known in blueprint.types.values():
        for place, keys in known.keys.items():
            known.keys[place] = [_Drawing(rnd, blueprint, place, 0.06).text(key, known.name) for key in keys]
        for each in known.fields.values():
            if each.requires:
                each.requires = _Drawing(rnd, blueprint, each.owners[0], 0.2).text(each.requires, known.name)
            for place, provided in each.provides.items():
                each.provides[place] = _Drawing(rnd, blueprint, place, 0.15).text(provided, each.named)


class _Drawing:
    def __init__(self, rnd: random.Random, blueprint: Blueprint, place: str, chance: float) -> None:
        self._rnd = rnd
        self._blueprint = blueprint
        self._place = place
        self._chance = chance

    def text(self, field_set: str, on: str) -> str:
        """The field set of a type, with conditions."""
        definition = parse(f"{{ {field_set} }}").definitions[0]
        assert isinstance(definition, OperationDefinitionNode)
        return " ".join(print_ast(self.inside(definition.selection_set, on)).split())[1:-1].strip()

    def inside(self, selections: SelectionSetNode, on: str) -> SelectionSetNode:
        """The selections on a type, with conditions inside and around some of them."""
        changed = [self._below(selection, on) for selection in selections.selections]
        while self._rnd.random() < self._chance:
            index = self._rnd.randrange(len(changed))
            condition = self._condition(on, changed[index])
            if condition is None:
                break
            changed[index] = InlineFragmentNode(
                type_condition=NamedTypeNode(name=NameNode(value=condition)),
                directives=(),
                selection_set=SelectionSetNode(selections=(changed[index],)),
            )
        return SelectionSetNode(selections=tuple(changed))

    def _below(self, selection: SelectionNode, on: str) -> SelectionNode:
        match selection:
            case FieldNode(selection_set=SelectionSetNode() as below):
                returned = self._blueprint.types[on].fields[selection.name.value].named
                return FieldNode(
                    alias=None,
                    name=selection.name,
                    arguments=selection.arguments,
                    directives=(),
                    selection_set=self.inside(below, returned),
                )
            case InlineFragmentNode(type_condition=NamedTypeNode() as condition):
                return InlineFragmentNode(
                    type_condition=condition,
                    directives=(),
                    selection_set=self.inside(selection.selection_set, condition.name.value),
                )
        return selection

    def _condition(self, on: str, selection: SelectionNode) -> str | None:
        """A type that a selection can be put under: the same, or another with the field, or around fragments any that meets it."""
        known = self._blueprint.types.get(on)
        possible = [on]
        if isinstance(selection, InlineFragmentNode):
            possible += self._abstract_types(on)
        elif isinstance(selection, FieldNode) and known is not None:
            possible += [each.name for each in self._implemented(known) if selection.name.value in each.fields]
        return self._rnd.choice(possible) if possible else None

    def _implemented(self, known: Type) -> list[Type]:
        """The interfaces of an object type in the subgraph, whose fields are there as well."""
        return [self._blueprint.types[name] for name in known.implements.get(self._place, ())]

    def _abstract_types(self, on: str) -> list[str]:
        """The interfaces and unions of the subgraph that have a concrete type with this one in common."""
        blueprint, place = self._blueprint, self._place
        names = [
            each.name
            for each in blueprint.types.values()
            if each.is_interface and place in each.places and place not in each.objects_in
        ]
        names += [name for name, held in blueprint.unions.items() if place in held]
        members = set(blueprint.possible(on, place))
        return [name for name in names if members & set(blueprint.possible(name, place))]
