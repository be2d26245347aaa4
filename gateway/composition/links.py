"""`@link`: which specifications a document uses, in which version, and what their elements are called in it.

An imported element has its own name, or the one given by ``as``; any other is ``<namespace>__<element>``; the directive that is
called as its specification needs neither. So `@link(url: ".../federation/v2.9", as: "fed", import: [{name: "@key", as: "@pk"}])`
makes `@pk` and `@fed__requires` federation's.

A specification is known by its address without the version. The last part of that gives the elements their namespace, unless ``as``
does. An address whose last part cannot be one (``https://example.org/my-spec/v1.0``) gives no namespace: then only imports have names.

Source: https://specs.apollo.dev/link/v1.0/
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from graphql import (
    DirectiveNode,
    EnumValueNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    ValueNode,
)

from gateway.supergraph.link_address import SPECS, is_name, is_namespace, read_address

FEDERATION = f"{SPECS}/federation"
LINK = f"{SPECS}/link"


@dataclass(frozen=True, slots=True)
class Link:
    """One `@link`.

    Attributes:
        identity: the URL without its version, e.g. ``https://specs.apollo.dev/federation``.
        name: the last part of the identity, ``federation``; "" if that is no name.
        version: ``(2, 9)``; None where the URL has none.
        namespace: what stands before ``__`` in names that are not imported; "" if those have no names here.
        imports: local name -> name in the specification; directives with their ``@``.
        purpose: ``SECURITY``, ``EXECUTION`` or None.
    """

    identity: str
    name: str
    version: tuple[int, int] | None
    namespace: str
    imports: Mapping[str, str]
    purpose: str | None
    node: DirectiveNode | None

    @property
    def url(self) -> str:
        """The URL with its version."""
        return f"{self.identity}/v{self.version[0]}.{self.version[1]}" if self.version else self.identity

    def element(self, local: str) -> str | None:
        """The specification's name for a local one (directives with ``@``), or None if it is not of this link."""
        if local in self.imports:
            return self.imports[local]
        at, bare = ("@", local[1:]) if local.startswith("@") else ("", local)
        if self.namespace and bare.startswith(f"{self.namespace}__"):
            return at + bare[len(self.namespace) + 2 :]
        if at and self.name and bare == self.namespace:
            return f"@{self.name}"
        return None

    def local(self, element: str) -> str:
        """What an element of the specification is called here (directives with ``@``); "" if it has no name here."""
        for local, imported in self.imports.items():
            if imported == element:
                return local
        at, bare = ("@", element[1:]) if element.startswith("@") else ("", element)
        if not self.namespace:
            return ""
        if at and bare == self.name:
            return f"@{self.namespace}"
        return f"{at}{self.namespace}__{bare}"


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """A `@link` that says nothing usable: the error's code, its sentence, what to write instead, and where."""

    code: str
    message: str
    advice: str
    node: Node


def read_links(
    schema_nodes: Iterable[SchemaDefinitionNode | SchemaExtensionNode],
) -> tuple[list[Link], list[LinkProblem]]:
    """The links of a document, in order, and what is wrong with those that cannot be read."""
    nodes = [directive for node in schema_nodes for directive in node.directives or ()]
    link_name = _name_of_link(nodes)
    links: list[Link] = []
    problems: list[LinkProblem] = []
    for node in nodes:
        if node.name.value != link_name:
            continue
        read = _read_link(node)
        if isinstance(read, Link):
            links.append(read)
        else:
            problems.append(read)
    problems.extend(_clashes(links))
    return links, problems


def _name_of_link(nodes: Iterable[DirectiveNode]) -> str:
    """What `@link` itself is called: its own link may rename it."""
    for node in nodes:
        arguments = _arguments(node)
        url = _text(arguments.get("url"))
        if url is None or not url.startswith(f"{LINK}/"):
            continue
        own = _text(arguments.get("as")) or "link"
        imports = _imports(arguments.get("import"))
        renamed = next((local[1:] for local, name in imports if name == "@link"), None)
        if node.name.value in {own, renamed}:
            return node.name.value
    return "link"


