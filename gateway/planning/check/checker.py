"""Proves a plan sound, without the planner's help: it runs the plan on types instead of data.

A *tree of types* is kept: for each object that there can be, by concrete type, the names that fetches write there, who writes
them, and what field each stands for (`type_tree`). Fetch by fetch it is proved that

1. every selection exists in its subgraph with its arguments and their literals, is resolved there (`@external` only under a `@provides`), and no two fields of one scope
   take one response name with different meanings;
2. every representation holds a resolvable key and what its fields require, nested parts included (`field_set_coverage`), all of it
   written before by fetches it waits for;
3. no name in the tree stands for two fields of one object;
4. every argument from a context is given, from the nearest enclosing object of a type that sets it, and nothing else is;
5. a mutation's root fields run in the client's order, each after all of those before it, and no mutation runs twice;
6. in the end every field that the client asked for stands in the tree under its response name (`answering`).

What cannot be proved is a mistake of the planner, so it is raised as `UnsoundPlan`, an `InternalError`.
"""

from collections.abc import Set

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from gateway.errors import InternalError
from gateway.operation.model import TYPENAME, Operation, OperationKind
from gateway.planning.check.coverage import unanswered
from gateway.planning.check.field_set_coverage import top_names, unsent
from gateway.planning.check.literals import fits
from gateway.planning.check.serial_order import out_of_order
from gateway.planning.check.type_tree import Slot, TypeTree
from gateway.planning.plan import (
    EntityGroup,
    Fetch,
    FetchedField,
    FetchedFragment,
    FetchedSelection,
    GroupContext,
    Path,
    Plan,
    Representation,
    RepresentationField,
)
from gateway.supergraph.field_sets import FieldSet, SetField, SetSelection
from gateway.supergraph.model import ContextArgument, SubgraphField, SubgraphType, Supergraph, TypeKind

View = tuple[SetSelection, ...]

MAX_FIELDS = 200_000
"""Fields written to the type tree before the checker gives up, after about two seconds; the market's largest plan writes 200."""


class UnsoundPlan(InternalError):
    """Raised when a plan cannot be proved: it would ask what is not there, too early, or not enough."""


class PlanTooLarge(InternalError):
    """Raised when a plan has more places than can be checked: nested abstract types multiply them."""


def check(plan: Plan, operation: Operation, supergraph: Supergraph, *, labels: frozenset[str] = frozenset()) -> None:
    """Return if the plan is sound, answers the operation, and its documents can be parsed.

    Raises:
        UnsoundPlan: it is not, or does not.
        PlanTooLarge: it cannot be proved in bounded time.
    """
    prove(plan, operation, supergraph, labels=labels)
    for fetch in plan.fetches:
        _check_document(fetch)


def prove(
    plan: Plan,
    operation: Operation,
    supergraph: Supergraph,
    *,
    labels: frozenset[str] = frozenset(),
    max_fields: int = MAX_FIELDS,
) -> None:
    """Return if the plan is sound and answers the operation; its documents, which are printed from it, are not looked at.

    Args:
        max_fields: how many fields of different types the plan may write.

    Raises:
        UnsoundPlan: it is not, or does not.
        PlanTooLarge: it writes more.
    """
    _Checker(plan, operation, supergraph, labels, max_fields).check()


def _check_document(fetch: Fetch) -> None:
    name = f"fetch {fetch.id} ({fetch.service})"
    try:
        (definition,) = parse(fetch.document, no_location=True).definitions
    except GraphQLError as error:
        raise UnsoundPlan(f"{name} has a document that cannot be parsed: {error.message}") from error
    if not isinstance(definition, OperationDefinitionNode) or definition.operation.value != fetch.kind.value:
        raise UnsoundPlan(f"{name} has a document that is no {fetch.kind.value}")


