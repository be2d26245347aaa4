"""Two honest subgraphs, which execute what they are asked with graphql-core and answer lists as long as they may be.

`stock` has the lists, `labels` what is computed from its fields: by `@requires`, and by an argument from a context.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    graphql_sync,
    is_abstract_type,
    is_list_type,
    is_object_type,
)

Json = dict[str, Any]

ASSUMED_LIST_SIZE: Final = 10
"""The gateway's default."""

LINK: Final = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize", '
    '"@authenticated", "@requires", "@external", "@context", "@fromContext", "@shareable"])'
)
_OPEN = "requireOneSlicingArgument: false"

STOCK: Final = f"""{LINK}
scalar Any
type Query {{
  me: User
  secret: String @authenticated
  things(first: Int = 10): [Thing!]! @listSize(slicingArguments: ["first"], {_OPEN})
  byIds(ids: [ID!]!): [Thing]
  search(input: Search): [Thing]
  found(first: Int = 5): Found @listSize(slicingArguments: ["first"], sizedFields: ["edges"], {_OPEN})
  bounded(first: Int, last: Int): [Thing] @listSize(slicingArguments: ["first", "last"])
  unsaid: [Thing]
  squared: [[Thing]]
  posts(first: Int = 3): [Post] @listSize(slicingArguments: ["first"], {_OPEN})
  mail(first: Int = 4): [Mail] @listSize(slicingArguments: ["first"], {_OPEN})
  either(first: Int = 3): [Either] @listSize(slicingArguments: ["first"], {_OPEN})
  shelf: Shelf
  check(input: Any): Int @cost(weight: 5)
}}
type Mutation {{ touch: Int, put(inputs: [Put!]): Thing }}
input Search {{ text: String, page: Page = {{ first: 4 }} }}
input Page {{ first: Int = 3 }}
input Put {{ id: ID, grade: Grade = LOW, more: [Put!] }}
enum Grade @cost(weight: 2) {{ LOW HIGH }}
type Found {{ total: Int @cost(weight: 3), edges: [Thing], more: More }}
type More {{ edges: [Thing] @listSize(assumedSize: 2) }}
interface Post {{ id: ID!, title: String, copies(first: Int): [Thing] }}
type Card implements Post {{ id: ID!, title: String, copies(first: Int): [Thing] @listSize(slicingArguments: ["first"], {_OPEN}) }}
type Letter implements Post @authenticated {{
  id: ID!
  title: String @cost(weight: 50)
  copies(first: Int = 30): [Thing] @listSize(slicingArguments: ["first"], {_OPEN})
}}
union Mail = Card | Letter
union Either = Card | Thing
type Shelf @key(fields: "id") @context(name: "shelf") {{ id: ID!, size: Int @cost(weight: 40), boxes(first: Int = 3): [Box!] @listSize(slicingArguments: ["first"], {_OPEN}) }}
type Box @key(fields: "id") {{ id: ID! }}
type Thing @key(fields: "id") {{
  id: ID!
  dear: Int @cost(weight: 90)
  grade: Grade
  things(first: Int = 10): [Thing!]! @listSize(slicingArguments: ["first"], {_OPEN})
}}
type User @key(fields: "id") {{ id: ID!, name: String }}
"""
LABELS: Final = f"""{LINK}
type Thing @key(fields: "id") {{ id: ID!, dear: Int @external, things(first: Int = 10): [Thing!]! @external, label: String @requires(fields: "dear"), sum: Int @requires(fields: "things(first: 5) {{ dear }}") }}
type Shelf @key(fields: "id") @context(name: "shelf") {{ id: ID!, size: Int @external }}
type Box @key(fields: "id") {{ id: ID!, place(size: Int @fromContext(field: "$shelf {{ size }}")): String }}
"""


_SIZED_BY_OTHERS: Final = {
    "byIds(ids: [ID!]!): [Thing]": f'@listSize(slicingArguments: ["ids"], {_OPEN})',
    "search(input: Search): [Thing]": f'@listSize(slicingArguments: ["input.page.first"], {_OPEN})',
}


def with_sizes_of_others(supergraph: str) -> str:
    """The supergraph with sizes that our own composition refuses, by a list's length and by a path, as other tools let them pass."""
    for field, size in _SIZED_BY_OTHERS.items():
        supergraph = supergraph.replace(field, f"{field} {size}")
    return supergraph.replace('sizedFields: ["edges"]', 'sizedFields: ["edges", "more.edges"]')


