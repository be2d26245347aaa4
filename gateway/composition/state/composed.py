"""`@composeDirective`: directives of the subgraphs' own that the supergraph keeps.

A directive is known by the specification it is linked from. The supergraph calls it as the subgraphs do that ask to keep it, keeps
what those apply, and takes all definitions from the subgraphs that link the newest version, each from the last by name that has it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#composedirective
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphql import DirectiveDefinitionNode, StringValueNode, ValueNode, print_ast

from gateway.composition.links import Link
from gateway.composition.merged_model import ComposedFeature
from gateway.composition.model import DirectiveUse, SubgraphSchema, uses
from gateway.composition.specs import is_core


@dataclass(frozen=True, slots=True)
class Composed:
    """One subgraph's `@composeDirective`, understood."""

    subgraph: str
    local: str
    link: Link
    element: str
    definition: DirectiveDefinitionNode
    use: DirectiveUse


@dataclass(frozen=True, slots=True)
class ComposedDirectives:
    """The directives that the supergraph keeps.

    Attributes:
        local_names: (subgraph, name there) -> name in the supergraph.
        repeatable: those of them that may be applied more than once.
        defaults: name -> argument -> its default.
        features: the links to print.
    """

    local_names: Mapping[tuple[str, str], str]
    repeatable: frozenset[str]
    defaults: Mapping[str, Mapping[str, ValueNode]]
    features: tuple[ComposedFeature, ...]

    def local_name(self, subgraph: str, name: str) -> str | None:
        """What the supergraph calls a subgraph's directive, or None if it does not keep it."""
        return self.local_names.get((subgraph, name))


def declared(schema: SubgraphSchema) -> Iterable[tuple[DirectiveUse, str | None]]:
    """Each `@composeDirective` of a subgraph and the name it gives, with its ``@``."""
    for use in uses(schema.schema_directives, "composeDirective"):
        value = use.arguments.get("name")
        yield use, value.value if isinstance(value, StringValueNode) else None


def resolve(schema: SubgraphSchema, use: DirectiveUse, name: str | None) -> Composed | None:
    """What a `@composeDirective` means, or None if it means nothing (a rule of its own says why)."""
    if name is None or not name.startswith("@"):
        return None
    local = name[1:]
    definition = schema.directives.get(local)
    if definition is None:
        return None
    for link in schema.links:
        element = link.element(name)
        if element is not None and not is_core(link):
            return Composed(schema.name, local, link, element, definition, use)
    return None


def find_composed(schemas: Mapping[str, SubgraphSchema]) -> ComposedDirectives:
    """The directives that subgraphs ask to keep, each subgraph its own uses."""
    asked: dict[tuple[str, str], str] = {}
    chosen: dict[tuple[str, str], Composed] = {}
    found: list[Composed] = []
    locals_: dict[tuple[str, str], str] = {}
    for schema in schemas.values():
        for use, name in declared(schema):
            composed = resolve(schema, use, name)
            if composed is None:
                continue
            at = (composed.link.identity, composed.element)
            locals_[schema.name, composed.local] = asked.setdefault(at, composed.local)
            found.append(composed)
            if at not in chosen or _version(composed) >= _version(chosen[at]):
                chosen[at] = composed
    for at, composed in chosen.items():
        definitions = [definition_in(schemas[each.subgraph], each.link, at[1]) for each in newest(found, at[0])]
        known = [definition for definition in definitions if definition is not None]
        chosen[at] = replace(composed, definition=known[-1]) if known else composed
    return ComposedDirectives(
        local_names=locals_,
        repeatable=frozenset(asked[at] for at, composed in chosen.items() if composed.definition.repeatable),
        defaults={
            asked[at]: {
                a.name.value: a.default_value for a in c.definition.arguments or () if a.default_value is not None
            }
            for at, c in chosen.items()
        },
        features=tuple(_features(asked, chosen)),
    )


def newest(found: Iterable[Composed], identity: str) -> list[Composed]:
    """Return those of a specification whose subgraphs link the newest version of it, in order."""
    of_it = [composed for composed in found if composed.link.identity == identity]
    latest = max(map(_version, of_it))
    return [composed for composed in of_it if _version(composed) == latest]


def _version(composed: Composed) -> tuple[int, int]:
    return composed.link.version or (0, 0)


def definition_in(schema: SubgraphSchema, link: Link, element: str) -> DirectiveDefinitionNode | None:
    """The definition that a subgraph has of a directive of a specification that it links."""
    return schema.directives.get(link.local(element)[1:])


def _features(
    asked: Mapping[tuple[str, str], str], chosen: Mapping[tuple[str, str], Composed]
) -> Iterable[ComposedFeature]:
    by_identity: dict[str, list[tuple[str, str]]] = {}
    for at in asked:
        by_identity.setdefault(at[0], []).append(at)
    for _, elements in sorted(by_identity.items()):
        link = max((chosen[at] for at in elements), key=_version).link
        yield ComposedFeature(
            url=link.url,
            name=link.name,
            imports=tuple((f"@{asked[at]}", at[1]) for at in sorted(elements)),
            definitions=tuple((asked[at], _definition(chosen[at].definition, asked[at])) for at in sorted(elements)),
        )


def _definition(node: DirectiveDefinitionNode, name: str) -> str:
    """The definition under the supergraph's name for it; only places that a supergraph keeps."""
    arguments = ", ".join(print_ast(argument) for argument in node.arguments or ())
    locations = " | ".join(location.value for location in node.locations)
    repeatable = " repeatable" if node.repeatable else ""
    return f"directive @{name}{f'({arguments})' if arguments else ''}{repeatable} on {locations}"
