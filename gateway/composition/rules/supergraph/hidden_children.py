"""ONLY_INACCESSIBLE_CHILDREN: a visible type of which clients see nothing.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from gateway.composition.merged_model import MergedField, MergedInput, MergedType, MergedValue
from gateway.composition.model import Kind
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext

_HOLDS = {Kind.UNION: "member", Kind.ENUM: "value", Kind.INPUT: "field", Kind.OBJECT: "field", Kind.INTERFACE: "field"}


def check(context: MergeContext) -> None:
    """Checks every visible type that holds something."""
    for merged in context.supergraph.types.values():
        if merged.kind is Kind.SCALAR or is_inaccessible(merged.directives) or not _all_hidden(context, merged):
            continue
        what = _HOLDS[merged.kind]
        context.error(
            "ONLY_INACCESSIBLE_CHILDREN",
            f'"{merged.name}" is visible, but every {what} of it is @inaccessible.',
            places_of(context, merged.name),
            f'Show a {what}, or hide "{merged.name}" itself.',
        )


def _all_hidden(context: MergeContext, merged: MergedType) -> bool:
    if merged.kind is Kind.UNION:
        members = [context.supergraph.types.get(name) for name in merged.members]
        return bool(members) and all(member is not None and is_inaccessible(member.directives) for member in members)
    children: list[MergedField | MergedInput | MergedValue] = [
        *merged.fields.values(),
        *merged.inputs.values(),
        *merged.values.values(),
    ]
    return bool(children) and all(is_inaccessible(child.directives) for child in children)
