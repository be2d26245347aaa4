"""A plan becomes straight-line Python: for each fetch, a function that says what to ask, and one that takes the answer in.

The idea, on ``{ users { name favourite { title } } }`` with the users of one subgraph and the titles of another:

    def settle_0(state, body):                      # users came
        data = decode_0(body).f_data
        root = state.root
        root.f_users = data.f_users

    def begin_1(state):                             # which products, each once
        places_0 = {}
        asked_0 = []
        root = state.root
        for o1 in root.f_users or ():
            if o1 is not None:
                o2 = o1.f_favourite
                if o2 is not None:
                    k1 = o2.f___id
                    ...
        return (encode(asked_0),)

    def settle_1(state, body):                      # titles came
        data = decode_1(body).f_data
        for entity, places in zip(data.f__entities, state.places_1_0.values(), strict=True):
            v1 = entity.f_title
            for place in places:
                place.f_title = v1

    def clean(state):                               # what only the gateway needed is not written
        ...

C code reads and writes the bytes (msgspec); Python touches each entity a few times, and never a leaf that it need not touch.
Any doubt raises `Fallback`, and the general path begins anew over the bytes that are there.
"""

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from graphql import GraphQLSchema

from gateway.execution.compiled.functions import Compiled, Fallback
from gateway.execution.compiled.layout import (
    Composite,
    FieldLayout,
    Layout,
    NotCovered,
    ObjectLayout,
    Source,
    Target,
    creators,
    described,
    lay_out,
    may_be_absent,
)
from gateway.execution.compiled.struct_types import StructTypes, attribute, entity_type
from gateway.execution.compiled.write_representation import PartWriter
from gateway.execution.compiled.write_typename import INDENT, MAX_LOOPS, RetagWriter
from gateway.execution.encoding import encode_json
from gateway.execution.limits import PLACE_BYTES, ExecutionLimits, entity_bytes
from gateway.operation.model import Operation
from gateway.planning.plan import Fetch, Plan, RepresentationField

Lines = list[str]


def compile_plan(plan: Plan, operation: Operation, schema: GraphQLSchema, limits: ExecutionLimits) -> Compiled:
    """The compiled functions of a plan.

    Raises:
        NotCovered: the plan has no typed layout.
    """
    layout = lay_out(plan, operation, schema)
    return _Writer(plan, layout, limits).compiled()


