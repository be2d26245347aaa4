"""The typed layout of the tree: which objects there can be, in which order they show their fields, and who fetches each field.

The fast path decodes subgraphs' answers straight into objects that are laid out like the client's answer. That needs to know, of
each object in the tree, every field before the first byte comes. The layout is drawn in two steps: the client's operation, with
the API schema, says what is shown and in which order; the plan says which fetch brings it, and what the gateway needs besides.

Not every plan has such a layout. `NotCovered` says why; the general path, which needs none, then serves the plan alone. What
is not covered is rare or slow for other reasons: an object assembled from several fetches field by field below the place they
meet, a response name that is renamed in the tree, a refused field (its error needs paths), introspection.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from graphql import (
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
)

from gateway.execution.interpreter.projection import collect_fields
from gateway.operation.model import TYPENAME, Operation, Selection
from gateway.planning.plan import (
    EntityGroup,
    FetchedField,
    FetchedSelection,
    Path,
    Plan,
    Representation,
    RepresentationField,
)

Source = tuple[int, int]
"""Who brings a field: (fetch id, index of the group, or -1 for a root fetch)."""

MAX_FIELDS: Final = 2_000
"""Of a layout, a type's own for each type that an object may have. Compiling so many takes about 0.1 s, once."""


class NotCovered(Exception):
    """Raised when a plan has no typed layout; says why."""


@dataclass(frozen=True, slots=True)
class InternalLeaf:
    """A leaf that only the gateway reads, as the subgraph declares it."""

    type_name: str


@dataclass(eq=False, slots=True)
class Composite:
    """What an object-valued field may hold: one of its variants.

    Attributes:
        variants: by type name. One, for an object type.
        is_tagged: the object's ``__typename`` in the subgraph's answer says which variant it is.
        is_shown: the client sees them.
        source: who brings these objects.
    """

    variants: dict[str, "ObjectLayout"]
    is_tagged: bool
    is_shown: bool = True
    source: Source | None = None
    has_typename: bool = False

    def is_shown_as_tagged(self) -> bool:
        """Whether a tag may be written: where the client wants ``__typename`` before all else, or sees nothing at all."""
        if not self.is_shown:
            return True
        return self.is_tagged and all(
            variant.order[:1] == (TYPENAME,) and TYPENAME in variant.constants for variant in self.variants.values()
        )


@dataclass(eq=False, slots=True)
class FieldLayout:
    """A field of an object in the tree.

    Attributes:
        wrappers: list and non-null wrappers from outside in, as in `FetchedField.wrappers`.
        value: what is inside them.
        is_shown: the client asked for it; otherwise it is dropped before the answer is written.
        is_read: a representation is made of it.
        source: who brings it; None as long as nobody is known.
    """

    key: str
    wrappers: str
    value: GraphQLLeafType | InternalLeaf | Composite
    is_shown: bool
    is_read: bool = False
    source: Source | None = None


@dataclass(eq=False, slots=True)
class ObjectLayout:
    """An object of a known type at a known place.

    Attributes:
        constants: response names under which the client asked for ``__typename``.
        order: response names in the order of the answer, constants among them.
    """

    type_name: str
    fields: dict[str, FieldLayout] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()

    def stored(self) -> Iterator[FieldLayout]:
        """The fields that objects of this layout hold: all that is shown, in order, then what is read besides."""
        for key in self.order:
            if key in self.fields:
                yield self.fields[key]
        for item in self.fields.values():
            if not item.is_shown and item.is_read:
                yield item

    def is_complete(self) -> bool:
        """Whether somebody brings every field that is shown."""
        return all(item.source is not None for item in self.fields.values() if item.is_shown)


