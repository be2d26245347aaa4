"""OVERRIDE_SOURCE_HAS_OVERRIDE, OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE: what may not be taken over.

A field that is itself taken from somewhere cannot be taken further, and a field that the other subgraph resolves with the help of
@requires or @provides, or does not resolve at all, cannot be taken.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from gateway.composition.errors import HintLevel
from gateway.composition.model import first
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.state.overrides import Override, closest_subgraph


def check(context: MergeContext) -> None:
    """Checks every @override against the field it takes over."""
    for override in context.overrides.declared:
        if override.source == override.subgraph:
            continue
        _check_source(context, override)


def _check_source(context: MergeContext, override: Override) -> None:
    field = override.field
    place = context.place(override.subgraph, override.use.node)
    schema = context.schemas.get(override.source)
    if schema is None:
        meant = closest_subgraph(override.source, context.schemas)
        context.hint(
            "FROM_SUBGRAPH_DOES_NOT_EXIST",
            HintLevel.WARN,
            f'"{field.coordinate}" is taken from "{override.source}", which is not a subgraph.'
            + (f' Did you mean "{meant}"?' if meant else ""),
            [place],
        )
        return
    definition = schema.types.get(field.parent)
    lost = definition.fields.get(field.name) if definition else None
    if lost is None:
        context.hint(
            "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
            HintLevel.INFO,
            f'"{field.coordinate}" is no longer in "{override.source}": @override can be removed.',
            [place],
        )
        return
    there = context.place(override.source, lost.node)
    if first(lost.directives, "override") is not None:
        context.error(
            "OVERRIDE_SOURCE_HAS_OVERRIDE",
            f'"{field.coordinate}" is taken from "{override.source}", which itself takes it from elsewhere.',
            [place, there],
            "Take the field from the subgraph that resolves it, and remove the other @override.",
        )
        return
    for core in ("external", "requires", "provides"):
        if first(lost.directives, core) is None:
            continue
        if core == "external":
            context.hint(
                "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
                HintLevel.INFO,
                f'"{field.coordinate}" is @external in "{override.source}": there is nothing to take over.',
                [place, there],
            )
            continue
        context.error(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f'"{field.coordinate}" cannot be taken from "{override.source}", where it has @{core}.',
            [place, there],
            f'Remove @{core} from the field in "{override.source}", or @override here.',
        )
    if first(lost.directives, "external") is not None and not override.label:
        return
    code = "OVERRIDE_MIGRATION_IN_PROGRESS" if override.label else "OVERRIDDEN_FIELD_CAN_BE_REMOVED"
    context.hint(
        code,
        HintLevel.INFO,
        f'"{field.coordinate}" of "{override.source}" is {"being " if override.label else ""}taken over by '
        f'"{override.subgraph}"; remove it there {"when done" if override.label else "now"}.',
        [there],
    )
