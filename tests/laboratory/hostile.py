"""Documents that are made to cost, each with the code it is refused with, or None if it is answered.

For tests, which count the work, and for `python -m tests.bench.hostile`, which times it.
"""

from gateway.errors import ClientError
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.normalize import normalize
from gateway.operation.parse import parse_document, select_operation
from gateway.operation.prepare import Preparer
from gateway.planning.planner import plan
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.support.planning import nobody_refused


def chained(count: int, body: str, end: str) -> str:
    """Fragments F0 to F<count>, each spreading the next where `body` says NEXT."""
    return (
        "".join(
            f"fragment F{i} on Account {{ {body.replace('NEXT', f'...F{i + 1}').replace('N', str(i))} }} "
            for i in range(count)
        )
        + f"fragment F{count} on Account {{ {end} }}"
    )


DOCUMENTS = {
    "a megabyte of tokens": ("{ " + "a " * 500_000 + "}", "MAX_LENGTH_EXCEEDED"),
    "a megabyte in one name": ("{ " + "a" * 1_000_000 + " }", "MAX_LENGTH_EXCEEDED"),
    "a megabyte of comments": ("#\n" * 500_000 + "{ goods { id } }", "MAX_LENGTH_EXCEEDED"),
    "many tokens": ("{ goods { " + "id " * 60_000 + "} }", "MAX_TOKENS_EXCEEDED"),
    "many comments": ("#\n" * 60_000 + "{ goods { id } }", "MAX_TOKENS_EXCEEDED"),
    "a deep selection": ("{ " + "a { " * 4_000, "MAX_DEPTH_EXCEEDED"),
    "a deep literal": ("{ any(value: " + "[" * 4_000, "MAX_DEPTH_EXCEEDED"),
    "a deep type": ("query ($v: " + "[" * 4_000, "MAX_DEPTH_EXCEEDED"),
    "doubling fragments": (
        "{ account(id: 1) { ...F0 } } " + chained(40, "NEXT NEXT", "id"),
        "MAX_SELECTIONS_EXCEEDED",
    ),
    "doubling fields": (
        "{ account(id: 1) { ...F0 } } " + chained(20, "friends { NEXT } x: friends { NEXT }", "id"),
        "MAX_SELECTIONS_EXCEEDED",
    ),
    "a long chain of fragments": ("{ account(id: 1) { ...F0 } } " + chained(300, "NEXT", "id"), "MAX_DEPTH_EXCEEDED"),
    "misspelt names": (
        "{ account(id: 1) { " + " ".join(f"nicknam{i}" for i in range(2_000)) + " } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "conflicting names": (
        "{ account(id: 1) { " + " ".join(f"x: nickname x: mail y{i}: id" for i in range(150)) + " } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "the same field over and over": ("{ account(id: 1) { " + "friends { id } " * 700 + "} }", None),
    "fragments nobody uses": (
        "{ goods { id } } " + "".join(f"fragment U{i} on Good {{ id }} " for i in range(500)),
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "variables nobody uses": (
        "query (" + " ".join(f"$v{i}: Int" for i in range(1_000)) + ") { goods { id } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "introspection without end": (
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}
"""For the shop of `tests.support.gateway`, by default limits: what is refused, or prepared, before anything is planned."""


def many_roots(count: int) -> str:
    """As many root fields as there may be, each with fetches of its own."""
    return (
        "{"
        + " ".join(
            f"a{n}: topProducts {{ reviews {{ author {{ name }} product {{ inStock }} }} }}" for n in range(count)
        )
        + "}"
    )


def deep_nest(depth: int) -> str:
    """From products to their authors and back."""
    inner = "name inStock"
    for _ in range(depth):
        inner = f"name inStock reviews {{ author {{ name reviews {{ product {{ {inner} }} }} }} }}"
    return f"{{ topProducts {{ {inner} }} }}"


def doubling_fragments(count: int) -> str:
    """Fields that are two to the power of `count` when the fragments are opened."""
    fragments = [
        f"fragment F{n} on User {{ x: reviews {{ author {{ ...F{n + 1} }} }} y: reviews {{ author {{ ...F{n + 1} }} }} }}"
        for n in range(count)
    ]
    return "{ users { ...F0 } } " + " ".join(fragments) + f" fragment F{count} on User {{ name }}"


def same_fragment_twice(count: int) -> str:
    """The same, but both halves merge: as many fields as fragments."""
    fragments = [
        f"fragment F{n} on User {{ reviews {{ author {{ ...F{n + 1} ...F{n + 1} }} }} }}" for n in range(count)
    ]
    return "{ users { ...F0 ...F0 } } " + " ".join(fragments) + f" fragment F{count} on User {{ name }}"


def many_aliases(count: int) -> str:
    """One field under many names."""
    return "{ users {" + " ".join(f"a{n}: name" for n in range(count)) + "} }"


OPERATIONS: dict[str, tuple[str, str | None]] = {
    "many roots": (many_roots(190), None),
    "deep nest": (deep_nest(45), None),
    "doubling fragments": (doubling_fragments(12), "QUERY_TOO_COMPLEX"),
    "doubling fragments, longer": (doubling_fragments(100), "QUERY_TOO_COMPLEX"),
    "one fragment twice": (same_fragment_twice(60), None),
    "many aliases": (many_aliases(1_300), None),
}
"""For the supergraph of the public benchmark, as if the limits on documents had let them through."""


def mutations_in_a_row(count: int) -> str:
    """Mutations of two subgraphs in turn, which must be asked one after the other; for the goldens' mutations."""
    row = " ".join(f"a{n}: place(n: {n}) {{ paid }} b{n}: pay(id: {n}) {{ status }}" for n in range(count))
    return f"mutation {{ {row} }}"


def chain_of_subgraphs(count: int) -> Supergraph:
    """An entity in a row of subgraphs, each sharing a key with the next only: from the first to the last leads one way."""
    graphs = " ".join(f'S{n} @join__graph(name: "s{n}", url: "http://s{n}.test/")' for n in range(count))
    keys = " ".join(f'@join__type(graph: S{n}, key: "k{m}")' for n in range(count) for m in (n, n + 1))
    shared = " ".join(f"k{n}: ID @join__field(graph: S{n - 1}) @join__field(graph: S{n})" for n in range(1, count))
    own = " ".join(f"f{n}: Int @join__field(graph: S{n})" for n in range(count))
    return read_supergraph(f"""
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
        {{ query: Query }}
        enum join__Graph {{ {graphs} }}
        type Query @join__type(graph: S0) {{ e: E }}
        type E {keys} {{ k0: ID @join__field(graph: S0) k{count}: ID @join__field(graph: S{count - 1}) {shared} {own} }}
    """)


def every_field_of_chain(count: int) -> str:
    """The operation that goes the whole way through such a chain."""
    return "{ e { " + " ".join(f"f{n}" for n in range(count)) + " } }"


def wide_interface(count: int) -> Supergraph:
    """An interface of so many entities, each with fields of its own in two more subgraphs."""
    graphs = " ".join(
        f'{name} @join__graph(name: "{name.lower()}", url: "http://{name.lower()}.test/")' for name in "ABC"
    )
    owned = " ".join(
        f"""
        type T{n} implements Node @join__implements(graph: A, interface: "Node")
          @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {{
          id: ID! b{n}: Int @join__field(graph: B) c: Int @join__field(graph: C) kids: [Node!] @join__field(graph: A)
        }}"""
        for n in range(count)
    )
    return read_supergraph(f"""
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
        {{ query: Query }}
        enum join__Graph {{ {graphs} }}
        type Query @join__type(graph: A) {{ nodes: [Node!]! }}
        interface Node @join__type(graph: A) {{ id: ID! }}
        {owned}
    """)


def every_type_of_interface(count: int) -> str:
    """A fragment on each type, with fields from three subgraphs."""
    return "{ nodes { " + " ".join(f"... on T{n} {{ b{n} c kids {{ id }} }}" for n in range(count)) + " } }"


def every_type_below_every_type(count: int, step: int) -> str:
    """The same once more, and below each every `step`-th type."""
    below = " ".join(f"... on T{n} {{ b{n} }}" for n in range(0, count, step))
    return "{ nodes { " + " ".join(f"... on T{n} {{ c kids {{ {below} }} }}" for n in range(count)) + " } }"


def preparer_for(supergraph: Supergraph, *, max_tokens: int = Limits().max_tokens) -> Preparer:
    """A preparer by default limits, or another on tokens, that remembers ten documents."""
    return Preparer(
        supergraph.api,
        AccessRules(supergraph),
        Limits(max_tokens=max_tokens),
        allows_introspection=True,
        max_documents=10,
        max_document_bytes=100_000_000,
    )


def refusal_of_preparing(preparer: Preparer, text: str) -> str | None:
    """The code with which a document is refused, or None if it is prepared."""
    try:
        preparer.prepare(text, None)
    except ClientError as refused:
        return refused.code
    return None


def refusal_of_planning(supergraph: Supergraph, text: str) -> str | None:
    """The code with which normalising and planning ends, or None if there is a plan."""
    document = parse_document(text, max_tokens=100_000)
    definition = select_operation(document, None)
    try:
        operation = normalize(document, definition, supergraph.api, conditions={}, refuse=nobody_refused)
        plan(operation, supergraph)
    except ClientError as refused:
        return refused.code
    return None
