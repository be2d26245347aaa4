"""Says why a field cannot be reached: the query, how far each subgraph gets, and what would mend it."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.composition.errors import CompositionError, Place, quoted
from gateway.composition.fieldsets import FieldSet, SelectedField, print_field_set
from gateway.composition.merged_model import MergedField
from gateway.composition.model import Kind
from gateway.composition.read.analysis import Key
from gateway.composition.satisfiability.routes import Position, Tables
from gateway.composition.satisfiability.unreachable import Unreachable
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import TypeRef

_EXAMPLES = {"Int": "0", "Float": "0.0", "Boolean": "false", "String": '"..."', "ID": '"..."'}
MAX_INDENTED = 60  # levels of a query; deeper ones are shown in one line
_ROOTS = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}


def cause(tables: Tables, unreachable: Unreachable) -> tuple[object, ...]:
    """The same for fields that cannot be reached for the same reason: a subgraph that has them all, and cannot be entered."""
    reached = _reached(unreachable)
    candidates = _candidates(tables, unreachable, reached)
    has_own_reason = any(unreachable.field.name in tables.fields.get((p.subgraph, p.type), {}) for p in reached)
    if has_own_reason or not candidates:
        return (unreachable.type, unreachable.field.name)
    return (unreachable.type, unreachable.positions, *candidates)


def explain(
    context: MergeContext, tables: Tables, unreachable: Unreachable, also: Sequence[str] = ()
) -> CompositionError:
    """The error for one field.

    Args:
        also: further fields of the type that cannot be reached for the same reason.
    """
    start = sorted(unreachable.positions, key=lambda position: position.subgraph)
    reached = _reached(unreachable)
    lines = [f"This query cannot be answered:\n{_indented(example_query(context, unreachable))}"]
    if unreachable.running and unreachable.path[0].field is not None:
        lines.append(
            f'A mutation runs once, and none of {quoted(unreachable.running)} answers everything of "{unreachable.path[0].field.name}" by itself.'
        )
    where = quoted(dict.fromkeys(position.subgraph for position in start))
    others = f" (nor, for the same reason, {quoted(also)})" if also else ""
    lines.append(f'At "{unreachable.type}" in {where}, no subgraph can give "{unreachable.field.name}"{others}:')
    lines.extend(f"  - {reason}" for position in reached for reason in _stuck(unreachable, tables, position))
    candidates = _candidates(tables, unreachable, reached)
    lines.extend(f"  - {_why_not_entered(unreachable, tables, reached, subgraph)}" for subgraph in candidates)
    places = tuple(dict.fromkeys(_places(context, unreachable, [*candidates, *(p.subgraph for p in reached)])))
    return CompositionError(
        "SATISFIABILITY_ERROR", "\n".join(lines), places, _advice(unreachable, tables, start, reached, candidates)
    )


def _reached(unreachable: Unreachable) -> list[Position]:
    found = {q for p in unreachable.positions for q in unreachable.routes.reach(unreachable.type, p)}
    return sorted(found, key=lambda position: position.subgraph)


def _candidates(tables: Tables, unreachable: Unreachable, reached: Iterable[Position]) -> list[str]:
    """The subgraphs that resolve the field and are not reached."""
    known = {position.subgraph for position in reached}
    return [s for s in tables.context.schemas if s not in known and _resolves(unreachable, s, unreachable.field.name)]


def example_query(context: MergeContext, unreachable: Unreachable) -> str:
    """The shortest operation that asks for the field; required arguments have example values."""
    opening: list[str] = [_ROOTS.get(unreachable.path[0].parent, "query")]
    opening.extend(
        f"... on {step.condition}" if step.field is None else f"{step.field.name}{_arguments(context, step.field)}"
        for step in unreachable.path
    )
    named = context.supergraph.types.get(unreachable.field.type.name)
    if named is not None and named.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}:
        opening.append("__typename")
    if len(opening) > MAX_INDENTED:
        return f"{' { '.join(opening)}{' }' * (len(opening) - 1)}"
    lines = [f"{'  ' * depth}{text} {{" for depth, text in enumerate(opening[:-1])]
    lines.append(f"{'  ' * (len(opening) - 1)}{opening[-1]}")
    lines.extend(f"{'  ' * depth}}}" for depth in range(len(opening) - 2, -1, -1))
    return "\n".join(lines)


def _arguments(context: MergeContext, field: MergedField) -> str:
    required = [a for a in field.arguments.values() if a.type.is_non_null and a.default is None]
    shown = ", ".join(f"{argument.name}: {_example(context, argument.type)}" for argument in required)
    return f"({shown})" if shown else ""


def _example(context: MergeContext, type_: TypeRef, depth: int = 0) -> str:
    if type_.is_list:
        return "[]"
    merged = context.supergraph.types.get(type_.name)
    if merged is None:
        return _EXAMPLES.get(type_.name, '"..."')
    if merged.kind is Kind.ENUM:
        return next(iter(merged.values), "null")
    if merged.kind is Kind.INPUT and depth < 4:
        required = [v for v in merged.inputs.values() if v.type.is_non_null and v.default is None]
        return f"{{{', '.join(f'{v.name}: {_example(context, v.type, depth + 1)}' for v in required)}}}"
    return '"..."'


def _stuck(unreachable: Unreachable, tables: Tables, position: Position) -> Iterator[str]:
    """Why a position that was reached does not give the field."""
    name, field = position.subgraph, unreachable.field.name
    local = tables.fields.get((name, position.type), {}).get(field)
    if local is None:
        if (name, unreachable.type, field) in tables.context.overrides.lost_to:
            yield f'"{name}" lost the field to an @override.'
        else:
            yield f'"{name}" does not have the field.'
    elif local.is_external:
        yield f'"{name}" has it only as @external.'
    elif unreachable.routes.local(position, field) is None:
        yield f'"{name}" does not resolve it under this choice of the override label "{local.label}".'
    elif not unreachable.routes.has_requirement(unreachable.type, position, field, local):
        wanted = print_field_set(local.requires)
        if tables.can_be_entered_again(position):
            yield f'"{name}" requires "{wanted}" for it, which cannot be had from there.'
        else:
            yield f'"{name}" requires "{wanted}" for it, but has no resolvable @key of its own to be asked again with it.'
    elif local.contexts:
        wanted = quoted(context.split("__", 1)[1] for context, _ in local.contexts)
        yield f'"{name}" takes an argument of it from the context {wanted}, which no object above it on this path sets, or lets have.'


def _resolves(unreachable: Unreachable, subgraph: str, field: str) -> bool:
    """Whether a subgraph resolves a field of the type, by the type's name or as an interface object."""
    return any(
        unreachable.routes.local(Position(subgraph, local.definition.name), field) is not None
        for local in unreachable.routes.context.local_types(unreachable.type)
        if local.subgraph == subgraph
    )