@dataclass(frozen=True, slots=True)
class Target:
    """A place of a group: the object layouts at the end of its path, and for each how it is represented."""

    path: Path
    objects: tuple[tuple[ObjectLayout, Representation], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole tree, and the places of each group by (fetch id, index of the group)."""

    root: ObjectLayout
    targets: dict[Source, tuple[Target, ...]]


def lay_out(plan: Plan, operation: Operation, schema: GraphQLSchema) -> Layout:
    """The layout of a plan's tree.

    Raises:
        NotCovered: it has none.
    """
    root_type = schema.get_type(operation.root_type)
    if not isinstance(root_type, GraphQLObjectType):
        raise NotCovered("the root is no object type")
    root = _shown_object(schema, root_type, operation.selections, count(1))
    targets: dict[Source, tuple[Target, ...]] = {}
    for fetch in plan.fetches:
        if fetch.root_path:
            raise NotCovered("a root fetch belongs below the root")
        if not fetch.groups:
            _fetch_into(schema, root, fetch.selections, (fetch.id, -1))
        for index, group in enumerate(fetch.groups):
            if group.contexts:
                raise NotCovered("an argument comes from a context")
            source = (fetch.id, index)
            targets[source] = tuple(_target(root, path, group) for path in group.targets)
            for target in targets[source]:
                for layout, representation in target.objects:
                    _fetch_into(schema, layout, group.selections, source)
                    for part in representation.fields:
                        _mark_read(layout, part)
    _drop_incomplete(root)
    if not root.is_complete():
        raise NotCovered("nobody brings some field of the root")
    return Layout(root, targets)


def _shown_object(
    schema: GraphQLSchema, object_type: GraphQLObjectType, selections: Sequence[Selection], counter: Iterator[int]
) -> ObjectLayout:
    """What the client sees of an object."""
    layout = ObjectLayout(object_type.name)
    constants: set[str] = set()
    order: list[str] = []
    for key, (asked, below) in collect_fields(schema, object_type, selections).items():
        order.append(key)
        if next(counter) > MAX_FIELDS:
            raise NotCovered(f"more than {MAX_FIELDS} fields, all types counted")
        if asked.refusal is not None:
            raise NotCovered(f"{object_type.name}.{asked.name} is refused")
        if asked.name == TYPENAME:
            constants.add(key)
            continue
        if asked.is_stand_in:
            raise NotCovered(f"{object_type.name}.{asked.name} is {TYPENAME!r} to the client")
        if asked.name.startswith("__"):
            raise NotCovered("introspection")
        wrappers, named = _unwrap(object_type.fields[asked.name].type)
        value = _shown_value(schema, named, below, counter)
        layout.fields[key] = FieldLayout(key, wrappers, value, is_shown=True)
    layout.constants = frozenset(constants)
    layout.order = tuple(order)
    return layout


def _shown_value(
    schema: GraphQLSchema, named: GraphQLOutputType, selections: Sequence[Selection], counter: Iterator[int]
) -> GraphQLLeafType | Composite:
    if isinstance(named, GraphQLObjectType):
        return Composite({named.name: _shown_object(schema, named, selections, counter)}, is_tagged=False)
    if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
        variants = {
            possible.name: _shown_object(schema, possible, selections, counter)
            for possible in schema.get_possible_types(named)
        }
        return Composite(variants, is_tagged=True)
    return named  # type: ignore[return-value]


def _unwrap(declared: GraphQLOutputType) -> tuple[str, GraphQLOutputType]:
    wrappers = ""
    while True:
        if isinstance(declared, GraphQLNonNull):
            wrappers += "!"
        elif isinstance(declared, GraphQLList):
            wrappers += "["
        else:
            return wrappers, declared
        declared = declared.of_type


def _fetch_into(
    schema: GraphQLSchema, layout: ObjectLayout, selections: Sequence[FetchedSelection], source: Source
) -> None:
    """Notes that `source` brings `selections` of an object."""
    for item in flattened(selections, layout.type_name):
        if item.response_name != item.key:
            raise NotCovered(f"{item.response_name!r} is renamed to {item.key!r}")
        if item.name == TYPENAME:
            continue
        present = layout.fields.get(item.key)
        if present is None:
            if item.key in layout.constants:
                raise NotCovered(f"{item.key!r} is a type's name to the client, and a field to the plan")
            present = layout.fields[item.key] = _internal_field(schema, item)
        if present.source is None:
            present.source = source
        elif present.source != source:
            raise NotCovered(f"{item.key!r} of {layout.type_name} comes from two fetches")
        if isinstance(present.value, Composite) != bool(item.selections):
            raise NotCovered(f"{item.key!r} is a leaf here and an object there")
        if isinstance(present.value, Composite):
            _fetch_into_composite(schema, present.value, item.selections, source)


def _fetch_into_composite(
    schema: GraphQLSchema, composite: Composite, selections: Sequence[FetchedSelection], source: Source
) -> None:
    composite.source = source
    for name, variant in composite.variants.items():
        _fetch_into(schema, variant, selections, source)
        if any(item.key == TYPENAME and item.name == TYPENAME for item in flattened(selections, name)):
            composite.has_typename = True
    if composite.is_tagged and not composite.has_typename:
        raise NotCovered("objects of an abstract type come without their type")


def flattened(selections: Sequence[FetchedSelection], type_name: str) -> Iterator[FetchedField]:
    """The fields that are asked of objects of a type, fragments opened."""
    for selection in selections:
        if isinstance(selection, FetchedField):
            yield selection
        elif type_name in selection.types:
            yield from flattened(selection.selections, type_name)


def _internal_field(schema: GraphQLSchema, item: FetchedField) -> FieldLayout:
    if not item.selections:
        return FieldLayout(item.key, item.wrappers, InternalLeaf(item.type_name), is_shown=False)
    declared = schema.get_type(item.type_name)
    if isinstance(declared, GraphQLObjectType):
        names = [declared.name]
    elif isinstance(declared, GraphQLInterfaceType | GraphQLUnionType):
        names = [possible.name for possible in schema.get_possible_types(declared)]
    else:
        raise NotCovered(f"the gateway itself needs an object of {item.type_name}, which clients do not see")
    is_tagged = not isinstance(declared, GraphQLObjectType)
    composite = Composite({name: ObjectLayout(name) for name in names}, is_tagged=is_tagged, is_shown=False)
    return FieldLayout(item.key, item.wrappers, composite, is_shown=False)


def _target(root: ObjectLayout, path: Path, group: EntityGroup) -> Target:
    reached = [root]
    for step in path:
        following: list[ObjectLayout] = []
        for layout in reached:
            present = layout.fields.get(step.key)
            if present is None:
                continue
            if not isinstance(present.value, Composite) or present.wrappers.count("[") != step.list_depth:
                raise NotCovered(f"a path goes through {step.key!r}, which is no such object")
            present.is_read = True
            if step.types is not None and not present.value.has_typename:
                raise NotCovered(f"a path asks for the type of {step.key!r}, which is not fetched")
            following.extend(
                variant for name, variant in present.value.variants.items() if step.types is None or name in step.types
            )
        reached = following
    objects: list[tuple[ObjectLayout, Representation]] = []
    for layout in reached:
        for representation in group.representations:
            if representation.types is None or layout.type_name in representation.types:
                objects.append((layout, representation))
                break
    return Target(path, tuple(objects))


def _drop_incomplete(layout: ObjectLayout) -> None:
    """Takes out the variants that nobody completes: an object of such a type goes to the general path."""
    for item in layout.fields.values():
        if isinstance(item.value, Composite):
            for variant in item.value.variants.values():
                _drop_incomplete(variant)
            item.value.variants = {
                name: variant for name, variant in item.value.variants.items() if variant.is_complete()
            }
            if not item.value.variants:
                item.source = None


def _mark_read(layout: ObjectLayout, part: RepresentationField) -> None:
    """Notes that a representation reads a field, and all it reads below.

    Raises:
        NotCovered: nobody brings the field.
    """
    present = layout.fields.get(part.source)
    if present is None:
        raise NotCovered(f"nobody brings {part.source!r}, which a representation needs")
    if isinstance(present.value, Composite) != bool(part.branches):
        raise NotCovered(f"{part.source!r} is a leaf to a representation, and an object to the tree")
    present.is_read = True
    if not isinstance(present.value, Composite):
        return
    for variant in present.value.variants.values():
        for branch in part.branches:
            if branch.types is None or variant.type_name in branch.types:
                if branch.types is not None and not present.value.has_typename:
                    raise NotCovered(f"a representation asks for the type of {part.source!r}, which is not fetched")
                for below in branch.fields:
                    _mark_read(variant, below)
                break


def creators(layout: ObjectLayout) -> Iterator[tuple[int, Source | None]]:
    """Who creates the objects of each layout below one."""
    for item in layout.fields.values():
        if isinstance(item.value, Composite):
            for variant in item.value.variants.values():
                yield id(variant), item.value.source
                yield from creators(variant)


def may_be_absent(layout: ObjectLayout, source: Source) -> bool:
    """Whether an entity that the subgraph does not know leaves nulls, and nothing to doubt: all it brings is shown, and nullable."""
    items = [item for item in layout.stored() if item.source == source]
    return bool(items) and all(item.is_shown and not item.wrappers.startswith("!") for item in items)


def described(layout: ObjectLayout, pad: str) -> Iterator[str]:
    """The objects of a layout as comments: their fields in order, with the fetch of each."""
    for key in layout.order:
        if key in layout.constants:
            yield f"{pad}{key} = {layout.type_name!r}"
    for item in layout.stored():
        source = "nobody" if item.source is None else item.source[0]
        yield f"{pad}{item.key}: {source}{'' if item.is_shown else ', not shown'}"
        if isinstance(item.value, Composite):
            for variant in item.value.variants.values():
                if item.value.is_tagged:
                    yield f"{pad}  {variant.type_name}"
                yield from described(variant, pad + ("    " if item.value.is_tagged else "  "))