class _Writer:
    """Writes the source of one plan, and gathers what it names."""

    def __init__(self, plan: Plan, layout: Layout, limits: ExecutionLimits) -> None:
        self._plan = plan
        self._layout = layout
        self._types = StructTypes()
        self._root_type = self._types.root_type(layout.root)
        self._names: dict[str, Any] = {
            "Fallback": Fallback,
            "UNSET": msgspec.UNSET,
            "Raw": msgspec.Raw,
            "Root": self._root_type,
            "Answer": _Answer,
            "encode": encode_json,
            "MAX": limits.max_representations,
            "MAX_BYTES": limits.max_answer_bytes,
            "PLACE_BYTES": PLACE_BYTES,
            "entity_bytes": entity_bytes,
        }
        self._numbers = count(1)
        self._known_kinds: dict[Source, dict[str, tuple[type[msgspec.Struct], ObjectLayout]]] = {}
        self._retag = RetagWriter(self._types, self._name)
        self._parts_of = PartWriter(self._types, self._name)
        self._creators = dict(creators(layout.root))

    def compiled(self) -> Compiled:
        """The functions."""
        chunks = [
            ["# The answer, and the fetch that brings each field:", *described(self._layout.root, "#   ")],
            self._state(),
        ]
        for fetch in self._plan.fetches:
            if fetch.groups:
                chunks.append(self._begin(fetch))
            chunks.append(self._settle(fetch))
        chunks.append(self._finish())
        chunks[2:2] = self._parts_of.helpers
        source = "\n\n\n".join("\n".join(chunk) for chunk in chunks) + "\n"
        filename = f"<plan {id(self)}>"
        names = self._names
        exec(compile(source, filename, "exec"), names)  # noqa: S102 - our own source: no text of a client's but names
        linecache.cache.pop(filename, None)
        return Compiled(
            source=source,
            new_state=names["State"],
            begins=tuple(names.get(f"begin_{fetch.id}") for fetch in self._plan.fetches),
            settles=tuple(names[f"settle_{fetch.id}"] for fetch in self._plan.fetches),
            finish=names["finish"],
        )

    def _state(self) -> Lines:
        places = [f"places_{fetch.id}_{index}" for fetch in self._plan.fetches for index in range(len(fetch.groups))]
        counts = [f"count_{fetch.id}" for fetch in self._plan.fetches if fetch.groups]
        slots = ", ".join(map(repr, ["root", "size", *places, *counts]))
        return [
            "class State:",
            f"{INDENT}__slots__ = ({slots},)",
            "",
            f"{INDENT}def __init__(self):",
            f"{INDENT * 2}self.root = Root()",
            f"{INDENT * 2}self.size = 0",
        ]

    def _begin(self, fetch: Fetch) -> Lines:
        lines = [f"def begin_{fetch.id}(state):"]
        lines += [f"{INDENT}# {fetch.service}: {' '.join(fetch.document.split())}"]
        lines += [f"{INDENT}root = state.root"]
        for index in range(len(fetch.groups)):
            lines += [
                f"{INDENT}state.places_{fetch.id}_{index} = places_{index} = {{}}",
                f"{INDENT}asked_{index} = []",
            ]
            for target in self._layout.targets[fetch.id, index]:
                lines += self._collect(fetch, index, target)
        asked = [f"asked_{index}" for index in range(len(fetch.groups))]
        none = f"({' or '.join(asked)})" if len(asked) > 1 else asked[0]
        lines += [f"{INDENT}if not {none}:", f"{INDENT * 2}return None"]
        too_many = " or ".join(f"len({name}) > MAX" for name in asked)
        lines += [
            f"{INDENT}if {too_many}:",
            f"{INDENT * 2}raise Fallback('more representations than one request takes')",
        ]
        counted = " + ".join(f"sum(map(len, places_{index}.values()))" for index in range(len(fetch.groups)))
        lines += [f"{INDENT}state.count_{fetch.id} = count = {counted}", *_grow("count * PLACE_BYTES")]
        lines += [f"{INDENT}return ({', '.join(f'encode({name})' for name in asked)},)"]
        return lines

    def _collect(self, fetch: Fetch, index: int, target: Target) -> Lines:
        """The loops to a group's places at one target."""
        wanted = {id(layout): representation for layout, representation in target.objects}
        is_one_kind = len(self._kinds(fetch, index)) == 1

        def at_place(layout: ObjectLayout, name: str, depth: int) -> Lines:
            representation = wanted.get(id(layout))
            if representation is None:
                return []
            pad = INDENT * depth
            lines: Lines = []
            parts: list[str] = []
            sent: list[str] = []
            for position, part in enumerate(representation.fields):
                item = layout.fields[part.source]
                variable = f"k{next(self._numbers)}"
                read = self._parts_of.read(
                    part,
                    item,
                    variable,
                    f"{name}.{attribute(item.key)}",
                    is_key=position < representation.key_count,
                    is_late=item.source != self._creator(layout),
                )
                lines += [pad + line for line in read]
                is_json = isinstance(item.value, Composite) or "[" in item.wrappers
                parts.append(variable)
                sent.append(f"Raw({variable})" if is_json else variable)
            typename = representation.typename or layout.type_name
            made = self._name(
                f"Asked_{typename}", self._types.representation(typename, tuple(p.name for p in representation.fields))
            )
            key_parts = parts if is_one_kind else [repr(typename), *parts]
            key = key_parts[0] if len(key_parts) == 1 else f"({', '.join(key_parts)})"
            lines += [
                f"{pad}found = places_{index}.get({key})",
                f"{pad}if found is None:",
                f"{pad}{INDENT}places_{index}[{key}] = [{name}]",
                f"{pad}{INDENT}asked_{index}.append({made}({', '.join(sent)}))",
                f"{pad}else:",
                f"{pad}{INDENT}found.append({name})",
            ]
            return lines

        def follow(layout: ObjectLayout, name: str, steps: int, depth: int) -> Lines:
            if steps == len(target.path):
                return at_place(layout, name, depth)
            step = target.path[steps]
            item = layout.fields.get(step.key)
            if item is None:
                return []
            return self._each(
                item,
                f"{name}.{attribute(item.key)}",
                depth,
                lambda below, variable, inner: (
                    follow(below, variable, steps + 1, inner)
                    if step.types is None or below.type_name in step.types
                    else []
                ),
            )

        return follow(self._layout.root, "root", 0, 1)

    def _each(
        self, item: FieldLayout, expression: str, depth: int, body: Callable[[ObjectLayout, str, int], Lines]
    ) -> Lines:
        """Runs `body` on each object of a field's value, by type; [] if it would do nothing."""
        composite = item.value
        assert isinstance(composite, Composite)
        lines: Lines = []
        wrappers = item.wrappers
        if depth + wrappers.count("[") > MAX_LOOPS:
            raise NotCovered("too deep for Python's blocks")
        while wrappers.removeprefix("!").startswith("["):
            is_nullable = not wrappers.startswith("!")
            variable = f"o{next(self._numbers)}"
            lines.append(f"{INDENT * depth}for {variable} in {expression}{' or ()' if is_nullable else ''}:")
            expression = variable
            depth += 1
            wrappers = wrappers.removeprefix("!")[1:]
        if not expression.isidentifier():
            variable = f"o{next(self._numbers)}"
            lines.append(f"{INDENT * depth}{variable} = {expression}")
            expression = variable
        if not wrappers.startswith("!"):
            lines.append(f"{INDENT * depth}if {expression} is not None:")
            depth += 1
        is_any = False
        for variant in composite.variants.values():
            if not composite.is_tagged:
                inner = body(variant, expression, depth)
            else:
                inner = body(variant, expression, depth + 1)
                if inner:
                    made = self._types.tree_type(variant, composite)
                    inner.insert(0, f"{INDENT * depth}if type({expression}) is {self._name(variant.type_name, made)}:")
            is_any = is_any or bool(inner)
            lines += inner
        return lines if is_any else []

    def _settle(self, fetch: Fetch) -> Lines:
        lines = [f"def settle_{fetch.id}(state, body):"]
        if not fetch.groups:
            source = (fetch.id, -1)
            data = self._types.answer_type("Data", self._layout.root, source)
            lines += [
                f"{INDENT}# {fetch.service}: {' '.join(fetch.document.split())}",
                f"{INDENT}data = decode_{fetch.id}(body).f_data",
                *self._retag.lines(self._layout.root, "data", source, 1),
                f"{INDENT}root = state.root",
                *(f"{INDENT}root.{name} = data.{name}" for name in self._brought(self._layout.root, source)),
            ]
        else:
            items: dict[str, Any] = {}
            merges: Lines = []
            for index, group in enumerate(fetch.groups):
                kinds = self._kinds(fetch, index)
                # Entities of several kinds are decoded one by one, each as what was asked for.
                ((made, layout), *others) = kinds.values()
                items[group.alias] = msgspec.Raw if others else entity_type(made, layout, (fetch.id, index))
                merges += self._merge(fetch, index)
            data = self._types.entities(items)
            asked = " + ".join(f"len(state.places_{fetch.id}_{index})" for index in range(len(fetch.groups)))
            lines += _grow(f"entity_bytes(len(body), state.count_{fetch.id}, {asked})")
            lines += [f"{INDENT}data = decode_{fetch.id}(body).f_data", *merges]
        self._names[f"decode_{fetch.id}"] = msgspec.json.Decoder(self._types.envelope(data)).decode
        return lines

    def _kinds(self, fetch: Fetch, index: int) -> dict[str, tuple[type[msgspec.Struct], ObjectLayout]]:
        """The entities that a group asks for, by the type name it sends: what comes of one, and an object that takes it."""
        source = (fetch.id, index)
        if (known := self._known_kinds.get(source)) is not None:
            return known
        kinds: dict[str, tuple[type[msgspec.Struct], ObjectLayout]] = {}
        parts: dict[str, tuple[RepresentationField, ...]] = {}
        for target in self._layout.targets[source]:
            for layout, representation in target.objects:
                if not layout.is_complete():
                    continue
                typename = representation.typename or layout.type_name
                made = self._types.answer_type("Entity", layout, source)
                if kinds.setdefault(typename, (made, layout))[0] is not made:
                    raise NotCovered(f"entities of {typename} have several shapes in one group")
                if parts.setdefault(typename, representation.fields) != representation.fields:
                    raise NotCovered(f"entities of {typename} have several keys in one group")
        if not kinds:
            raise NotCovered("a group has no place")
        self._known_kinds[source] = kinds
        return kinds

    def _merge(self, fetch: Fetch, index: int) -> Lines:
        """Takes a group's entities in."""
        source = (fetch.id, index)
        kinds = self._kinds(fetch, index)
        alias, places = f"data.{attribute(fetch.groups[index].alias)}", f"state.places_{fetch.id}_{index}"
        pad = INDENT
        lines = [
            f"{pad}if len({alias}) != len({places}):",
            f"{pad * 2}raise Fallback('another number of entities than asked for')",
        ]
        if len(kinds) == 1:
            ((_, layout),) = kinds.values()
            lines.append(f"{pad}for entity, places in zip({alias}, {places}.values()):")
            return lines + self._take(layout, source, 2)
        lines.append(f"{pad}for raw, (key, places) in zip({alias}, {places}.items()):")
        for typename, (made, layout) in kinds.items():
            decode = self._name(f"decode_{typename}", msgspec.json.Decoder(entity_type(made, layout, source)).decode)
            lines += [
                f"{pad * 2}if key[0] == {typename!r}:",
                f"{pad * 3}entity = {decode}(raw)",
                *self._take(layout, source, 3),
            ]
        return lines

    def _take(self, layout: ObjectLayout, source: Source, depth: int) -> Lines:
        """Takes one entity in, at all its places."""
        pad = INDENT * depth
        brought = self._brought(layout, source)
        absent: Lines = []
        if may_be_absent(layout, source):
            absent = [
                f"{pad}if entity is None:",
                f"{pad}{INDENT}for place in places:",
                *(f"{pad}{INDENT * 2}place.{name} = None" for name in brought),
                f"{pad}{INDENT}continue",
            ]
        return [
            *absent,
            *self._retag.lines(layout, "entity", source, depth),
            *(f"{pad}v_{name} = entity.{name}" for name in brought),
            f"{pad}for place in places:",
            *([f"{pad}{INDENT}place.{name} = v_{name}" for name in brought] or [f"{pad}{INDENT}pass"]),
        ]

    def _brought(self, layout: ObjectLayout, source: Source) -> list[str]:
        return [attribute(item.key) for item in layout.stored() if item.source == source]

    def _finish(self) -> Lines:
        lines = ["def finish(state, extensions):", f"{INDENT}root = state.root"]
        lines += self._clean(self._layout.root, "root", 1)
        return [*lines, f"{INDENT}return encode(Answer(root, extensions))"]

    def _clean(self, layout: ObjectLayout, name: str, depth: int) -> Lines:
        """Unsets what is not shown, everywhere."""
        lines: Lines = []
        for item in layout.stored():
            if not item.is_shown:
                lines.append(f"{INDENT * depth}{name}.{attribute(item.key)} = UNSET")
            elif isinstance(item.value, Composite):
                lines += self._each(item, f"{name}.{attribute(item.key)}", depth, self._clean)
        return lines

    def _creator(self, layout: ObjectLayout) -> Source | None:
        return self._creators.get(id(layout))

    def _name(self, wish: str, value: Any) -> str:
        """The name by which the source knows a value."""
        for number in count(1):
            name = f"{wish}_{number}"
            if self._names.setdefault(name, value) is value:
                return name
        raise AssertionError("count never ends")


def _grow(added: str) -> Lines:
    return [
        f"{INDENT}state.size += {added}",
        f"{INDENT}if state.size > MAX_BYTES:",
        f"{INDENT * 2}raise Fallback('a larger answer than there may be')",
    ]


class _Answer(msgspec.Struct, gc=False):
    """A response as it is written."""

    data: Any
    extensions: Any = msgspec.UNSET
