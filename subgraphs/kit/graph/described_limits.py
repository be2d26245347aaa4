"""What may be sent, in the descriptions of arguments and input fields, so that a client reads it where it reads the type.

The sentences come from the rules that refuse: `kit.runtime.rules` in the annotation, `@maxItems` on a list. None is written by hand.
"""

from typing import Any

from graphql import GraphQLList, GraphQLSchema

from subgraphs.kit.graph.input_checks import annotation_of, parts_of
from subgraphs.kit.graph.inputs import Input, inputs_of
from subgraphs.kit.graph.list_bounds import limit_of


def describe_limits(schema: GraphQLSchema) -> None:
    """Add what each argument and input field may hold to its description."""
    for _, given in inputs_of(schema):
        sentences = [given.description.rstrip(".") if given.description else "", *limits_of(given)]
        given.description = ". ".join(filter(None, sentences)) or None


def limits_of(given: Input) -> list[str]:
    """Return what an argument or input field may hold: the number of its items, then the rule of each, or of the value itself."""
    limit = limit_of(given)
    sentences = [f"At most {limit} items"] if limit is not None else []
    return [*sentences, *_rules_of(given.type, annotation_of(given))]


def _rules_of(type_: Any, annotation: Any) -> list[str]:
    bare, inner, rule = parts_of(type_, annotation)
    sentences = [rule.description] if rule is not None else []
    if isinstance(bare, GraphQLList):
        return [*sentences, *(f"Each: {each[0].lower()}{each[1:]}" for each in _rules_of(bare.of_type, inner))]
    return sentences
