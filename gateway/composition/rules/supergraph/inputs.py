"""The arguments and input fields of a supergraph: of its fields, its input types and the directives that clients may use."""

from collections.abc import Iterator

from gateway.composition.api import is_inaccessible
from gateway.composition.merged import MergedInput, Supergraph


def inputs(supergraph: Supergraph) -> Iterator[tuple[str, MergedInput]]:
    """Return each with its coordinate: ``Type.field(argument:)``, ``Input.field``, ``@directive(argument:)``."""
    for merged in supergraph.types.values():
        for field in merged.fields.values():
            for argument in field.arguments.values():
                yield f"{merged.name}.{field.name}({argument.name}:)", argument
        for value in merged.inputs.values():
            yield f"{merged.name}.{value.name}", value
    yield from _of_directives(supergraph)


def inputs_of_visible(supergraph: Supergraph) -> Iterator[tuple[str, MergedInput]]:
    """Return those, hidden or not, whose field, type or directive clients see."""
    for merged in supergraph.types.values():
        if is_inaccessible(merged.directives):
            continue
        for field in merged.fields.values():
            if not is_inaccessible(field.directives):
                for argument in field.arguments.values():
                    yield f"{merged.name}.{field.name}({argument.name}:)", argument
        for value in merged.inputs.values():
            yield f"{merged.name}.{value.name}", value
    yield from _of_directives(supergraph)


def _of_directives(supergraph: Supergraph) -> Iterator[tuple[str, MergedInput]]:
    for directive in supergraph.executable.values():
        for argument in directive.arguments.values():
            yield f"@{directive.name}({argument.name}:)", argument