class HonestSubgraph:
    """Answers what a subgraph with this schema may answer at most; its objects are told apart by their id alone.

    Attributes:
        spent: What the answers so far have cost, counted as they were made: a weight for each value, arguments aside.
    """

    def __init__(self, sdl: str) -> None:
        self.spent = 0
        self._schema = _executable(sdl)
        self._weights = _weights_in(self._schema)

    def answer(self, body: Json) -> Json:
        """The answer to a request."""
        result = graphql_sync(
            self._schema,
            body["query"],
            root_value={},
            variable_values=body.get("variables"),
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        answer: Json = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return answer

    def _resolve(self, source: Json, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return arguments["representations"]
        declared = get_nullable_type(info.return_type)
        value = self._field(source, info.field_name, declared, arguments)
        own = self._weights.get(f"{info.parent_type.name}.{info.field_name}")
        for item in _flat(value):
            type_name = item["__typename"] if isinstance(item, dict) else get_named_type(declared).name
            self.spent += own if own is not None else self._weights.get(type_name, int(isinstance(item, dict)))
        return value

    def _field(self, source: Json, name: str, declared: Any, arguments: Json) -> Any:
        sized = source.get("sized", {})
        count = sized.get(name, _length(arguments))
        inner = {"edges": count, "more": {"edges": count}} if name == "found" else sized.get(name)
        if not is_list_type(declared):
            return source[name] if name in source else self._value(declared, "1", name, inner)
        items = get_nullable_type(declared.of_type)
        if is_list_type(items):
            return [self._list(items.of_type, ASSUMED_LIST_SIZE, name) for _ in range(ASSUMED_LIST_SIZE)]
        return self._list(items, count, name)

    def _list(self, item: Any, count: int, name: str) -> list[Any]:
        return [self._value(item, str(number), name, None) for number in range(count)]

    def _value(self, declared: Any, identity: str, name: str, sized: Any) -> Any:
        named = get_named_type(declared)
        if is_abstract_type(named):
            possible = self._schema.get_possible_types(named)
            named = possible[int(identity) % len(possible)]
        if is_object_type(named):
            return {"__typename": named.name, "id": identity, "sized": sized if isinstance(sized, dict) else {}}
        return {"name": "ann", "secret": "s", "Grade": "LOW"}.get(name if named.name == "String" else named.name, 1)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _weights_in(schema: GraphQLSchema) -> dict[str, int]:
    """What `@cost` says in the text, by type and by coordinate of a field."""
    weights: dict[str, int] = {}
    for name, type_ in schema.type_map.items():
        nodes: dict[str, Any] = {name: type_.ast_node}
        if is_object_type(type_):
            nodes |= {f"{name}.{field}": definition.ast_node for field, definition in type_.fields.items()}
        for coordinate, node in nodes.items():
            for directive in (node.directives or ()) if node is not None else ():
                if directive.name.value == "cost":
                    weights[coordinate] = int(directive.arguments[0].value.value)
    return weights


def _length(arguments: Json) -> int:
    """How long a list may be for these arguments."""
    given: Any = arguments
    if "input" in arguments:
        given = (arguments["input"] or {}).get("page") or {}
    numbers = [given[name] for name in ("first", "last") if given.get(name) is not None]
    numbers += [len(arguments["ids"])] if "ids" in arguments else []
    if not numbers or min(numbers) < 0:
        numbers.append(ASSUMED_LIST_SIZE)
    return max(1, *numbers)


def _executable(sdl: str) -> GraphQLSchema:
    """The schema that a subgraph executes: without federation's own, but with `_entities`."""
    types = re.sub(r"@fromContext\(field: \"[^\"]*\"\)", "", sdl.removeprefix(LINK))
    entities = re.findall(r"type (\w+) @key", types)
    root = "_entities(representations: [_Any!]!): [_Entity]!"
    more = f"scalar _Any\nunion _Entity = {' | '.join(entities)}\n"
    more += f"extend type Query {{ {root} }}" if "type Query" in types else f"type Query {{ {root} }}"
    return build_schema(types + more, assume_valid_sdl=True)
