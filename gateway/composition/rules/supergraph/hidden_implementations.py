"""IMPLEMENTED_BY_INACCESSIBLE: a field, or an argument, is hidden on a type, but visible on an interface of it.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from gateway.composition.merged_model import MergedField, MergedType
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks every visible type against its visible interfaces."""
    types = context.supergraph.types
    for merged in types.values():
        if is_inaccessible(merged.directives):
            continue
        for name in merged.interfaces:
            interface = types.get(name)
            if interface is None or is_inaccessible(interface.directives):
                continue
            for field in interface.fields.values():
                if not is_inaccessible(field.directives) and field.name in merged.fields:
                    _check(context, merged, interface, field)


def _check(context: MergeContext, merged: MergedType, interface: MergedType, field: MergedField) -> None:
    own = merged.fields[field.name]
    if is_inaccessible(own.directives):
        _report(context, f"{merged.name}.{field.name}", f"{interface.name}.{field.name}")
        return
    for argument in field.arguments.values():
        given = own.arguments.get(argument.name)
        if given is not None and is_inaccessible(given.directives) and not is_inaccessible(argument.directives):
            at = f"{field.name}({argument.name}:)"
            _report(context, f"{merged.name}.{at}", f"{interface.name}.{at}")


def _report(context: MergeContext, hidden: str, visible: str) -> None:
    context.error(
        "IMPLEMENTED_BY_INACCESSIBLE",
        f'"{hidden}" is @inaccessible, but implements "{visible}", which is visible.',
        [*places_of(context, hidden), *places_of(context, visible)],
        f'Hide "{visible}" as well, or show "{hidden}".',
    )
