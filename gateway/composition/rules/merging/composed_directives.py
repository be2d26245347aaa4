"""DIRECTIVE_COMPOSITION_ERROR: a @composeDirective that names nothing that could be kept.

It names, with its @, a directive that the subgraph defines and has linked from a specification of its own; a directive has one name
in all subgraphs that keep it, which is no other's and none of federation's; and subgraphs agree on the major version of that.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#composedirective
"""

from gateway.composition.errors import HintLevel, quoted
from gateway.composition.links import FEDERATION, Link
from gateway.composition.model import BUILT_IN_SCALARS, DirectiveUse, SubgraphSchema
from gateway.composition.specs import core_directive
from gateway.composition.state.composed import Composed, declared, definition_in, newest, resolve
from gateway.composition.state.core_names import names_in_use
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import from_node
from gateway.supergraph.link_address import SPECS

BY_ITSELF = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context"})


def check(context: MergeContext) -> None:
    """Checks every @composeDirective of every subgraph."""
    found: list[Composed] = []
    for schema in context.schemas.values():
        for use, name in declared(schema):
            composed = resolve(schema, use, name)
            if composed is None and name is not None and _core(schema, name) in BY_ITSELF:
                context.hint(
                    "DIRECTIVE_COMPOSITION_INFO",
                    HintLevel.INFO,
                    f'@composeDirective names "{name}", which composition takes care of by itself.',
                    [context.place(schema.name, use.node)],
                )
            elif composed is None:
                message, advice = _why(schema, name)
                _report(context, schema.name, use, message, advice)
            else:
                found.append(composed)
    _check_names(context, found)
    _check_spelling(context, found)
    _check_clashes(context, found)
    _check_versions(context, found)
    _check_types(context, found)
    _check_newest(context, found)
    _hint_versions(context)


def _core(schema: SubgraphSchema, name: str) -> str | None:
    return core_directive(name[1:], schema.links, is_fed1=schema.is_fed1) if name.startswith("@") else None


def _why(schema: SubgraphSchema, name: str | None) -> tuple[str, str]:
    if not name:
        return "@composeDirective names no directive.", 'Name one, as in @composeDirective(name: "@mine").'
    if not name.startswith("@"):
        return f'@composeDirective names "{name}", which does not begin with @.', f'Write "@{name}".'
    bare = name[1:]
    if _core(schema, name) is not None:
        return (
            f'@composeDirective names "{name}", which is federation\'s own.',
            "Remove it: composition knows what to keep.",
        )
    if bare not in schema.directives:
        return (
            f'@composeDirective names "{name}", which this subgraph does not define.',
            "Define the directive, or correct the name.",
        )
    return (
        f'@composeDirective names "{name}", which is not linked from a specification.',
        f'Link it, as in @link(url: "https://example.org/{bare}/v1.0", import: ["{name}"]).',
    )


def _check_names(context: MergeContext, found: list[Composed]) -> None:
    """One name, one specification."""
    first: dict[str, Composed] = {}
    for composed in found:
        earlier = first.setdefault(composed.local, composed)
        if (earlier.link.identity, earlier.element) == (composed.link.identity, composed.element):
            continue
        context.error(
            "DIRECTIVE_COMPOSITION_ERROR",
            f'"@{composed.local}" is from {composed.link.identity} in "{composed.subgraph}", but from {earlier.link.identity} in '
            f'"{earlier.subgraph}".',
            [context.place(c.subgraph, c.use.node) for c in (composed, earlier)],
            "Rename one of them with `as:` where it is imported.",
        )


def _check_spelling(context: MergeContext, found: list[Composed]) -> None:
    """One directive, one name, in the subgraphs that keep it; a hint for the others that would have to rename theirs."""
    first: dict[tuple[str, str], Composed] = {}
    for composed in found:
        earlier = first.setdefault((composed.link.identity, composed.element), composed)
        if earlier.local != composed.local:
            context.error(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'"{composed.element}" of {composed.link.identity} is called "@{composed.local}" in "{composed.subgraph}", but '
                f'"@{earlier.local}" in "{earlier.subgraph}".',
                [context.place(c.subgraph, c.link.node) for c in (composed, earlier)],
                f'Import it as "@{earlier.local}" in both.',
            )
    keeping = {(composed.subgraph, composed.link.identity, composed.element) for composed in found}
    for (identity, element), composed in first.items():
        others = [
            (schema.name, link)
            for schema in context.schemas.values()
            for link in schema.links
            if link.identity == identity
            and (schema.name, identity, element) not in keeping
            and element in link.imports.values()
            and link.local(element) != f"@{composed.local}"
        ]
        if others:
            context.hint(
                "DIRECTIVE_COMPOSITION_WARN",
                HintLevel.WARN,
                f'The supergraph keeps "{element}" of {identity} as "@{composed.local}"; {quoted(s for s, _ in others)} would have to '
                "call it so too, to have it kept.",
                [context.place(subgraph, link.node) for subgraph, link in others],
            )


