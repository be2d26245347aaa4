"""UNKNOWN_FEDERATION_LINK_VERSION, UNKNOWN_LINK_VERSION, UNSUPPORTED_LINKED_FEATURE, UNSUPPORTED_FEATURE: what cannot be linked.

A feature linked `for: SECURITY` protects something. Where composition does not know it, and no @composeDirective hands it on to a
gateway that might, its protection would be lost silently; so it is refused.

Source: https://specs.apollo.dev/link/v1.0/#@link
"""

from collections.abc import Iterator

from graphql import DirectiveNode, StringValueNode

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.links import FEDERATION, LINK, Link
from gateway.composition.read.parse import Document
from gateway.supergraph.link_address import SPECS

CONNECTORS = f"{SPECS}/connect"


def check(document: Document) -> Iterator[CompositionError]:
    """Checks the identity and version of every link."""
    composed = set(_composed_names(document))
    for link in document.links:
        yield from _check(document, link, composed)


def _check(document: Document, link: Link, composed: set[str]) -> Iterator[CompositionError]:
    shown = ".".join(map(str, link.version)) if link.version else "none"
    if link.identity == FEDERATION and not (2, 0) <= (link.version or (0, 0)) < (3, 0):
        latest = ".".join(map(str, specs.LATEST_FEDERATION))
        yield _error(
            document,
            link,
            "UNKNOWN_FEDERATION_LINK_VERSION",
            f"There is no known version {shown} of federation.",
            f"Link a version from 2.0 to {latest}.",
        )
    elif link.identity == LINK and link.version != (1, 0):
        yield _error(
            document,
            link,
            "UNKNOWN_LINK_VERSION",
            f"There is no known version {shown} of the link specification.",
            "Link v1.0.",
        )
    elif link.identity == CONNECTORS:
        yield _error(
            document,
            link,
            "UNSUPPORTED_FEATURE",
            "Connectors are answered by Apollo's router itself, and not supported here.",
            "Serve the data from a subgraph.",
        )
    elif specs.is_other_spec(link):
        if link.version not in specs.OTHER_SPECS[link.name][1]:
            yield _error(
                document,
                link,
                "UNSUPPORTED_LINKED_FEATURE",
                f'There is no known version {shown} of "{link.identity}".',
                "Import the directive from the federation specification.",
            )
    elif link.purpose == "SECURITY" and link.identity != FEDERATION and not _is_handed_on(link, document, composed):
        yield _error(
            document,
            link,
            "UNSUPPORTED_LINKED_FEATURE",
            f'"{link.url}" is linked for security, but composition does not know it and its protection would be lost.',
            "Hand its directives on with @composeDirective, or remove `for: SECURITY`.",
        )


def _is_handed_on(link: Link, document: Document, composed: set[str]) -> bool:
    own = {name for name in document.directives if link.element(f"@{name}") is not None}
    return bool(own) and own <= composed


def _composed_names(document: Document) -> Iterator[str]:
    for node in document.schema_nodes:
        for directive in node.directives or ():
            if (
                specs.core_directive(directive.name.value, document.links, is_fed1=document.is_fed1)
                == "composeDirective"
            ):
                yield from _name(directive)


def _name(directive: DirectiveNode) -> Iterator[str]:
    for argument in directive.arguments or ():
        if argument.name.value == "name" and isinstance(argument.value, StringValueNode):
            yield argument.value.value.removeprefix("@")


def _error(document: Document, link: Link, code: str, message: str, advice: str) -> CompositionError:
    return error_at(code, message, document.subgraph.name, [link.node], advice)
