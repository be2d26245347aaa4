"""The general path: any plan, over a tree of dicts; and what both paths ask of a plan."""
