"""Operations that try to pass the cost limit, or to cost more than they are counted for: section 2 of the issue."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.identity import bearer
from tests.attacks.slips import SLIPS
from tests.attacks.world import MAX_COST, World

CODE = "MAX_COST_EXCEEDED"
ASKING = {"x-gateway-explain": "cost"}


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


def lists_of_lists(world: World) -> str:
    """300,000 input objects, in lists of which none is too long."""
    inputs: Any = [{"more": [{}] * 9_000}] * 33
    answer = world.ask("mutation ($i: [Put!]) { put(inputs: $i) { id } }", variables={"i": inputs})
    code = str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "answered"
    if code != "MAX_INPUT_VALUES_EXCEEDED":
        raise AttackSucceeded(f"all are read: {code}")
    return code


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
    _must_be_refused(world, f"{{ unsaid {below} }}")
    _must_be_refused(world, "{ squared { things(first: 25) { id } } }")
    return CODE


def bulk_inputs(world: World) -> str:
    """Mutations of many input objects: as a literal, as a variable, by defaults, inside each other."""
    for query, variables in (
        ("mutation { put(inputs: [" + "{} " * 900 + "]) { id } }", {}),
        ("mutation ($i: [Put!]) { put(inputs: $i) { id } }", {"i": [{}] * 900}),
        ("mutation ($i: [Put!]) { put(inputs: [{more: $i}]) { id } }", {"i": [{"more": [{}]}] * 500}),
        ("mutation ($i: [Put!] = [" + "{} " * 900 + "]) { put(inputs: $i) { id } }", {}),
    ):
        _must_be_refused(world, query, variables=variables)
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


def hidden_weights(world: World) -> str:
    """Weights and sizes of a type behind an interface or union."""
    signed_in = bearer(world.issuer.token("ann"))
    for query in (
        "{ posts(first: 40) { title } }",
        "{ posts(first: 40) { ... on Post { title } } }",
        "{ posts(first: 65) { copies { id } } }",
        "{ either(first: 22) { ... on Card { id } ... on Thing { dear } } }",
        "{ mail(first: 40) { ... on Post { t: title } } }",
    ):
        _must_be_refused(world, query, headers=signed_in)
    return CODE


def free_requirements(world: World) -> str:
    """Fields that need others: by `@requires`, by an argument from a context, in a fragment, under aliases."""
    for query in (
        "{ things(first: 25) { label } }",
        "{ things(first: 5) { sum } }",
        "{ things(first: 5) { things(first: 5) { l: label } } }",
        "{ things(first: 25) { ...F } } fragment F on Thing { label }",
        "{ shelf { boxes(first: 60) { place } } }",
        "{ shelf { boxes(first: 1) { " + " ".join(f"p{n}: place" for n in range(60)) + " } } }",
    ):
        _must_be_refused(world, query)
    return CODE


def sizes_from_elsewhere(world: World) -> str:
    """Sizes that a field further up gives, by a path, or by the length of a list."""
    for query, variables in (
        ("{ found(first: 2500) { edges { id } } }", {}),
        ("{ found(first: 2500) { more { edges { id } } } }", {}),
        ("query ($n: Int) { found(first: $n) { ...F } } fragment F on Found { edges { id } }", {"n": 2_500}),
        ("query ($ids: [ID!]!) { byIds(ids: $ids) { id } }", {"ids": ["1"] * 2_500}),
        ("{ search(input: {page: {first: 2500}}) { id } }", {}),
        ("query ($p: Page) { search(input: {page: $p}) { id } }", {"p": {"first": 2_500}}),
    ):
        _must_be_refused(world, query, variables=variables)
    return CODE


def mutations_in_fragments(world: World) -> str:
    """Mutations that are written in fragments, each way as dear as written plainly."""
    fields = " ".join(f"a{number}: put(inputs: [{{}}, {{}}, {{more: [{{}}]}}]) {{ id }}" for number in range(20))
    plainly, _ = _told(world, f"mutation {{ {fields} }}")
    # 10 for a mutation, 1 for the thing, 12 for its inputs and their grades.
    if plainly != 20 * (10 + 1 + 12):
        raise AttackSucceeded(f"costs {plainly} even written plainly")
    for query in (
        f"mutation {{ ...F }} fragment F on Mutation {{ {fields} }}",
        f"mutation {{ ... on Mutation {{ {fields} }} }}",
        f"mutation {{ ... {{ {fields} }} }}",
        f"mutation {{ ...G }} fragment G on Mutation {{ ...F }} fragment F on Mutation {{ {fields} }}",
    ):
        cost, _ = _told(world, query)
        if cost != plainly:
            raise AttackSucceeded(f"costs {cost} instead of {plainly}: {query[:40]}")
    return f"{plainly}, in all ways"


def closed_parts(world: World) -> str:
    """One text with a dear part, closed and open at once: closed ones must be answered, open ones refused."""
    refused = 0
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            text = f"""query Q{number}($open: Boolean!, $shut: Boolean!) {{
              things(first: 3) {{ id things(first: 900) @include(if: $open) {{ id }} }}
              dear: things(first: 1000000) @skip(if: $shut) {{ id }}
            }}"""
            flags = ((False, True), (True, True), (False, False), (True, False)) * 2
            answers = list(
                threads.map(
                    lambda flag, text=text: world.ask(text, variables={"open": flag[0], "shut": flag[1]}), flags
                )
            )
            for flag, answer in zip(flags, answers, strict=True):
                is_refused = answer.get("errors", [{}])[0].get("extensions", {}).get("code") == CODE
                if is_refused != (flag != (False, True)):
                    raise AttackSucceeded(f"open, shut: {flag} was {'refused' if is_refused else 'answered'}")
                refused += is_refused
    return f"{refused} of 160 refused, the right ones"


def slips(world: World) -> str:
    """Operations made to slip through: none costs more than its estimate, counted by the subgraphs as they answer."""
    signed_in = bearer(world.issuer.token("ann"))
    estimated = spent_in_all = 0
    for query, variables in SLIPS:
        for each in world.honest:
            each.spent = 0
        response = world.gateway.ask(query, variables=variables, headers={**signed_in, **ASKING})
        answer = response.json()
        if "errors" in answer:
            raise AttackSucceeded(f"not answered: {query}: {answer['errors'][0]['message']}")
        estimate, actual = _costs(response)
        spent = sum(each.spent for each in world.honest)
        if max(actual, spent) > estimate:
            raise AttackSucceeded(f"costs {spent}, told as {actual}, estimated {estimate}: {query}")
        estimated, spent_in_all = estimated + estimate, spent_in_all + spent
    return f"{len(SLIPS)} answered; {spent_in_all} spent of {estimated} estimated"


def costs_for_nobody(world: World) -> str:
    """The header that tells costs, for a request that does not ask."""
    query = "{ things(first: 3) { id } }"
    if "x-gateway-cost" in world.gateway.ask(query).headers:
        raise AttackSucceeded("who does not ask is told")
    told = world.gateway.ask(query, headers=ASKING).headers.get("x-gateway-cost")
    if told != f"estimate=3, actual=3, limit={MAX_COST}":
        raise AttackSucceeded(f"who asks is told {told}")
    return "those who ask are told"


def _costs(response: httpx.Response) -> tuple[int, int]:
    """The estimate and the actual cost of an answer."""
    told = dict(part.split("=") for part in response.headers["x-gateway-cost"].split(", "))
    return int(told["estimate"]), int(told["actual"])


def _told(world: World, query: str) -> tuple[int, int]:
    response = world.gateway.ask(query, headers=ASKING)
    if "x-gateway-cost" not in response.headers:
        raise AttackSucceeded(f"not answered: {response.text[:80]}")
    return _costs(response)


ATTACKS = (
    Attack("2.1", "one text, two sizes at once", race, max_cpu_ms=10_000),
    Attack("1.1", "300,000 input objects in lists of lists", lists_of_lists),
    Attack("2.2", "one large variable under 100 names", weighing_bomb),
    Attack("2.2", "300 large variables of one document", remembered_values, max_cpu_ms=10_000),
    Attack("2.3", "large lists, written in six ways", large_lists),
    Attack("2.3", "weights behind an interface or union", hidden_weights),
    Attack("2.4", "what @requires and @fromContext need", free_requirements),
    Attack("2.5", "lists of no known size with a large one below", free_lists),
    Attack("2.6", "mutations of many input objects", bulk_inputs),
    Attack("2.6", "deep, doubling and long documents", deep_documents),
    Attack("2.6", "an array of 1,000 requests", array_of_requests),
    Attack("2.7", "sizes by paths, lengths and sizedFields", sizes_from_elsewhere),
    Attack("2.7", "mutations in fragments", mutations_in_fragments),
    Attack("2.8", "one text with a dear part, closed and open", closed_parts, max_cpu_ms=10_000),
    Attack("2.9", f"{len(SLIPS)} operations made to slip through", slips),
    Attack("2.9", "costs for who does not ask", costs_for_nobody),
)