def _declared_keys(unreachable: Unreachable, subgraph: str) -> list[Key]:
    """The keys that a subgraph has for the type, those that do not resolve included."""
    context = unreachable.routes.context
    return [
        key
        for local in context.local_types(unreachable.type)
        if local.subgraph == subgraph
        for key in context.analyses[subgraph].keys.get(local.definition.name, ())
    ]


def _why_not_entered(unreachable: Unreachable, tables: Tables, reached: Iterable[Position], subgraph: str) -> str:
    """Why a subgraph that has the field cannot be entered."""
    entries = [entry for entry in tables.entries(unreachable.type) if entry.position.subgraph == subgraph]
    if not entries:
        declared = _declared_keys(unreachable, subgraph)
        if declared:
            return f'"{subgraph}" has the field, but every @key of "{unreachable.type}" there is `resolvable: false`.'
        return f'"{subgraph}" has the field, but "{unreachable.type}" has no @key there.'
    reached = tuple(reached)
    if all(tables.is_interface_object(position) for position in reached):
        return f'"{subgraph}" has the field, but no subgraph reached so far knows which objects are of type "{unreachable.type}".'
    wanted = quoted(dict.fromkeys(print_field_set(entry.key.fields) for entry in entries))
    return f'"{subgraph}" has the field, but its keys of "{unreachable.type}" ({wanted}) cannot be had from {quoted(p.subgraph for p in reached)}.'