class _Checker:
    def __init__(
        self, plan: Plan, operation: Operation, supergraph: Supergraph, labels: frozenset[str], max_fields: int
    ) -> None:
        self._max_fields = max_fields
        self._plan = plan
        self._operation = operation
        self._supergraph = supergraph
        self._labels = labels
        self._mutation = supergraph.api.mutation_type.name if supergraph.api.mutation_type else None
        self._root = TypeTree()
        self._before: list[frozenset[int]] = []
        self._fetch: Fetch
        self._contexts: dict[str, GroupContext] = {}
        self._written = 0

    def check(self) -> None:
        """Runs the plan on the type tree, then the operation."""
        for number, fetch in enumerate(self._plan.fetches):
            self._fetch = fetch
            if fetch.id != number or any(before >= number for before in fetch.depends_on):
                raise self._unsound("is not in order")
            direct = frozenset(fetch.depends_on)
            self._before.append(direct.union(*(self._before[before] for before in direct)))
            if fetch.groups:
                for group in fetch.groups:
                    self._check_group(group)
            else:
                self._check_root_fetch(fetch)
        early = out_of_order(self._plan, self._operation, self._before)
        if early is not None:
            self._fetch, name = early
            raise self._unsound(f"runs {name} before the root fields ahead of it are complete")
        lacking = next(unanswered(self._operation, self._root, self._supergraph), None)
        if lacking is not None:
            raise UnsoundPlan(f"the plan does not answer {lacking}")

    def _unsound(self, problem: str) -> UnsoundPlan:
        return UnsoundPlan(f"fetch {self._fetch.id} ({self._fetch.service}) {problem}")

    def _check_root_fetch(self, fetch: Fetch) -> None:
        self._contexts = {}
        root = self._operation.root_type
        if fetch.root_path:
            root = self._root_below(fetch)
        elif fetch.kind is not self._operation.kind:
            raise self._unsound(f"asks the operation's root for a {fetch.kind.value}")
        for type_tree in self._reached(fetch.root_path):
            if fetch.root_path and root not in type_tree.slots:
                raise self._unsound(f"asks for {root} where no object is of that type")
            if fetch.root_path and len(type_tree.slots) > 1:
                if fetch.root_path[-1].types != frozenset({root}):
                    raise self._unsound(f"writes what {root} has into objects of other types")
                self._check_written(type_tree.slots[root], TYPENAME)
            self._write(type_tree, fetch.selections, root, frozenset({root}), ())
        self._check_names([fetch.selections])

    def _root_below(self, fetch: Fetch) -> str:
        """The root type that a fetch enters below the root: a query's from everywhere, a mutation's within a mutation only."""
        kinds = {OperationKind.QUERY} | ({self._operation.kind} & {OperationKind.MUTATION})
        root = self._supergraph.api.get_root_type(OperationType(fetch.kind.value))
        if fetch.kind not in kinds or root is None:
            raise self._unsound(f"enters a {fetch.kind.value} below the root of a {self._operation.kind.value}")
        return root.name

    def _check_group(self, group: EntityGroup) -> None:
        self._contexts = {f"${context.variable}": context for context in group.contexts}
        for representation in group.representations:
            self._check_key(representation)
        for target in group.targets:
            for type_tree in self._reached(target):
                for representation in group.representations:
                    self._check_representation(representation, type_tree)
                    if all(self._unsent(key, representation, type_tree) for key in self._keys_of(representation)):
                        raise self._unsound(f"represents {representation.typename} with a part of a key")
                for selection in group.selections:
                    if not isinstance(selection, FetchedFragment):
                        raise self._unsound("asks _entities for a field without a type")
                    self._check_required(selection, group, type_tree)
                    self._check_contexts(selection, target)
                    types = self._entity_types(selection, group, type_tree)
                    self._write(type_tree, selection.selections, selection.type_condition, types, (), is_entry=True)
        self._check_names([group.selections])

    def _entity_types(self, selection: FetchedFragment, group: EntityGroup, type_tree: TypeTree) -> frozenset[str]:
        """The objects that a fragment of `_entities` extends: those represented under its type."""
        types: frozenset[str] = frozenset()
        for representation in group.representations:
            if representation.typename == selection.type_condition:
                types |= representation.types or self._possible(selection.type_condition) & type_tree.slots.keys()
        if not types:
            raise self._unsound(f"asks for {selection.type_condition} but represents none")
        return types

    def _check_key(self, representation: Representation) -> None:
        if not self._keys_of(representation):
            sent = sorted(sent_field.name for sent_field in representation.fields[: representation.key_count])
            raise self._unsound(f"represents {representation.typename} without a key: {sent}")

    def _keys_of(self, representation: Representation) -> list[FieldSet]:
        """The keys whose outermost fields are those that a representation sends as its key."""
        known = self._supergraph.subgraph_types[self._fetch.service].get(representation.typename or "")
        sent = {sent_field.name for sent_field in representation.fields[: representation.key_count]}
        keys = [key.fields for key in known.keys if key.is_resolvable] if known else []
        return [key for key in keys if top_names(key) == sent]

    def _check_required(self, selection: FetchedFragment, group: EntityGroup, type_tree: TypeTree) -> None:
        """Fields with a requirement need it in every representation of their type."""
        for fetched in _direct_fields(selection.selections):
            for representation in group.representations:
                if representation.typename != selection.type_condition:
                    continue
                definition = self._definition(selection.type_condition, fetched.name)
                if definition is None or definition.requires is None:
                    continue
                sent = {sent_field.name for sent_field in representation.fields}
                lacking = next(iter(sorted(top_names(definition.requires) - sent)), None)
                lacking = lacking or self._unsent(definition.requires, representation, type_tree)
                if lacking is not None:
                    required = definition.requires.text
                    raise self._unsound(f"does not send what {fetched.name} requires: {lacking} of {required}")

    def _unsent(self, field_set: FieldSet, representation: Representation, type_tree: TypeTree) -> str | None:
        """A part of a field set that is not sent of some object."""
        possible_types = self._supergraph.possible_types
        for type_name in _represented(representation, type_tree):
            slots = type_tree.slots[type_name]
            lacking = next(unsent(field_set, representation.fields, type_name, slots, possible_types), None)
            if lacking is not None:
                return lacking
        return None

    def _check_contexts(self, selection: FetchedFragment, target: Path) -> None:
        """Fields with arguments from contexts get them, each from what the context says."""
        for fetched in _direct_fields(selection.selections):
            definition = self._definition(selection.type_condition, fetched.name)
            for argument in definition.hidden_arguments if definition is not None else ():
                context = self._contexts.get(dict(fetched.arguments).get(argument.name, ""))
                if context is None or context.type != argument.type:
                    raise self._unsound(f"does not give {fetched.name} its {argument.name} from {argument.context}")
                self._check_context(context, argument, target)

    def _check_context(self, context: GroupContext, argument: ContextArgument, target: Path) -> None:
        """The values are read of what sets the context, and nothing nearer that sets it is passed over."""
        known = self._supergraph.subgraph_types[self._fetch.service]
        setting = {name for name, each in known.items() if argument.context in each.contexts}
        setters = frozenset().union(*(self._possible_here(name) for name in setting))
        found = False
        for levels in range(1, len(target) + 1):
            around, step = target[: len(target) - levels], target[len(target) - levels]
            origins = [origin for origin in context.origins if origin.levels == levels]
            reached: set[str] = set()
            for type_tree in self._reached(around):
                for type_name, slots in type_tree.slots.items():
                    if step.key not in slots or (around and around[-1].types and type_name not in around[-1].types):
                        continue
                    reached.add(type_name)
                    read = [origin for origin in origins if origin.types is None or type_name in origin.types]
                    if bool(read) != (type_name in setters):
                        raise self._unsound(f"reads {argument.context} of the wrong objects: {type_name}")
                    for origin in read[:1]:
                        if origin.types is not None and len(type_tree.slots) > 1:
                            self._check_written(slots, TYPENAME)
                        self._check_fields((origin.value,), slots, type_name)
                        if not self._is_selected(origin.value, argument.selection.selections):
                            raise self._unsound(f"reads {origin.value.name} for {argument.context}")
                        found = True
            if reached <= setters:
                break
        if not found:
            raise self._unsound(f"has nothing to read {argument.context} of")

    def _is_selected(self, value: RepresentationField, selections: tuple[SetSelection, ...]) -> bool:
        """Whether a context's selection leads along the value."""
        for selection in selections:
            if not isinstance(selection, SetField):
                if self._is_selected(value, selection.selections):
                    return True
            elif selection.name == value.name:
                below = [inner for branch in value.branches for inner in branch.fields]
                return all(self._is_selected(inner, selection.selections) for inner in below)
        return False

    def _check_representation(self, representation: Representation, type_tree: TypeTree) -> None:
        for type_name in _represented(representation, type_tree):
            slots = type_tree.slots[type_name]
            if representation.types is not None and len(type_tree.slots) > 1:
                self._check_written(slots, TYPENAME)
            self._check_fields(representation.fields, slots, type_name)

    def _check_fields(self, fields: tuple[RepresentationField, ...], slots: dict[str, Slot], type_name: str) -> None:
        for sent in fields:
            if sent.name == TYPENAME:
                if sent.source != type_name:
                    raise self._unsound(f"takes objects of {type_name} for {sent.source}")
                continue
            slot = self._check_written(slots, sent.source)
            if slot.meaning[0] != sent.name:
                raise self._unsound(f"sends {slot.meaning[0]} as {sent.name}")
            for branch in sent.branches:
                below = slot.below.present() if slot.below else {}
                for name, inner in below.items():
                    if branch.types is None or name in branch.types:
                        if branch.types is not None:
                            self._check_written(inner, TYPENAME)
                        self._check_fields(branch.fields, inner, name)

    def _check_written(self, slots: dict[str, Slot], name: str) -> Slot:
        slot = slots.get(name)
        if slot is None or not slot.writers & self._before[self._fetch.id]:
            raise self._unsound(f"needs {name}, which no fetch before it brings")
        return slot

    def _reached(self, path: Path) -> list[TypeTree]:
        """All objects at a path; there must be some, brought by a fetch before."""
        type_trees = [self._root]
        types: frozenset[str] | None = None
        for step in path:
            below: list[TypeTree] = []
            for type_tree in type_trees:
                for type_name, slots in type_tree.slots.items():
                    slot = slots.get(step.key) if types is None or type_name in types else None
                    if slot is not None and slot.below is not None and slot.writers & self._before[self._fetch.id]:
                        if not any(slot.below is known for known in below):
                            below.append(slot.below)
                        if types is not None and len(type_tree.slots) > 1:
                            self._check_written(slots, TYPENAME)
            type_trees, types = below, step.types
        if not type_trees:
            raise self._unsound(f"goes to {'.'.join(step.key for step in path)}, where nothing is")
        return type_trees

    def _possible(self, type_name: str) -> frozenset[str]:
        return self._supergraph.possible_types.get(type_name) or frozenset({type_name})

    def _possible_here(self, type_name: str) -> frozenset[str]:
        known = self._supergraph.subgraph_types[self._fetch.service].get(type_name)
        return (known.possible_types if known else frozenset()) or frozenset({type_name})

    def _is_named_here(self, type_name: str) -> bool:
        """Whether the subgraph knows a concrete type by name."""
        known = self._supergraph.subgraph_types[self._fetch.service].get(type_name)
        return known is not None and known.kind is TypeKind.OBJECT and not known.is_interface_object

    def _definition(self, type_name: str, name: str) -> SubgraphField | None:
        known = self._supergraph.subgraph_types[self._fetch.service].get(type_name)
        return known.fields.get(name) if known else None

    def _write(
        self,
        type_tree: TypeTree,
        selections: tuple[FetchedSelection, ...],
        stated: str,
        types: frozenset[str],
        views: tuple[View, ...],
        *,
        is_entry: bool = False,
    ) -> None:
        """Writes selections on a type of the subgraph, for objects of some concrete types, and proves them there."""
        for selection in selections:
            if isinstance(selection, FetchedFragment):
                narrowed = types & self._possible_here(selection.type_condition)
                self._write(
                    type_tree, selection.selections, selection.type_condition, narrowed, views, is_entry=is_entry
                )
                continue
            below_views = self._prove_resolved(selection, stated, types, views, is_entry=is_entry)
            below_types = self._possible_here(selection.type_name)
            below = self._slots(type_tree, selection, types)
            for inner in below:
                inner.possible = below_types if inner.possible is None else inner.possible & below_types
                for type_name in below_types:
                    inner.slots.setdefault(type_name, {})
                self._write(inner, selection.selections, selection.type_name, below_types, below_views)

    def _slots(self, type_tree: TypeTree, selection: FetchedField, types: frozenset[str]) -> list[TypeTree]:
        """Marks the field as written; gives the places of its objects, none for a leaf."""
        self._written += len(types)
        if self._written > self._max_fields:
            raise PlanTooLarge(f"the plan writes more than {self._max_fields} fields of different types")
        taken = selection.arguments
        if self._contexts:
            taken = tuple(given for given in taken if given[1] not in self._contexts)
        meaning = (selection.name, taken)
        places: list[TypeTree] = []
        fresh: TypeTree | None = None
        if selection.name == TYPENAME:
            # Where the subgraph has an interface as an object, its answer has the interface's name.
            types = frozenset(filter(self._is_named_here, types))
        for type_name in types:
            slots = type_tree.slots.setdefault(type_name, {})
            slot = slots.setdefault(selection.key, Slot(meaning))
            if slot.meaning != meaning:
                raise self._unsound(f"writes {meaning} where {slot.meaning} stands, under {selection.key}")
            slot.writers.add(self._fetch.id)
            if type_name == self._mutation and len(slot.writers) > 1:
                raise self._unsound(f"runs the mutation {selection.name} a second time")
            if selection.selections:
                if slot.below is None:
                    fresh = fresh or TypeTree()
                    slot.below = fresh
                if not any(slot.below is place for place in places):
                    places.append(slot.below)
        return places

    def _prove_resolved(
        self,
        selection: FetchedField,
        stated: str,
        types: frozenset[str],
        views: tuple[View, ...],
        *,
        is_entry: bool,
    ) -> tuple[View, ...]:
        """Proves that the subgraph resolves the field for each type; gives the views below it."""
        if selection.name == TYPENAME:
            return ()
        definition = self._definition(stated, selection.name)
        if definition is None:
            raise self._unsound(f"selects {stated}.{selection.name}, which is not there")
        if (definition.type_name, definition.wrappers) != (selection.type_name, selection.wrappers):
            raise self._unsound(f"misstates the type of {stated}.{selection.name}")
        if selection.arguments or definition.arguments:
            self._check_arguments(selection, definition, stated)
        below: list[View] = []
        known = self._supergraph.subgraph_types[self._fetch.service][stated]
        for holder in (stated,) if known.kind is TypeKind.OBJECT else self._holders(known, types):
            resolved = definition if holder == stated else self._definition(holder, selection.name) or definition
            is_provided = bool(views) and self._look_into(views, holder, selection.name, below)
            if not resolved.is_active(self._labels) or (resolved.is_external and not is_provided):
                raise self._unsound(f"selects {holder}.{selection.name}, which it does not resolve")
            if resolved.requires is not None and not is_entry and not is_provided:
                raise self._unsound(f"selects {holder}.{selection.name} without {resolved.requires.text}")
            if resolved.hidden_arguments or self._contexts:
                hidden = {argument.name for argument in resolved.hidden_arguments}
                taken = {name for name, value in selection.arguments if value in self._contexts}
                if taken != hidden or (hidden and not is_entry):
                    raise self._unsound(f"selects {holder}.{selection.name} with {sorted(taken)} from contexts")
            if resolved.provides is not None:
                below.append(resolved.provides.selections)
        return tuple(dict.fromkeys(below)) if below else ()

    def _check_arguments(self, selection: FetchedField, definition: SubgraphField, stated: str) -> None:
        """Prove that the field has the arguments that it is given, and is given those that it needs."""
        given = {name: value for name, value in selection.arguments if value not in self._contexts}
        unknown = ", ".join(sorted(given.keys() - definition.arguments.keys()))
        if unknown:
            raise self._unsound(f"gives {stated}.{selection.name} arguments that it does not have: {unknown}")
        required = {name for name, argument in definition.arguments.items() if argument.is_required}
        lacking = ", ".join(sorted(required - given.keys()))
        if lacking:
            raise self._unsound(f"does not give {stated}.{selection.name} what it needs: {lacking}")
        types = self._supergraph.input_types[self._fetch.service]
        for name, text in given.items():
            if not fits(types, definition.arguments[name], text):
                raise self._unsound(f"gives {text} to {stated}.{selection.name}({name}:), which does not take it")

    def _holders(self, stated: SubgraphType, types: frozenset[str]) -> set[str]:
        """The types of the subgraph whose objects those of the concrete types are, where an abstract type is expected."""
        known = self._supergraph.subgraph_types[self._fetch.service]
        holders = {name for name in types if name in known}
        for name in types - holders:
            holders.update(each for each in stated.interface_objects if name in known[each].possible_types)
        return holders

    def _look_into(self, views: tuple[View, ...], type_name: str, name: str, below: list[View]) -> bool:
        is_provided = False
        for view in views:
            for selection in view:
                if isinstance(selection, SetField):
                    if selection.name == name:
                        is_provided = True
                        below.append(selection.selections)
                elif type_name in self._possible(selection.type_condition) and self._look_into(
                    (selection.selections,), type_name, name, below
                ):
                    is_provided = True
        return is_provided

    def _check_names(self, scopes: list[tuple[FetchedSelection, ...]]) -> None:
        """Proves that fields of one response name may stand in one document."""
        found: dict[str, list[FetchedField]] = {}
        pending = list(scopes)
        while pending:
            for selection in pending.pop():
                if isinstance(selection, FetchedField):
                    found.setdefault(selection.response_name, []).append(selection)
                else:
                    pending.append(selection.selections)
        for name, fields in found.items():
            below = [each.selections for each in fields if each.selections]
            if below:
                self._check_names(below)
            if len(fields) == 1:
                continue
            shapes = {(each.wrappers, "" if each.selections else each.type_name) for each in fields}
            if len(shapes) > 1:
                raise self._unsound(f"has fields of different shapes under {name}: {sorted(shapes)}")


def _represented(representation: Representation, type_tree: TypeTree) -> Set[str]:
    """The types of the objects at a place that a representation is for."""
    return type_tree.slots.keys() if representation.types is None else representation.types & type_tree.slots.keys()


def _direct_fields(selections: tuple[FetchedSelection, ...]) -> list[FetchedField]:
    fields: list[FetchedField] = []
    for selection in selections:
        if isinstance(selection, FetchedField):
            fields.append(selection)
        else:
            fields.extend(_direct_fields(selection.selections))
    return fields
