"""The arguments and input fields of a supergraph: of its fields, its input types and the directives that clients may use."""

from collections.abc import Callable, Iterator

from gateway.composition.merged_model import Applied, MergedInput, Supergraph
from gateway.composition.print.api_schema import is_inaccessible


def inputs(supergraph: Supergraph) -> Iterator[tuple[str, MergedInput]]:
    """Return each with its coordinate: ``Type.field(argument:)``, ``Input.field``, ``@directive(argument:)``."""
    return _inputs_of(supergraph, lambda _: True)


def inputs_of_visible(supergraph: Supergraph) -> Iterator[tuple[str, MergedInput]]:
    """Return those, hidden or not, whose field, type or directive clients see."""
    return _inputs_of(supergraph, lambda directives: not is_inaccessible(directives))


def _inputs_of(supergraph: Supergraph, is_wanted: Callable[[list[Applied]], bool]) -> Iterator[tuple[str, MergedInput]]:
    """Yield those of types and fields whose directives say so, and of every directive."""
    for merged in supergraph.types.values():
        if not is_wanted(merged.directives):
            continue
        for field in merged.fields.values():
            if is_wanted(field.directives):
                for argument in field.arguments.values():
                    yield f"{merged.name}.{field.name}({argument.name}:)", argument
        for value in merged.inputs.values():
            yield f"{merged.name}.{value.name}", value
    for directive in supergraph.executable.values():
        for argument in directive.arguments.values():
            yield f"@{directive.name}({argument.name}:)", argument