def _places(context: MergeContext, unreachable: Unreachable, subgraphs: Iterable[str]) -> Iterator[Place]:
    for subgraph in subgraphs:
        for local in context.local_types(unreachable.type):
            if local.subgraph == subgraph:
                field = local.definition.fields.get(unreachable.field.name)
                yield context.place(subgraph, field.node if field else local.definition.node)


def _advice(
    unreachable: Unreachable, tables: Tables, start: list[Position], reached: list[Position], candidates: list[str]
) -> str:
    """What would mend it: the key or the field to add, and where."""
    if candidates:
        return _advice_to_reach(unreachable, start, candidates[0])
    field = unreachable.field.name
    for position in reached:
        local = tables.fields.get((position.subgraph, position.type), {}).get(field)
        if local is None:
            continue
        name = position.subgraph
        if local.is_external:
            continue
        if unreachable.routes.local(position, field) is None:
            return f'Give "{unreachable.type}" a resolvable @key on both sides of the label "{local.label}", so that either can be reached.'
        if local.requires and not tables.can_be_entered_again(position):
            return f'Give "{unreachable.type}" a @key in "{name}" whose fields "{name}" resolves itself.'
        if local.requires:
            return _advice_to_require(unreachable, tables, position, local.requires)
        if local.contexts:
            wanted = local.contexts[0][0].rpartition("__")[2]
            return f'Put @context(name: "{wanted}") on a type above "{unreachable.type}" on this path in "{name}", or remove the path.'
    first = start[0].subgraph if start else ""
    return f'Resolve "{unreachable.type}.{field}" in "{first}", or in a subgraph that can be reached from it, or remove the path to it.'


def _advice_to_reach(unreachable: Unreachable, start: list[Position], target: str) -> str:
    first = start[0].subgraph if start else ""
    resolvable = [key for key in _declared_keys(unreachable, target) if key.is_resolvable]
    if resolvable:
        fields = print_field_set(resolvable[0].fields)
        itself = "" if fields == unreachable.field.name else f', or give "{unreachable.field.name}" itself'
        return f'Let "{first}" resolve "{fields}" of "{unreachable.type}", which is its key in "{target}"{itself}.'
    own = _declared_keys(unreachable, first)
    fields = print_field_set(own[0].fields) if own else "id"
    return (
        f'Give "{unreachable.type}" a resolvable @key in "{target}" that "{first}" knows too, e.g. @key(fields: "{fields}"), '
        f'or resolve "{unreachable.field.name}" in "{first}" as well, with @shareable in both.'
    )


def _advice_to_require(unreachable: Unreachable, tables: Tables, position: Position, requirement: FieldSet) -> str:
    """Where the first field of a requirement that cannot be had is resolved, and how to get there."""
    reached = unreachable.routes.reach(unreachable.type, position)
    for selection in requirement:
        if unreachable.routes.can_select(unreachable.type, reached, (selection,)):
            continue
        wanted = print_field_set((selection,))
        name = selection.name if isinstance(selection, SelectedField) else ""
        owners = [
            subgraph
            for subgraph in tables.context.schemas
            if subgraph != position.subgraph and _resolves(unreachable, subgraph, name)
        ]
        if owners:
            return (
                f'Give "{unreachable.type}" a resolvable @key in "{owners[0]}", which resolves "{wanted}", that "{position.subgraph}" knows '
                "too."
            )
        return f'Let a subgraph that "{position.subgraph}" can reach resolve "{wanted}".'
    return f'Let "{position.subgraph}" require less.'


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
