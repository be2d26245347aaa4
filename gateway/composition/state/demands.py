"""What `@requiresScopes` and `@policy` demand, as an OR of ANDs, and what several demands are together.

Source: https://www.apollographql.com/docs/graphos/routing/security/authorization
"""

from collections.abc import Iterable

from graphql import StringValueNode, ValueNode, print_ast

from gateway.composition.merged_model import Applied
from gateway.supergraph.access import alternatives_of

Conjunctions = frozenset[frozenset[str]]


def alternatives(value: ValueNode | None) -> Conjunctions:
    """``[["a", "b"], ["c"]]``: (a and b) or c."""
    return frozenset(alternatives_of(value))


def conjunction(requirements: Iterable[Conjunctions]) -> Conjunctions:
    """What satisfies all the requirements: the product, without the alternatives that contain another one."""
    whole: Conjunctions | None = None
    for requirement in requirements:
        product = requirement if whole is None else frozenset(a | b for a in whole for b in requirement)
        whole = frozenset(a for a in product if not any(b < a for b in product))
    return whole or frozenset()


def access_directive(name: str, requirement: Conjunctions) -> Applied:
    """`@requiresScopes` or `@policy` in a fixed order."""
    argument = "scopes" if name == "requiresScopes" else "policies"
    rows = sorted(sorted(row) for row in requirement)
    shown = ", ".join(f"[{', '.join(_quoted(item) for item in row)}]" for row in rows)
    return Applied(name, ((argument, f"[{shown}]"),))


def _quoted(text: str) -> str:
    return print_ast(StringValueNode(value=text))
