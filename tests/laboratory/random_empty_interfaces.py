"""Random subgraphs whose interface has a key, and often no type that implements it.

a: interface I @key(fields: "id") { id: ID! a: Int }      b: type I @interfaceObject @key(fields: "id") { id: ID! b: Int }
"""

from random import Random

from tests.support.planning import LINK

KEY = '@key(fields: "id")'


def thinly_implemented_subgraphs(random: Random) -> dict[str, str]:
    """SDLs by subgraph name; most of them compose."""
    names = ["a", "b", "c", "d"][: random.randint(1, 4)]
    implementations = [name for name in ("A", "B") if random.random() < 0.3]
    return {name: LINK + " ".join(_definitions(random, name, implementations)) for name in names}


def _definitions(random: Random, name: str, implementations: list[str]) -> list[str]:
    own = f"{name}: {random.choice(['Int', 'V', 'I', '[I]', 'E'])}"
    root = f"type Query {{ {name}I: {random.choice(['I', '[I!]', 'I!'])} {name}E: E {name}V: V }}"
    entity = f"type E {KEY} {{ id: ID! @shareable e{name}: {random.choice(['Int', 'I'])} }}"
    value = f"type V @shareable {{ v: Int{' i: I' if random.random() < 0.5 else ''} }}"
    if random.random() < 0.6:
        return [root, entity, value, f"type I {KEY} @interfaceObject {{ id: ID! @shareable {own} }}"]
    objects = [
        f"type {each} implements I {KEY} {{ id: ID! @shareable {own} only{each}{name}: Int }}"
        for each in implementations
    ]
    return [root, entity, value, f"interface I {KEY} {{ id: ID! {own} }}", *objects]
