"""REQUIRED_INACCESSIBLE: an argument, or input field, must be given, but clients do not see it.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from gateway.composition.merged_model import MergedInput
from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.inputs import inputs_of_visible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks all hidden arguments and input fields of what is visible."""
    for coordinate, value in inputs_of_visible(context.supergraph):
        _check(context, value, coordinate)


def _check(context: MergeContext, value: MergedInput, coordinate: str) -> None:
    if not is_inaccessible(value.directives) or not value.type.is_non_null or value.default is not None:
        return
    context.error(
        "REQUIRED_INACCESSIBLE",
        f'"{coordinate}" must be given, but is @inaccessible, so nobody can give it.',
        places_of(context, coordinate),
        "Make it nullable, give it a default, or show it.",
    )
