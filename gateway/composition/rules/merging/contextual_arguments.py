"""CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS: an argument is filled from a context here, and demanded of clients there.

A hint of the same code where it is only allowed there: it is hidden all the same.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from gateway.composition.errors import HintLevel
from gateway.composition.model import Kind, has
from gateway.composition.state.merge_context import MergeContext

CODE = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"


def check(context: MergeContext) -> None:
    """Checks every argument that takes a context in some subgraph."""
    for merged in context.supergraph.types.values():
        if merged.kind is not Kind.OBJECT:
            continue
        for name in merged.fields:
            fields = {s: d.fields[name] for s, d in context.sources(merged.name).items() if name in d.fields}
            contextual = {
                argument.name: (subgraph, argument)
                for subgraph, field in fields.items()
                for argument in field.arguments.values()
                if has(argument.directives, "fromContext")
            }
            for argument_name, (subgraph, argument) in contextual.items():
                for other, field in fields.items():
                    own = field.arguments.get(argument_name)
                    if own is None or has(own.directives, "fromContext"):
                        continue
                    if not own.type.is_non_null or own.default is not None:
                        context.hint(
                            CODE,
                            HintLevel.WARN,
                            f'"{merged.name}.{name}({argument_name}:)" takes a context in "{subgraph}", so that no client gives it,'
                            f' in "{other}" neither.',
                            [context.place(other, own.node), context.place(subgraph, argument.node)],
                        )
                        continue
                    context.error(
                        CODE,
                        f'"{merged.name}.{name}({argument_name}:)" takes a context in "{subgraph}", but must be given in "{other}".',
                        [context.place(other, own.node), context.place(subgraph, argument.node)],
                        f'Take it from a context in "{other}" too, or make it nullable there.',
                    )
