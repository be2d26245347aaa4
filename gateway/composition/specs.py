"""The directives and types that composition knows, each with the federation version that brought it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/versions
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.composition.links import FEDERATION, LINK, Link
from gateway.supergraph.link_address import SPECS

LATEST_FEDERATION = (2, 14)
"""The newest version whose elements are known. A later minor version is read as this one, with a hint."""


@dataclass(frozen=True, slots=True)
class DirectiveSpec:
    """A directive of a core specification.

    Attributes:
        since: the federation version that brought it.
        definition: what follows its name in SDL; types of federation in braces, because documents may rename them.
        earlier: (version before which it holds, definition) of older ones, the oldest first.
    """

    since: tuple[int, int]
    definition: str
    earlier: tuple[tuple[tuple[int, int], str], ...] = ()

    def definition_in(self, version: tuple[int, int]) -> str:
        """The definition in a version of federation."""
        return next((definition for before, definition in self.earlier if version < before), self.definition)


_TAG = "(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION"
_TAG_EVERYWHERE = f"{_TAG} | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
_AUTH = "on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"

DIRECTIVES = {
    "key": DirectiveSpec((2, 0), "(fields: {FieldSet}!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE"),
    "requires": DirectiveSpec((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    "provides": DirectiveSpec((2, 0), "(fields: {FieldSet}!) on FIELD_DEFINITION"),
    "external": DirectiveSpec((2, 0), "(reason: String) on OBJECT | FIELD_DEFINITION"),
    "tag": DirectiveSpec((2, 0), f"{_TAG_EVERYWHERE} | SCHEMA", earlier=(((2, 3), _TAG_EVERYWHERE),)),
    "extends": DirectiveSpec((2, 0), "on OBJECT | INTERFACE"),
    "shareable": DirectiveSpec(
        (2, 0), "repeatable on OBJECT | FIELD_DEFINITION", earlier=(((2, 2), "on OBJECT | FIELD_DEFINITION"),)
    ),
    "inaccessible": DirectiveSpec(
        (2, 0),
        "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT"
        " | INPUT_FIELD_DEFINITION",
    ),
    "override": DirectiveSpec(
        (2, 0),
        "(from: String!, label: String) on FIELD_DEFINITION",
        earlier=(((2, 7), "(from: String!) on FIELD_DEFINITION"),),
    ),
    "composeDirective": DirectiveSpec((2, 1), "(name: String) repeatable on SCHEMA"),
    "interfaceObject": DirectiveSpec((2, 3), "on OBJECT"),
    "authenticated": DirectiveSpec((2, 5), _AUTH),
    "requiresScopes": DirectiveSpec((2, 5), "(scopes: [[{Scope}!]!]!) " + _AUTH),
    "policy": DirectiveSpec((2, 6), "(policies: [[{Policy}!]!]!) " + _AUTH),
    "context": DirectiveSpec((2, 8), "(name: String!) repeatable on INTERFACE | OBJECT | UNION"),
    "fromContext": DirectiveSpec((2, 8), "(field: {ContextFieldValue}) on ARGUMENT_DEFINITION"),
    "cost": DirectiveSpec(
        (2, 9),
        "(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    "listSize": DirectiveSpec(
        (2, 9),
        "(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true)"
        " on FIELD_DEFINITION",
    ),
    "cacheTag": DirectiveSpec((2, 12), "(format: String!) repeatable on FIELD_DEFINITION | OBJECT"),
}
TYPES = {"FieldSet": (2, 0), "Scope": (2, 5), "Policy": (2, 6), "ContextFieldValue": (2, 8)}

ACCESS = ("authenticated", "requiresScopes", "policy")
"""The directives that demand something of a caller."""

EXECUTABLE_LOCATIONS = frozenset(
    {"QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION"}
)  # fmt: skip

# Specifications that a subgraph may link beside federation, with the directives each has and the versions known.
OTHER_SPECS: dict[str, tuple[tuple[str, ...], frozenset[tuple[int, int]]]] = {
    "tag": (("tag",), frozenset({(0, 1), (0, 2), (0, 3)})),
    "inaccessible": (("inaccessible",), frozenset({(0, 1), (0, 2)})),
    "authenticated": (("authenticated",), frozenset({(0, 1)})),
    "requiresScopes": (("requiresScopes",), frozenset({(0, 1)})),
    "policy": (("policy",), frozenset({(0, 1)})),
    "cost": (("cost", "listSize"), frozenset({(0, 1)})),
    "context": (("context", "fromContext"), frozenset({(0, 1)})),
}

_EARLIER_SPECS = {
    ("tag", (0, 1)): _TAG,
    ("tag", (0, 2)): _TAG_EVERYWHERE,
    ("inaccessible", (0, 1)): "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION",
}

# What a document of federation 1 may use without linking anything.
FEDERATION_1 = ("key", "requires", "provides", "external", "extends", "tag")


def is_other_spec(link: Link) -> bool:
    """Whether a link is to one of `OTHER_SPECS`, and not to another host's specification of that name."""
    return link.name in OTHER_SPECS and link.identity == f"{SPECS}/{link.name}"


