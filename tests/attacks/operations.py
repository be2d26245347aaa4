"""Operations that try to pass the cost limit, or to cost more than they are counted for: section 2 of the issue."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.world import MAX_COST, World

CODE = "MAX_COST_EXCEEDED"


def _must_be_refused(world: World, query: str, **more: Any) -> str:
    answer = world.ask(query, **more)
    code = answer.get("errors", [{}])[0].get("extensions", {}).get("code", "answered")
    if "data" in answer and answer["data"] is not None:
        raise AttackSucceeded(f"{code}: {query[:60]}")
    return str(code)


def race(world: World) -> str:
    """One text with a small and a large number at once, over and over."""
    refused = 0
    with ThreadPoolExecutor(8) as threads:
        for number in range(40):
            text = f"query Q{number}($n: Int) {{ things(first: $n) {{ id }} }}"
            sizes = (10, 1_000_000) * 4
            answers = list(threads.map(lambda n, text=text: world.ask(text, variables={"n": n}), sizes))
            for size, answer in zip(sizes, answers, strict=True):
                is_refused = answer.get("errors", [{}])[0].get("extensions", {}).get("code") == CODE
                if is_refused != (size > MAX_COST):
                    raise AttackSucceeded(f"first: {size} was {'refused' if is_refused else 'answered'}")
                refused += is_refused
    return f"{refused} of 320 refused, the right ones"


def weighing_bomb(world: World) -> str:
    """One variable of 300,000 small values under a hundred names."""
    fields = " ".join(f"a{number}: check(input: $v)" for number in range(100))
    answer = world.ask(f"query ($v: Any) {{ {fields} }}", variables={"v": [{}] * 300_000})
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "answered"


def remembered_values(world: World) -> str:
    """Three hundred other large variables of one document."""
    query = "query Many($v: Any) { check(input: $v) }"
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: world.ask(query, variables={"v": "x" * 300_000 + str(n)}), range(300)))
    return "nothing kept"


def large_lists(world: World) -> str:
    """Large lists: plain, nested, by a variable, by its default, under aliases, in a fragment."""
    for query in (
        "{ things(first: 1000000) { id } }",
        "{ things(first: 100) { things(first: 100) { id } } }",
        "query ($n: Int = 1000000) { things(first: $n) { id } }",
        "{ " + " ".join(f"a{n}: things(first: 100) {{ id }}" for n in range(50)) + " }",
        "{ ...F } fragment F on Query { things(first: 1000000) { id } }",
        "{ ... on Query { things(first: 1000000) { id } } }",
    ):
        _must_be_refused(world, query)
    return CODE


def free_lists(world: World) -> str:
    """Numbers that make all below them free: none, null, nothing, less than nothing."""
    below = "{ things(first: 3000) { id } }"
    for argument in ("-1", "0", "null"):
        _must_be_refused(world, f"{{ things(first: {argument}) {below} }}")
    _must_be_refused(world, f"query ($n: Int) {{ things(first: $n) {below} }}")
    return CODE


def deep_documents(world: World) -> str:
    """Documents that are deep, doubled by fragments, or full of aliases and tokens."""
    chain = "".join(f"fragment F{n} on Thing {{ ...F{n + 1} x: things {{ ...F{n + 1} }} }} " for n in range(25))
    codes = [
        _must_be_refused(world, "{ things { " + "things { " * 300 + "id" + " }" * 300 + " } }"),
        _must_be_refused(world, "{ things { ...F0 } } " + chain + "fragment F25 on Thing { id }"),
        _must_be_refused(world, "{ " + " ".join(f"a{n}: me {{ id }}" for n in range(600)) + " }"),
        _must_be_refused(world, "{ me { " + "id " * 6_000 + "} }"),
        _must_be_refused(world, "{ check(input: " + "[" * 4_000 + "]" * 4_000 + ") }"),
    ]
    return ", ".join(dict.fromkeys(codes))


def array_of_requests(world: World) -> str:
    """A thousand requests in one body."""
    response = world.gateway.http.post("/graphql", json=[{"query": "{ me { id } }"}] * 1_000)
    code = json.loads(response.content)
    if isinstance(code, list):
        raise AttackSucceeded("an array was answered")
    return str(code["errors"][0]["extensions"]["code"])


ATTACKS = (
    Attack("2.1", "one text, two sizes at once", race, max_cpu_ms=10_000),
    Attack("2.2", "one large variable under 100 names", weighing_bomb),
    Attack("2.2", "300 large variables of one document", remembered_values, max_cpu_ms=10_000),
    Attack("2.3", "large lists, written in six ways", large_lists),
    Attack("2.5", "lists of no known size with a large one below", free_lists),
    Attack("2.6", "deep, doubling and long documents", deep_documents),
    Attack("2.6", "an array of 1,000 requests", array_of_requests),
)
