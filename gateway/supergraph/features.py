"""Which specifications a supergraph links (`@link`, or `@core` before it), and under which names its directives go.

A feature that is linked for SECURITY or EXECUTION must be understood: ignoring one would leak data or answer wrongly. A specification
is known by its whole address. One of another host that has the name of a standard one, e.g. ``https://example.org/inaccessible/v1.0``,
is another specification.

Source: https://specs.apollo.dev/link/v1.0/ and https://specs.apollo.dev/core/v0.2/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    ConstDirectiveNode,
    ConstValueNode,
    DocumentNode,
    EnumValueNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
)

from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.link_address import SPECS, read_address

JOIN_VERSIONS = frozenset({"v0.1", "v0.2", "v0.3", "v0.4", "v0.5"})
_ALWAYS_UNDERSTOOD = {
    "link": frozenset({"v1.0"}),
    "core": frozenset({"v0.1", "v0.2"}),
    "join": JOIN_VERSIONS,
}
_UNDERSTOOD = {
    **_ALWAYS_UNDERSTOOD,
    "inaccessible": frozenset({"v0.1", "v0.2"}),
    "authenticated": frozenset({"v0.1"}),
    "requiresScopes": frozenset({"v0.1"}),
    "policy": frozenset({"v0.1"}),
    "context": frozenset({"v0.1"}),
    "cacheTag": frozenset({"v0.1"}),  # says what caches may drop together; this gateway keeps no answers of subgraphs
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One linked specification.

    Attributes:
        name: as its address says, e.g. ``join``; the whole address of a specification that is not standard.
        version: e.g. ``v0.5``; "" if the address names none.
        prefix: what its elements are prefixed with in this document; differs from `name` after ``as:``.
        imports: name in this document by name in the specification, ``@`` included, for imported elements.
    """

    name: str
    version: str
    prefix: str
    imports: Mapping[str, str]

    def directive(self, name: str) -> str:
        """What the directive `name` of this specification is called here, without ``@``."""
        imported = self.imports.get(f"@{name}")
        if imported is not None:
            return imported.removeprefix("@")
        return self.prefix if name == self.name else f"{self.prefix}__{name}"

    def owns_directive(self, name: str) -> bool:
        """Whether a directive (no ``@``) of this document belongs to the specification."""
        return name == self.prefix or name.startswith(f"{self.prefix}__") or f"@{name}" in self.imports.values()

    def owns_type(self, name: str) -> bool:
        """Whether a type of this document belongs to the specification."""
        return name.startswith(f"{self.prefix}__") or name in self.imports.values()


def read_features(document: DocumentNode) -> dict[str, Feature]:
    """The specifications that the schema definition links, by name.

    Raises:
        SupergraphError: nothing is linked; an unknown version of link or join; a feature for SECURITY or EXECUTION that
            this gateway does not know.
    """
    features: dict[str, Feature] = {}
    for definition in document.definitions:
        if not isinstance(definition, SchemaDefinitionNode | SchemaExtensionNode):
            continue
        for directive in definition.directives or ():
            feature = _feature(directive)
            if feature is not None:
                features[feature.name] = feature
    if "join" not in features:
        message = "this is not a supergraph: its schema links no join specification"
        if "federation" in features:
            message = "this is a subgraph, not a supergraph: compose it first (python -m gateway compose)"
        raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH")
    return features


def unlinked_use(document: DocumentNode, features: Mapping[str, Feature], name: str) -> ConstDirectiveNode | None:
    """Return the first use of a directive that goes by a specification's name, and that no linked specification owns."""
    if any(feature.owns_directive(name) for feature in features.values()):
        return None
    for directive in _applied(document):
        if directive.name.value == name:
            return directive
    return None


def refuse_unlinked_access(document: DocumentNode, features: Mapping[str, Feature]) -> None:
    """Refuse a supergraph that uses a directive of access without linking its specification: it would be served open.

    Raises:
        SupergraphError: UNLINKED_DIRECTIVE, with the place of the first use.
    """
    for name in ("authenticated", "requiresScopes", "policy", "inaccessible"):
        directive = unlinked_use(document, features, name)
        if directive is not None:
            message = (
                f"the supergraph uses @{name} without linking its specification, so nothing would be protected by it: "
                f'add @link(url: "{SPECS}/{name}/v{"0.2" if name == "inaccessible" else "0.1"}", for: SECURITY) '
                "to the schema"
            )
            raise SupergraphError.at(directive, message, code="UNLINKED_DIRECTIVE")


def _applied(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    """Every directive on a type, a field, an argument, an input field or a value of an enum."""
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode | TypeExtensionNode):
            continue
        yield from node.directives or ()
        members = getattr(node, "fields", None) or getattr(node, "values", None) or ()
        for member in members:
            yield from member.directives or ()
            for argument in getattr(member, "arguments", None) or ():
                yield from argument.directives or ()


def _feature(directive: ConstDirectiveNode) -> Feature | None:
    arguments = {argument.name.value: argument.value for argument in directive.arguments or ()}
    url = arguments.get("url") or arguments.get("feature")
    if not isinstance(url, StringValueNode):
        return None
    address, alias = read_address(url.value), arguments.get("as")
    version = "v{}.{}".format(*address.version) if address.version else ""
    segment = address.name if version or not address.is_standard else ""  # a standard one without a version is none
    name = segment if segment and address.identity == f"{SPECS}/{segment}" else url.value
    prefix = alias.value if isinstance(alias, StringValueNode) else segment or url.value
    given = arguments.get("for")
    purpose = given.value if isinstance(given, EnumValueNode) else None
    known_versions = (_UNDERSTOOD if purpose is not None else _ALWAYS_UNDERSTOOD).get(name)
    if purpose is not None and known_versions is None:
        message = f"the supergraph needs {url.value} for {purpose}, which this gateway does not know"
        raise SupergraphError.at(directive, message, code="UNSUPPORTED_FEATURE")
    if known_versions is not None and version not in known_versions:
        message = f"the supergraph links {url.value}, and this gateway knows {name} {', '.join(sorted(known_versions))}"
        raise SupergraphError.at(directive, message, code="UNKNOWN_LINK_VERSION")
    return Feature(name, version, prefix, _imports(arguments.get("import")))


def _imports(node: ConstValueNode | None) -> dict[str, str]:
    imports: dict[str, str] = {}
    for value in node.values or () if isinstance(node, ListValueNode) else ():
        if isinstance(value, StringValueNode):
            imports[value.value] = value.value
        elif isinstance(value, ObjectValueNode):
            parts = {f.name.value: f.value.value for f in value.fields or () if isinstance(f.value, StringValueNode)}
            if "name" in parts:
                imports[parts["name"]] = parts.get("as", parts["name"])
    return imports
