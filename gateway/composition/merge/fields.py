"""One field of an object type or an interface, from all the subgraphs that have it.

The type, the arguments and the directives come from those subgraphs that resolve the field; the supergraph's join information
records what every subgraph has of it, and is left out where all subgraphs of the type simply have the field.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/composition#object-and-interface-types
"""

from collections.abc import Mapping

from graphql import StringValueNode

from gateway.composition.context_text import printed_selection, split_context
from gateway.composition.errors import HintLevel
from gateway.composition.fieldsets import print_field_set
from gateway.composition.merge.descriptions import merge_descriptions
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.inputs import merge_arguments
from gateway.composition.merge.join_directives import merge_join_directives
from gateway.composition.merge.list_sizes import leave_out_unmerged_arguments
from gateway.composition.merge.references import widest
from gateway.composition.merged_model import ContextArgument, JoinField, MergedField
from gateway.composition.model import FieldDefinition, TypeDefinition, first
from gateway.composition.rules.merging import external_mismatch, external_missing_on_base, field_type_mismatch
from gateway.composition.state.composed import ComposedDirectives
from gateway.composition.state.merge_context import MergeContext


def merge_field(
    context: MergeContext,
    composed: ComposedDirectives,
    sources: Mapping[str, TypeDefinition],
    fields: Mapping[str, FieldDefinition],
) -> MergedField | None:
    """The supergraph's field, or None if no subgraph resolves it by this type's name.

    What only interface objects resolve is merged with the interface (see `merge.interface_objects`).

    Args:
        sources: every subgraph that has the type, in order of name.
        fields: those that have the field.
    """
    some = next(iter(fields.values()))
    at = (some.parent, some.name)
    resolving = {s: field for s, field in fields.items() if at not in context.analyses[s].external}
    if not resolving and context.through_interface_objects(*at):
        return None
    if not resolving:
        external_missing_on_base.report(context, some.coordinate, fields)
        context.unmerged.add(at)
        return None
    types = {subgraph: field.type for subgraph, field in resolving.items()}
    chosen = widest(types, context.supergraph)
    if chosen is None:
        field_type_mismatch.report(context, some.coordinate, {s: (f.type, f.node) for s, f in resolving.items()})
        chosen = some.type
    elif len(set(types.values())) > 1:
        context.hint(
            "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
            HintLevel.INFO,
            f'"{some.coordinate}" has different types; the supergraph takes the most general, "{chosen}".',
            (context.place(subgraph, field.node) for subgraph, field in resolving.items()),
        )
    merged = MergedField(
        name=some.name,
        type=chosen,
        arguments=merge_arguments(context, composed, resolving),
        description=merge_descriptions(
            context,
            some.coordinate,
            {s: field.description for s, field in resolving.items()},
            {s: field.node for s, field in resolving.items()},
        ),
        directives=merge_directives(
            context, composed, some.coordinate, {s: f.directives for s, f in resolving.items()}
        ),
    )
    leave_out_unmerged_arguments(context, merged, resolving)
    if len(resolving) < len(fields):
        external_mismatch.check(context, merged, resolving, {s: f for s, f in fields.items() if s not in resolving})
    merged.joins = _joins(context, sources, fields)
    merged.join_directives = merge_join_directives({s: field.directives for s, field in fields.items()})
    return merged


def _joins(
    context: MergeContext, sources: Mapping[str, TypeDefinition], fields: Mapping[str, FieldDefinition]
) -> list[JoinField]:
    show_types = len({field.type for field in fields.values()}) > 1
    joins = [
        join
        for subgraph, field in fields.items()
        if (join := _join(context, subgraph, field, show_type=show_types)) is not None
    ]
    plain = all(join == JoinField(graph=join.graph) for join in joins)
    return [] if plain and len(joins) == len(sources) else joins


def _join(context: MergeContext, subgraph: str, field: FieldDefinition, *, show_type: bool) -> JoinField | None:
    analysis = context.analyses[subgraph]
    at = (field.parent, field.name)
    is_external = at in analysis.external
    taken = context.overrides.taken_by.get((subgraph, *at))
    lost = context.overrides.lost_to.get((subgraph, *at))
    is_overridden = lost is not None and not is_external
    is_used = is_overridden and analysis.is_used(at)
    if is_overridden and not is_used and lost is not None and lost.label is None:
        return None
    label = (taken and taken.label) or (lost and lost.label) or None
    requires, provides = analysis.requires.get(at), analysis.provides.get(at)
    return JoinField(
        graph=subgraph,
        requires=print_field_set(requires) if requires else None,
        provides=print_field_set(provides) if provides else None,
        type=str(field.type) if show_type else None,
        is_external=is_external,
        override=taken.source if taken else None,
        is_used_overridden=is_used,
        override_label=label,
        context_arguments=tuple(_context_arguments(subgraph, field)),
    )


def _context_arguments(subgraph: str, field: FieldDefinition) -> list[ContextArgument]:
    found: list[ContextArgument] = []
    for argument in field.arguments.values():
        use = first(argument.directives, "fromContext")
        value = use.arguments.get("field") if use else None
        if not isinstance(value, StringValueNode):
            continue
        name, selection = split_context(value.value)
        if name is None:
            continue
        found.append(
            ContextArgument(argument.name, str(argument.type), f"{subgraph}__{name}", printed_selection(selection))
        )
    return found
