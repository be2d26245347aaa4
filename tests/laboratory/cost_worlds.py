"""Random schemas with weights and sizes, random operations on them, and an executor that sums what it really does.

The executor is graphql-core over made-up data, whose lists are as long as `@listSize` lets them be, at most. Each resolver adds what its
field costs, by a reading of the rules that shares no code with the gateway's.
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLResolveInfo,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
    validate,
)
from graphql.execution import execute_sync

from tests.laboratory.costs import CostedSchema, supergraph_of

ASSUMED_LIST_SIZE: Final = 4
OBJECTS: Final = ("A", "B", "C")
MUTATION_COST: Final = 10
Json = dict[str, Any]


@dataclass(slots=True)
class CostWorld:
    """A random schema.

    Attributes:
        costed: The schema as the gateway reads it.
        spent: What the execution under way has cost so far.
    """

    random: Random
    weights: dict[str, int]
    sizes: dict[str, Json]
    costed: CostedSchema
    spent: int = 0
    shown: str = field(default="")

    def execute(self, text: str, variables: Json) -> Any:
        """The data that the made-up subgraphs answer; `spent` is what it cost."""
        document = parse(text)
        assert not validate(self.costed.supergraph.api, document), text
        self.spent = 0
        result = execute_sync(
            self.costed.supergraph.api,
            document,
            root_value={},
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: value["__typename"],
            variable_values=variables,
        )
        assert not result.errors, (text, result.errors)
        return result.data

    def _resolve(self, source: Json, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        declared = info.return_type.of_type if is_non_null_type(info.return_type) else info.return_type
        size = self.sizes.get(coordinate, {})
        bound = self._bound(size, arguments)
        enclosing = source.get("__sized", {}).get(info.field_name)
        value: Any
        if is_list_type(declared):
            from_own = bound if size or enclosing is None else 0
            longest = max(1, from_own, enclosing or 0)
            count = self.random.choice((longest, longest, self.random.randint(0, longest)))
            value = [self._item(declared, size, bound) for _ in range(count)]
        else:
            value = self._item(declared, size, bound)
        items = [item for item in (value if isinstance(value, list) else [value]) if item is not None]
        own = self.weights.get(coordinate)
        total = sum(self._argument_cost(info, name, given) for name, given in arguments.items())
        for item in items:
            type_name = item["__typename"] if isinstance(item, dict) else get_named_type(declared).name
            default = 1 if isinstance(item, dict) else 0
            total += max(0, own if own is not None else self.weights.get(type_name, default))
        self.spent += max(0, total) + (MUTATION_COST if info.parent_type.name == "Mutation" else 0)
        return value

    def _item(self, declared: Any, size: Json, bound: int) -> Any:
        named = get_named_type(declared)
        if self.random.random() < 0.1:
            return None
        if is_abstract_type(named):
            named = self.random.choice(list(self.costed.supergraph.api.get_possible_types(named)))
        if not is_object_type(named):
            return "X" if named.name == "Mode" else 7
        return {"__typename": named.name, "__sized": dict.fromkeys(size.get("sizedFields", ()), bound)}

    def _bound(self, size: Json, arguments: Json) -> int:
        """What a list may have at most by its own directive and what is given to it, defaults included."""
        given = [arguments[name] for name in size.get("slicingArguments", ()) if arguments.get(name) is not None]
        if not given or min(given) < 0:
            given.append(size.get("assumedSize", ASSUMED_LIST_SIZE))
        return max(given)

    def _argument_cost(self, info: GraphQLResolveInfo[Any], name: str, value: Any) -> int:
        declared = info.parent_type.fields[info.field_name].args[name].type
        return self._input_cost(declared, f"{info.parent_type.name}.{info.field_name}.{name}", value)

    def _input_cost(self, declared: Any, slot: str, value: Any) -> int:
        if value is None:
            return 0
        if isinstance(value, list) and value:
            return sum(self._input_cost(declared, slot, item) for item in value)
        named = get_named_type(declared)
        own = self.weights.get(slot, self.weights.get(named.name, 1 if named.name == "In" else 0))
        if isinstance(value, dict):
            inside = sum(self._input_cost(named.fields[n].type, f"{named.name}.{n}", v) for n, v in value.items())
            return max(0, own + inside)
        return own


def draw_cost_world(random: Random) -> CostWorld:
    """A schema with an interface, a union, inputs with defaults, and weights and sizes at random."""
    weights: dict[str, int] = {}
    sizes: dict[str, Json] = {}

    def cost(coordinate: str, *, chance: float = 0.3, least: int = -2) -> str:
        if random.random() > chance:
            return ""
        weights[coordinate] = random.randint(least, 6)
        return f" @cost(weight: {weights[coordinate]})"

    def listed(coordinate: str, slicing: tuple[str, ...], sized: tuple[str, ...] = ()) -> str:
        if random.random() < 0.3 and not sized:
            return ""
        said: Json = {}
        if random.random() < 0.5:
            said["assumedSize"] = random.randint(0, 6)
        if slicing and random.random() < 0.8:
            said["slicingArguments"] = list(slicing)
        if sized:
            said["sizedFields"] = list(sized)
        sizes[coordinate] = said
        told = ", ".join(f"{name}: {json.dumps(value)}" for name, value in said.items())
        return f" @listSize({told}{', ' if told else ''}requireOneSlicingArgument: false)"

    def fields(owner: str) -> str:
        default = random.choice(("", " = 3", " = 0"))
        return f"""
          n(by: Int{cost(f"{owner}.n.by")}): Int{cost(f"{owner}.n")}
          mode: Mode{cost(f"{owner}.mode")}
          modes: [Mode]{cost(f"{owner}.modes")}{listed(f"{owner}.modes", ())}
          one(in: In{cost(f"{owner}.one.in")}): I{cost(f"{owner}.one")}
          many(first: Int{default}, last: Int): [I]{cost(f"{owner}.many")}{listed(f"{owner}.many", ("first", "last"))}
          any(first: Int): [U]{cost(f"{owner}.any")}{listed(f"{owner}.any", ("first",))}
          page(first: Int = 2): Page{cost(f"{owner}.page")}{listed(f"{owner}.page", ("first",), ("edges",))}
        """

    shared = "n(by: Int): Int mode: Mode modes: [Mode] one(in: In): I many(first: Int, last: Int): [I]"
    objects = "".join(
        f"type {name} implements I{cost(name, chance=0.5)} {{ {fields(name)} only{name}: Int{cost(f'{name}.only{name}')} }}\n"
        for name in OBJECTS
    )
    sdl = f"""
    type Query {{ {fields("Query")} a: A b: [B]{listed("Query.b", ())} }}
    type Mutation {{ do(ins: [In!]{cost("Mutation.do.ins")}): A{cost("Mutation.do")} }}
    interface I {{ {shared} }}
    union U = {" | ".join(random.sample(OBJECTS, 2))}
    {objects}
    type Page {{ edges(first: Int): [I]{listed("Page.edges", ("first",))} total: Int{cost("Page.total")} }}
    enum Mode{cost("Mode")} {{ X Y }}
    input In {{ x: Int = 1{cost("In.x")} y: Int{cost("In.y")} in: In ins: [In!]{cost("In.ins")} }}
    """
    text = supergraph_of(sdl)
    return CostWorld(random, weights, sizes, CostedSchema(text, assumed_list_size=ASSUMED_LIST_SIZE), shown=sdl)


def draw_costed_operation(random: Random) -> tuple[str, Json]:
    """An operation on such a schema, with its variables; each object tells its type."""
    return _Drawing(random).draw()


class _Drawing:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._variables: Json = {}
        self._declared: list[str] = []
        self._aliases = 0

    def draw(self) -> tuple[str, Json]:
        if self._random.random() < 0.2:
            body = f"do(ins: {self._input_list()}) {{ {self._on_object('A', 2)} }}"
            kind = "mutation"
            body = f"...F other: {body}"
            fragment = f"fragment F on Mutation {{ do(ins: {self._input_list()}) {{ n }} }}"
        else:
            kind, fragment = "query", ""
            body = f"{self._on_object('Query', 3)} a {{ {self._on_object('A', 2)} }} b {{ {self._on_object('B', 1)} }}"
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return f"{kind} Drawn{declared} {{ {body} }} {fragment}", self._variables

    def _on_object(self, type_name: str, depth: int) -> str:
        chosen = ["__typename"]
        chosen += [self._field(type_name, depth) for _ in range(self._random.randint(1, 3))]
        return " ".join(chosen)

    def _on_abstract(self, name: str, depth: int) -> str:
        chosen = ["__typename"]
        if name == "I":
            chosen += [self._field("I", depth) for _ in range(self._random.randint(0, 2))]
        for concrete in self._random.sample(OBJECTS, self._random.randint(0, 3)):
            inside = self._field(concrete, depth)
            narrowed = f"... on {concrete} {{ {self._condition(inside)} only{concrete} }}"
            # Through the interface, since the union may not have the type.
            chosen.append(f"... on I {{ {narrowed} }}" if name == "U" else narrowed)
        return " ".join(chosen)

    def _field(self, type_name: str, depth: int) -> str:
        alias = ""
        if self._random.random() < 0.8:
            self._aliases += 1
            alias = f"f{self._aliases}: "
        else:
            # Without an alias fields may meet and differ: only what has no arguments is written so.
            return self._random.choice(("mode", "modes"))
        names = ["n", "mode", "modes"]
        if depth:
            names += ["one", "many", "many"] + (["any", "page"] if type_name != "I" else [])
        name = self._random.choice(names)
        match name:
            case "n":
                return f"{alias}n{self._arguments(('by',))}"
            case "one":
                given = f"(in: {self._input()})" if self._random.random() < 0.6 else ""
                return f"{alias}one{given} {{ {self._on_abstract('I', depth - 1)} }}"
            case "many":
                return f"{alias}many{self._arguments(('first', 'last'))} {{ {self._on_abstract('I', depth - 1)} }}"
            case "any":
                return f"{alias}any{self._arguments(('first',))} {{ {self._on_abstract('U', depth - 1)} }}"
            case "page":
                inside = self._on_abstract("I", depth - 1)
                return f"{alias}page{self._arguments(('first',))} {{ edges{self._arguments(('first',))} {{ {inside} }} total }}"
            case _:
                return f"{alias}{name}"

    def _condition(self, selection: str) -> str:
        return f"... @include(if: {self._random.choice(('true', 'false'))}) {{ {selection} }}"

    def _arguments(self, names: tuple[str, ...]) -> str:
        given = [f"{name}: {self._number()}" for name in names if self._random.random() < 0.5]
        return f"({', '.join(given)})" if given else ""

    def _number(self) -> str:
        value = self._random.choice((None, -1, 0, 1, 2, 5, 9))
        return self._written("Int", value, "null" if value is None else str(value))

    def _input(self) -> str:
        value = self._input_value(2)
        return self._written("In", value, _literal(value))

    def _input_list(self) -> str:
        value = [self._input_value(1) or {} for _ in range(self._random.randint(0, 4))]
        return self._written("[In!]", value, _literal(value))

    def _input_value(self, depth: int) -> Json | None:
        if self._random.random() < 0.15:
            return None
        value: Json = {name: self._random.choice((None, 1)) for name in ("x", "y") if self._random.random() < 0.5}
        if depth and self._random.random() < 0.5:
            value["in"] = self._input_value(depth - 1)
        if depth and self._random.random() < 0.5:
            value["ins"] = [self._input_value(0) or {} for _ in range(self._random.randint(0, 3))]
        return value

    def _written(self, declared: str, value: Any, literal: str) -> str:
        """The value as a literal, or as a variable that is given, has it as its default, or is absent."""
        way = self._random.random()
        if way < 0.5:
            return literal
        name = f"v{len(self._declared)}"
        if way < 0.6:
            self._declared.append(f"${name}: {declared}")
        elif way < 0.7:
            self._declared.append(f"${name}: {declared} = {literal}")
        else:
            self._declared.append(f"${name}: {declared}")
            self._variables[name] = value
        return f"${name}"


def _literal(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name}: {_literal(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(_literal(item) for item in value) + "]"
        case _:
            return json.dumps(value)