def _read_link(node: DirectiveNode) -> Link | LinkProblem:
    arguments = _arguments(node)
    url = _text(arguments.get("url"))
    if url is None:
        return LinkProblem(
            "INVALID_LINK_DIRECTIVE_USAGE",
            "@link has no url that is a string.",
            'Write the address of a specification, as in @link(url: "https://specs.apollo.dev/federation/v2.9").',
            node,
        )
    if not _is_address(url):
        return LinkProblem(
            "INVALID_LINK_IDENTIFIER",
            f'The url "{url}" of @link is no address.',
            "Write the address of a specification, as in https://example.org/mine/v1.0.",
            node,
        )
    address = read_address(url)
    if address.version is None and address.is_standard:
        return LinkProblem(
            "INVALID_LINK_IDENTIFIER",
            f'The url "{url}" of @link does not end with a version.',
            f'End it with the version, e.g. "{address.identity}/v2.9".',
            node,
        )
    namespace = _text(arguments.get("as")) or address.name
    if namespace and not is_name(namespace):
        return LinkProblem(
            "INVALID_LINK_IDENTIFIER",
            f'"{namespace}" cannot stand before the names that are linked from "{url}".',
            "Give the link a name with `as:`.",
            node,
        )
    if namespace and not is_namespace(namespace):
        return LinkProblem(
            "INVALID_LINK_DIRECTIVE_USAGE",
            f'"{namespace}" cannot stand before the names that are linked from "{url}", because "__" separates the two.',
            'Give the link a name with `as:` that neither contains "__" nor ends with "_".',
            node,
        )
    if not _is_import_list(arguments.get("import")):
        return LinkProblem(
            "INVALID_LINK_DIRECTIVE_USAGE",
            f'What is imported from "{url}" is neither a name nor an object with a name.',
            'Import names, as in import: ["@key", {name: "@tag", as: "@label"}].',
            node,
        )
    imports: dict[str, str] = {}
    for local, element in _imports(arguments.get("import")):
        if local.startswith("@") != element.startswith("@"):
            return LinkProblem(
                "INVALID_LINK_DIRECTIVE_USAGE",
                f'@link imports "{element}" as "{local}": one is a directive, the other is not.',
                "Begin both names with @, or neither.",
                node,
            )
        if imports.setdefault(local, element) != element:
            return _double_import(node, f'imports both "{imports[local]}" and "{element}" as "{local}"')
    twice = next((e for e in imports.values() if list(imports.values()).count(e) > 1), None)
    if twice is not None:
        return _double_import(node, f'imports "{twice}" under two names')
    purpose = arguments.get("for")
    return Link(
        identity=address.identity,
        name=address.name,
        version=address.version,
        namespace=namespace,
        imports=imports,
        purpose=purpose.value if isinstance(purpose, EnumValueNode) else None,
        node=node,
    )


def _is_address(url: str) -> bool:
    if not url or re.search(r"\s", url):
        return False
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _double_import(node: DirectiveNode, what: str) -> LinkProblem:
    return LinkProblem(
        "INVALID_LINK_DIRECTIVE_USAGE", f"@link {what}.", "Import each element once, under a name of its own.", node
    )


def _clashes(links: Sequence[Link]) -> Iterator[LinkProblem]:
    """Links that claim one name, or one specification, twice, or import two elements under one name."""
    namespaces: dict[str, Link] = {}
    identities: dict[str, Link] = {}
    imports: dict[str, Link] = {}
    for link in links:
        assert link.node is not None
        if identities.setdefault(link.identity, link) is not link:
            message = f'"{link.identity}" is linked twice.'
            yield LinkProblem("INVALID_LINK_DIRECTIVE_USAGE", message, "Keep one of the two.", link.node)
        elif link.namespace and namespaces.setdefault(link.namespace, link) is not link:
            message = f'Two links are called "{link.namespace}".'
            yield LinkProblem("INVALID_LINK_DIRECTIVE_USAGE", message, "Rename one with `as:`.", link.node)
        for local, element in link.imports.items():
            earlier = imports.setdefault(local, link)
            if earlier is not link:
                message = f'"{element}" of {link.identity} is imported as "{local}", as is "{earlier.imports[local]}" of {earlier.identity}.'
                yield LinkProblem("INVALID_LINK_DIRECTIVE_USAGE", message, "Rename one with `as:`.", link.node)
    for link in links:
        for local in link.imports:
            bare = local.removeprefix("@")
            other = next(
                (o for o in links if o is not link and o.namespace and f"{bare}__".startswith(f"{o.namespace}__")), None
            )
            if other is not None and (bare != other.namespace or local != bare) and other.imports.get(local) is None:
                assert link.node is not None
                message = f'"{link.imports[local]}" of {link.identity} is imported as "{local}", which is a name of {other.identity}.'
                yield LinkProblem("INVALID_LINK_DIRECTIVE_USAGE", message, "Rename one with `as:`.", link.node)


def _is_import_list(value: ValueNode | None) -> bool:
    """Whether everything in an ``import:`` names something."""
    if value is None or isinstance(value, NullValueNode):
        return True
    if not isinstance(value, ListValueNode):
        return False
    return len(list(_imports(value))) == len(value.values)


def _imports(value: ValueNode | None) -> Iterator[tuple[str, str]]:
    """(local name, name in the specification) of each import."""
    if not isinstance(value, ListValueNode):
        return
    for item in value.values:
        if isinstance(item, StringValueNode):
            yield item.value, item.value
        elif isinstance(item, ObjectValueNode):
            given = {entry.name.value: _text(entry.value) for entry in item.fields}
            name = given.get("name")
            if name is not None:
                yield given.get("as") or name, name


def _arguments(node: DirectiveNode) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in node.arguments or ()}


def _text(value: ValueNode | None) -> str | None:
    return value.value if isinstance(value, StringValueNode) else None
