"""How one directive, applied to the same element in several subgraphs, becomes the supergraph's.

    @tag                     every name once
    @inaccessible            if anywhere
    @authenticated           if anywhere
    @requiresScopes, @policy the conjunction: each is an OR of ANDs, so the product of the lists, without what is implied
    @cost                    the greatest weight
    @listSize                see `merge.list_sizes`
    @deprecated, @specifiedBy and those of @composeDirective: equal ones once; of different ones, the most frequent

`@cacheTag` is kept apart, see `merge.join_directives`.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from graphql import (
    DEFAULT_DEPRECATION_REASON,
    IntValueNode,
    StringValueNode,
    ValueNode,
    print_ast,
)

from gateway.composition.errors import HintLevel
from gateway.composition.literals import canonical
from gateway.composition.merge.list_sizes import merge_list_sizes
from gateway.composition.merged_model import Applied
from gateway.composition.model import Directives, DirectiveUse
from gateway.composition.state.composed import ComposedDirectives
from gateway.composition.state.demands import access_directive, alternatives, conjunction
from gateway.composition.state.merge_context import MergeContext

_ALWAYS = ("deprecated", "specifiedBy", "oneOf")
_DEFAULTS = {"deprecated": {"reason": StringValueNode(value=DEFAULT_DEPRECATION_REASON)}}


def merge_directives(
    context: MergeContext, composed: ComposedDirectives, coordinate: str, sources: Mapping[str, Directives]
) -> list[Applied]:
    """The directives that the supergraph shows on an element, in a fixed order."""
    applied: list[Applied] = []
    uses: dict[str, list[tuple[str, DirectiveUse]]] = {}
    for subgraph, directives in sources.items():
        for use in directives:
            name = _name(composed, subgraph, use)
            if name is not None:
                uses.setdefault(name, []).append((subgraph, use))
    if "tag" in uses:
        names = {print_ast(use.arguments["name"]) for _, use in uses["tag"] if "name" in use.arguments}
        applied.extend(Applied("tag", (("name", name),)) for name in sorted(names))
    applied.extend(Applied(name) for name in ("inaccessible", "authenticated") if name in uses)
    for name, argument in (("requiresScopes", "scopes"), ("policy", "policies")):
        if name in uses:
            merged = conjunction(alternatives(use.arguments.get(argument)) for _, use in uses[name])
            applied.append(access_directive(name, merged))
            _hint_merged(context, coordinate, name, uses[name])
    if "cost" in uses:
        applied.append(Applied("cost", (("weight", str(max(_integers(uses["cost"], "weight"), default=0))),)))
        _hint_merged(context, coordinate, "cost", uses["cost"])
    if "listSize" in uses:
        applied.append(merge_list_sizes([use for _, use in uses["listSize"]]))
        _hint_merged(context, coordinate, "listSize", uses["listSize"])
    applied.extend(
        Applied("context", (("name", f'"{subgraph}__{called.value}"'),))
        for subgraph, use in uses.get("context", ())
        if isinstance(called := use.arguments.get("name"), StringValueNode)
    )
    for name, given in sorted(uses.items()):
        if name in _ALWAYS or name.startswith("@"):
            applied.extend(_others(context, composed, coordinate, name, given))
    return applied


def _name(composed: ComposedDirectives, subgraph: str, use: DirectiveUse) -> str | None:
    """The name that `Applied` has for it, or None if the supergraph does not keep it."""
    if use.core is not None:
        return use.core
    kept = composed.local_name(subgraph, use.name)
    if kept is not None:
        return f"@{kept}"
    return use.name if use.name in _ALWAYS else None


def _hint_merged(context: MergeContext, coordinate: str, name: str, given: list[tuple[str, DirectiveUse]]) -> None:
    """Tells that different arguments became one."""
    arguments = {tuple((argument, print_ast(value)) for argument, value in use.arguments.items()) for _, use in given}
    if len(arguments) > 1:
        context.hint(
            "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
            HintLevel.INFO,
            f'@{name} on "{coordinate}" has different arguments in different subgraphs, which are merged.',
            (context.place(subgraph, use.node) for subgraph, use in given),
        )


def _integers(uses: Iterable[tuple[str, DirectiveUse]], argument: str) -> Iterable[int]:
    for _, use in uses:
        value = use.arguments.get(argument)
        if isinstance(value, IntValueNode):
            yield int(value.value)


def _others(
    context: MergeContext,
    composed: ComposedDirectives,
    coordinate: str,
    name: str,
    given: list[tuple[str, DirectiveUse]],
) -> list[Applied]:
    defaults = _DEFAULTS.get(name) or composed.defaults.get(name[1:], {})
    meant = [_meaning(use, defaults) for _, use in given]
    distinct: dict[Hashable, Applied] = {}
    for meaning, (_, use) in zip(meant, given, strict=True):
        arguments = tuple((argument, print_ast(value)) for argument, value in use.arguments.items())
        distinct.setdefault(meaning, Applied(name, arguments))
    if name[1:] in composed.repeatable:
        return list(distinct.values())
    if len(distinct) > 1:
        context.hint(
            "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
            HintLevel.WARN,
            f'@{name.removeprefix("@")} on "{coordinate}" has different arguments in different subgraphs; the supergraph shows the most '
            "frequent.",
            (context.place(subgraph, use.node) for subgraph, use in given),
        )
    counts = Counter(meant)
    return [distinct[max(distinct, key=lambda meaning: counts[meaning])]]


def _meaning(use: DirectiveUse, defaults: Mapping[str, ValueNode]) -> Hashable:
    """The same for uses with the same arguments, those left to their defaults included."""
    return frozenset((argument, canonical(value)) for argument, value in {**defaults, **use.arguments}.items())
