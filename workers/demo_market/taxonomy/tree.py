"""The whole category tree: 8 roots, their branches, 41 leaves."""

from workers.demo_market.taxonomy import beauty, electronics, fashion, home, outdoors, pantry, paper, toys
from workers.demo_market.taxonomy.model import Leaf, Root

ROOTS: tuple[Root, ...] = (
    home.ROOT,
    electronics.ROOT,
    fashion.ROOT,
    outdoors.ROOT,
    beauty.ROOT,
    toys.ROOT,
    paper.ROOT,
    pantry.ROOT,
)


def leaves() -> list[tuple[Root, Leaf]]:
    """Every leaf with its root, in the order of the tree."""
    return [(root, leaf) for root in ROOTS for branch in root.branches for leaf in branch.leaves]
