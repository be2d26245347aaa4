"""Field merging is judged as the specification does, in time that does not explode."""

import random

import pytest
from graphql import OverlappingFieldsCanBeMergedRule, build_schema, validate

from gateway.errors import ClientError
from gateway.operation import overlap
from gateway.operation.overlap import check_overlaps
from gateway.operation.parse import parse_document
from tests.support.work import calls_of

SCHEMA = build_schema("""
type Query { dog: Dog cat: Cat pet: Pet pets: [Pet] box(of: Int): Box any: Any n: Int }
interface Pet { name: String size(unit: Int): Int friend: Pet }
type Dog implements Pet { name: String size(unit: Int): Int barks: Boolean friend: Pet owner: Person toys: [String] }
type Cat implements Pet { name: String size(unit: Int): Int meows: Boolean! friend: Pet owner: Person toys: String }
type Person { name: String age: Int dog: Dog }
type Box { some: Any other: Box value(x: Int, y: [Int]): Int }
union Any = Dog | Cat | Person
""")


def conflicts(text: str) -> int:
    document = parse_document(text, max_tokens=100_000)
    return sum(len(check_overlaps(SCHEMA, document, operation)) for operation in document.operations.values())


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { name name } }",
        "{ dog { name ...F } } fragment F on Dog { name }",
        "{ pet { ... on Dog { y: name } ... on Cat { y: name } } }",
        "{ pet { ... on Dog { size(unit: 1) } ... on Cat { size(unit: 2) } } }",
        "{ box(of: 1) { value(x: 1, y: [1]) } box(of: 1) { value(y: [1], x: 1) } }",
        "{ pet { ... on Dog { x: name } ... on Cat { x: name } } }",
    ],
)
def test_fields_that_can_be_merged_are_accepted(text: str) -> None:
    assert conflicts(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "{ dog { x: name x: barks } }",
        "{ box(of: 1) { other { value } } box(of: 2) { other { value } } }",
        "{ pet { ... on Dog { x: barks } ... on Cat { x: name } } }",
        "{ pet { ... on Dog { x: barks } ... on Cat { x: meows } } }",
        "{ pet { ... on Dog { x: toys } ... on Cat { x: toys } } }",
        "{ dog { friend { n: name } } dog { friend { n: size } } }",
        "{ pet { n: name ... on Dog { n: barks } } }",
        "{ any { ... on Dog { owner { x: name } } ... on Cat { owner { x: age } } } }",
        "{ dog { ...A ...B } } fragment A on Dog { x: name } fragment B on Dog { x: barks }",
    ],
)
def test_fields_that_cannot_be_merged_are_refused(text: str) -> None:
    assert conflicts(text) >= 1


def test_the_conflict_names_both_places() -> None:
    document = parse_document("{ n\n n: __typename }", max_tokens=100)
    (error,) = check_overlaps(SCHEMA, document, next(iter(document.operations.values())))[:1]
    assert error.locations == ({"line": 1, "column": 3}, {"line": 2, "column": 2})


def _random_document(rng: random.Random) -> str:
    def selections(type_name: str, depth: int) -> str:
        parts = []
        for _ in range(rng.randint(1, 4)):
            if rng.random() < 0.3 and type_name in ("Pet", "Any"):
                inner = rng.choice(["Dog", "Cat"] + (["Person"] if type_name == "Any" else ["Pet"]))
                parts.append(f"... on {inner} {{ {selections(inner, depth)} }}")
                continue
            if type_name == "Any":
                parts.append("__typename")
                continue
            leaves = {
                "Query": ["n"],
                "Pet": ["name", "size(unit: 1)", "size(unit: 2)"],
                "Dog": ["name", "barks", "toys", "size(unit: 1)"],
                "Cat": ["name", "meows", "toys", "size"],
                "Person": ["name", "age"],
                "Box": ["value(x: 1)", "value"],
            }[type_name]
            nested = {
                "Query": [("dog", "Dog"), ("pet", "Pet"), ("pets", "Pet"), ("box(of: 1)", "Box"), ("box", "Box")],
                "Pet": [("friend", "Pet")],
                "Dog": [("friend", "Pet"), ("owner", "Person")],
                "Cat": [("friend", "Pet"), ("owner", "Person")],
                "Person": [("dog", "Dog")],
                "Box": [("some", "Any"), ("other", "Box")],
            }[type_name]
            alias = rng.choice(["", "", "x: ", "y: "])
            if depth and rng.random() < 0.6:
                name, inner = rng.choice(nested)
                parts.append(f"{alias}{name} {{ {selections(inner, depth - 1)} }}")
            else:
                parts.append(alias + rng.choice(leaves))
        return " ".join(parts)

    return f"{{ {selections('Query', 3)} }}"


def test_random_documents_are_judged_as_the_reference_judges_them() -> None:
    rng = random.Random(20261122)
    refused = 0
    for _ in range(600):
        text = _random_document(rng)
        document = parse_document(text, max_tokens=100_000)
        reference = validate(SCHEMA, document.ast, [OverlappingFieldsCanBeMergedRule])
        assert (conflicts(text) > 0) == bool(reference), text
        refused += bool(reference)
    assert 100 < refused < 500


def test_twice_the_equal_fields_are_twice_the_work_and_not_four_times() -> None:
    few, many = ("{ " + "dog { name friend { name } } " * count + "}" for count in (200, 400))
    assert conflicts(many) == 0
    assert calls_of(lambda: conflicts(many)) < 2.2 * calls_of(lambda: conflicts(few))


def test_work_past_the_budget_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{ " + "pet { friend { name } ... on Dog { friend { name } } ... on Cat { friend { name } } } " * 20 + "}"
    assert conflicts(text) == 0
    monkeypatch.setattr(overlap, "MAX_STEPS", 100)
    with pytest.raises(ClientError) as refused:
        conflicts(text)
    assert refused.value.code == "OPERATION_TOO_COMPLEX"
