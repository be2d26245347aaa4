"""What worlds are made of: objects, entities with their keys, and members with the subgraphs that resolve them."""

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]


@dataclass(slots=True)
class Member:
    """A field of an entity or value type of the world.

    Attributes:
        type: as SDL.
        owners: the subgraphs that resolve it.
        requires: names of fields of other subgraphs that its value is made of.
        provides: for subgraphs that resolve it, a field of the entity it returns that they provide.
        overridden_in: a subgraph that declares it, too, but from which an owner took it over.
    """

    name: str
    type: str
    owners: list[str]
    requires: list[str] = field(default_factory=list)
    takes_number: bool = False
    provides: dict[str, str] = field(default_factory=dict)
    overridden_in: str | None = None


@dataclass(slots=True)
class Entity:
    """An entity type.

    Attributes:
        keys: for each subgraph that has it, its keys.
        external: for each subgraph, fields that it only requires or provides.
        interfaces: for each subgraph, the interfaces that it implements there.
    """

    name: str
    keys: dict[str, list[str]]
    members: dict[str, Member] = field(default_factory=dict)
    external: dict[str, set[str]] = field(default_factory=dict)
    interfaces: dict[str, list[str]] = field(default_factory=dict)
