"""Seven subgraphs with each field in four of them, and the operation on them that costs most to plan in public benchmarks.

Every object is an entity, so each of 256 groups of leaves may come from any of four subgraphs, and so may everything above it.
"""

from itertools import combinations, cycle

PLACES = (
    (1, 3, 4, 5), (0, 3, 4, 6), (0, 2, 5, 6), (3, 4, 5, 6), (0, 1, 2, 3), (1, 2, 4, 6), (0, 1, 2, 5),
)  # fmt: skip
"""The subgraphs of each field."""


def shared_subgraphs() -> dict[str, str]:
    """Subgraph name -> SDL without its `@link`."""
    return {
        f"sub{number}": 'type Query { node: Node @shareable } type Node @key(fields: "id0") { id0: ID! '
        + " ".join(
            f"n{field}: Node @shareable f{field}: String @shareable"
            for field, places in enumerate(PLACES)
            if number in places
        )
        + " }"
        for number in range(7)
    }


def shared_operation(depth: int = 3) -> str:
    """An operation with 4 ** (depth + 1) groups of four leaves."""
    chosen = cycle(combinations(range(7), 4))

    def level(below: int) -> str:
        fields = next(chosen)
        if not below:
            return " ".join(f"f{field}" for field in fields)
        return " ".join(f"n{field} {{ {level(below - 1)} }}" for field in fields)

    return f"query Hard {{ node {{ {' '.join(f'n{field} {{ {level(depth)} }}' for field in (0, 2, 3, 5))} }} }}"
