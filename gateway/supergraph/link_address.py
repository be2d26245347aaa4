"""The address of a specification, as `@link` gives it: which specification, in which version.

A specification is known by its address without the version, e.g. ``https://specs.apollo.dev/federation``. The last part of that is its
name, unless it cannot stand before ``__`` (``https://example.org/my-spec/v1.0``). A url need not end with a version.

Source: https://specs.apollo.dev/link/v1.0/#@link.url
"""

import re
from dataclasses import dataclass

SPECS = "https://specs.apollo.dev"
_VERSION = re.compile(r"v([0-9]+)\.([0-9]+)")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """A url, read.

    Attributes:
        identity: the url without its version, query and fragment.
        version: ``(2, 9)``; None where the url has none.
    """

    identity: str
    version: tuple[int, int] | None

    @property
    def segment(self) -> str:
        """The last part of the path, ``my-spec``; "" if there is no path."""
        _, scheme, rest = self.identity.rpartition("://")
        path = rest.partition("/")[2] if scheme else rest
        return path.rpartition("/")[2]

    @property
    def name(self) -> str:
        """The name that stands before ``__``; "" if the address gives none."""
        return self.segment if is_namespace(self.segment) else ""

    @property
    def is_standard(self) -> bool:
        """Whether the specification is one of federation's own."""
        return self.identity.startswith(f"{SPECS}/")


def read_address(url: str) -> LinkAddress:
    """Read the url of a `@link`."""
    whole = re.split("[?#]", url, maxsplit=1)[0].rstrip("/")
    identity, _, last = whole.rpartition("/")
    matched = _VERSION.fullmatch(last)
    if not identity or matched is None:
        return LinkAddress(whole, None)
    return LinkAddress(identity, (int(matched[1]), int(matched[2])))


def is_name(text: str) -> bool:
    """Whether GraphQL takes a text for a name."""
    return _NAME.fullmatch(text) is not None


def is_namespace(name: str) -> bool:
    """Whether a name can stand before ``__``, so that the two can be told apart again."""
    return is_name(name) and "__" not in name and not name.endswith("_")