def _check_clashes(context: MergeContext, found: list[Composed]) -> None:
    """No name that a directive of federation has in the supergraph."""
    taken = {
        local: (core, users) for core, names in names_in_use(context.schemas).items() for local, users in names.items()
    }
    for schema in context.schemas.values():
        for link in schema.links:
            for core in ("tag", "inaccessible"):
                if link.identity == FEDERATION:
                    taken.setdefault(link.local(f"@{core}")[1:], (core, [schema.name]))
    for composed in found:
        if composed.local in taken:
            core, users = taken[composed.local]
            context.error(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'"@{composed.local}" of {composed.link.identity} would be kept under the name that "@{core}" of federation has in '
                f"{quoted(users)}.",
                [
                    context.place(composed.subgraph, composed.use.node),
                    *(context.place(user, context.schemas[user].node) for user in users),
                ],
                "Rename one of them with `as:` where it is imported.",
            )


def _check_versions(context: MergeContext, found: list[Composed]) -> None:
    """One specification, one major version."""
    first: dict[str, Composed] = {}
    for composed in found:
        earlier = first.setdefault(composed.link.identity, composed)
        ours, theirs = composed.link.version or (0, 0), earlier.link.version or (0, 0)
        if ours[0] == theirs[0]:
            continue
        context.error(
            "DIRECTIVE_COMPOSITION_ERROR",
            f'"{composed.link.identity}" is linked as v{ours[0]}.{ours[1]} in "{composed.subgraph}" and as v{theirs[0]}.{theirs[1]} in '
            f'"{earlier.subgraph}": the major versions differ.',
            [context.place(c.subgraph, c.link.node) for c in (composed, earlier)],
            "Link the same major version everywhere.",
        )


def _check_newest(context: MergeContext, found: list[Composed]) -> None:
    """One of the subgraphs that link the newest version defines what is composed of it."""
    for composed in {(each.link.identity, each.element): each for each in found}.values():
        newer = newest(found, composed.link.identity)
        if all(definition_in(context.schemas[each.subgraph], each.link, composed.element) is None for each in newer):
            last = newer[-1]
            context.error(
                "DIRECTIVE_COMPOSITION_ERROR",
                f'"{composed.element}" of {composed.link.identity} is kept by "{composed.subgraph}", but "{last.subgraph}", which links '
                "the newest version, does not define it.",
                [context.place(last.subgraph, last.link.node), context.place(composed.subgraph, composed.use.node)],
                "Define it there too, or link the same version everywhere.",
            )


def _hint_versions(context: MergeContext) -> None:
    """Specifications of the subgraphs' own in different major versions, of which one at most is kept."""
    linked: dict[str, list[tuple[str, Link]]] = {}
    for schema in context.schemas.values():
        for link in schema.links:
            if not link.identity.startswith(f"{SPECS}/") and link.version is not None:
                linked.setdefault(link.identity, []).append((schema.name, link))
    for identity, links in linked.items():
        if len({link.version[0] for _, link in links if link.version is not None}) > 1:
            context.hint(
                "DIRECTIVE_COMPOSITION_INFO",
                HintLevel.INFO,
                f'"{identity}" is linked in different major versions, of which one at most is kept.',
                [context.place(subgraph, link.node) for subgraph, link in links],
            )


def _check_types(context: MergeContext, found: list[Composed]) -> None:
    """The supergraph has the types of the arguments: federation's own are not in it."""
    for composed in found:
        for argument in composed.definition.arguments or ():
            type_ = from_node(argument.type)
            if type_.name not in context.supergraph.types and type_.name not in BUILT_IN_SCALARS:
                context.error(
                    "DIRECTIVE_COMPOSITION_ERROR",
                    f'The argument "{argument.name.value}" of "@{composed.local}" is a "{type_}", which the supergraph does not have.',
                    [context.place(composed.subgraph, argument)],
                    "Give the argument a type of the subgraph's own, or String.",
                )


def _report(context: MergeContext, subgraph: str, use: DirectiveUse, message: str, advice: str) -> None:
    context.error("DIRECTIVE_COMPOSITION_ERROR", message, [context.place(subgraph, use.node)], advice)