def is_core(link: Link) -> bool:
    """Whether composition itself knows what the directives of a specification mean."""
    return link.identity in {FEDERATION, LINK} or is_other_spec(link)


def elements(link: Link) -> Iterator[str]:
    """The names of a core specification's elements in the linked version, directives with ``@``."""
    if link.identity == FEDERATION:
        version = link.version or LATEST_FEDERATION
        yield from (f"@{name}" for name, spec in DIRECTIVES.items() if spec.since <= version)
        yield from (name for name, since in TYPES.items() if since <= version)
    elif is_other_spec(link):
        yield from (f"@{name}" for name in OTHER_SPECS[link.name][0])
    elif link.identity == LINK:
        yield from ("@link", "Import", "Purpose")


def core_directive(local: str, links: Iterable[Link], *, is_fed1: bool) -> str | None:
    """The core name of a directive as a document calls it (without ``@``), or None if it is not of a core specification."""
    for link in links:
        element = link.element(f"@{local}")
        if element is not None and element in elements(link):
            return element[1:]
    if is_fed1 and local in FEDERATION_1:
        return local
    return None


def definitions(links: Iterable[Link], *, is_fed1: bool) -> Iterator[tuple[str, str]]:
    """(local name, SDL) of every core element that a document may use, so that it can be validated as plain GraphQL."""
    if is_fed1:
        yield "_FieldSet", "scalar _FieldSet"
        types = dict.fromkeys(TYPES, "_FieldSet")
        for name in FEDERATION_1:
            definition = DIRECTIVES[name].definition_in((1, 0)).format(**types)
            yield f"@{name}", f"directive @{name}{_spaced(definition)}"
    linked_link = False
    for link in links:
        types = {name: link.local(name) for name in TYPES}
        linked_link |= link.identity == LINK
        if link.identity == LINK:
            yield from _link_definitions(link.local("@link")[1:], link.local("Import"), link.local("Purpose"))
            continue
        known = set(elements(link))
        for name in sorted(known):
            local = link.local(name)
            if name.startswith("@"):
                bare = name[1:]
                if link.identity != FEDERATION:
                    types = {"FieldSet": "String", "Scope": "String", "Policy": "String", "ContextFieldValue": "String"}
                yield local, f"directive {local}{_spaced(_definition(link, bare).format(**types))}"
            else:
                yield local, f"scalar {local}"
    if not linked_link:
        yield from _link_definitions("link", "link__Import", "link__Purpose")


def _definition(link: Link, directive: str) -> str:
    spec = DIRECTIVES[directive]
    if link.identity == FEDERATION:
        return spec.definition_in(link.version or LATEST_FEDERATION)
    return _EARLIER_SPECS.get((directive, link.version or (0, 0)), spec.definition)


def _spaced(definition: str) -> str:
    return definition if definition.startswith("(") else f" {definition}"


def _link_definitions(name: str, import_name: str, purpose_name: str) -> Iterator[tuple[str, str]]:
    yield import_name, f"scalar {import_name}"
    yield purpose_name, f"enum {purpose_name} {{ SECURITY EXECUTION }}"
    yield (
        f"@{name}",
        f"directive @{name}(url: String, as: String, for: {purpose_name}, import: [{import_name}]) repeatable on SCHEMA",
    )
