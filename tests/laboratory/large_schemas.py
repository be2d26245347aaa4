"""Large sets of subgraphs, as large companies have them: entities that several subgraphs extend, and that refer to each other."""

from random import Random

from gateway.composition.model import Subgraph

OWNERS = 3  # subgraphs that have an entity
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])'


def large_subgraphs(*, subgraphs: int, types: int, fields: int, seed: int = 1) -> list[Subgraph]:
    """Entities, each in three of the subgraphs.

    Args:
        types: how many entities in all.
        fields: scalar fields of each entity, all subgraphs together; each subgraph adds two that refer to other entities.
    """
    random = Random(seed)
    names = [f"s{index:03}" for index in range(subgraphs)]
    owned: dict[str, list[str]] = {name: [] for name in names}
    parts: dict[str, list[int]] = {}
    for index in range(types):
        for part, name in enumerate(random.sample(names, min(OWNERS, subgraphs))):
            owned[name].append(f"T{index}")
            parts.setdefault(f"{name}T{index}", []).append(part)
    return [Subgraph(name, f"http://{name}", _sdl(random, name, owned[name], parts, fields)) for name in names]


def _sdl(random: Random, name: str, owned: list[str], parts: dict[str, list[int]], fields: int) -> str:
    lines = [LINK, f"type Query {{ {' '.join(f'{name}_{type_}: {type_}' for type_ in owned[:5]) or f'{name}: Int'} }}"]
    for type_ in owned:
        (part,) = parts[f"{name}{type_}"]
        scalars = " ".join(f"f{part}_{index}: Int" for index in range(fields // OWNERS))
        one, many = random.choice(owned), random.choice(owned)
        lines.append(
            f'type {type_} @key(fields: "id") {{ id: ID! {scalars} one_{name}: {one} many_{name}: [{many}!]! }}'
        )
    return "\n".join(lines)
