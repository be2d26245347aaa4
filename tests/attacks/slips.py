"""Operations that are made to cost more than they are counted for: the schema of `honest`, which answers lists as long as they may be."""

from typing import Any, Final

MANY_INPUTS: Final = [{"id": "1", "more": [{}, {"grade": "HIGH", "more": [{}]}]}, {}] * 9
SLIPS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    # Sizes: given, defaulted, forgotten, wrong.
    ("{ things { things(first: 3) { id } } }", {}),
    ("query ($n: Int) { things(first: $n) { id dear } }", {}),
    ("query ($n: Int) { things(first: $n) { id } }", {"n": None}),
    ("query ($n: Int = 7) { things(first: $n) { id } }", {}),
    ("{ things(first: 0) { things(first: 0) { things(first: 0) { dear } } } }", {}),
    ("{ things(first: -5) { things(first: -1) { id } } }", {}),
    ("{ bounded(last: 12) { dear } }", {}),
    ("query ($f: Int, $l: Int) { bounded(first: $f, last: $l) { dear } }", {"f": None, "l": 6}),
    ("{ unsaid { dear things { id } } }", {}),
    ("{ squared { id grade } }", {}),
    ("{ a: things(first: 3) { id } a: things(first: 3) { x: things(first: 2) { id } ...F } } fragment F on Thing { x: things(first: 2) { dear } }", {}),
    # Sizes by paths and by lengths.
    ('{ byIds(ids: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]) { dear } }', {}),
    ("query ($ids: [ID!]!) { byIds(ids: $ids) { dear things(first: 2) { id } } }", {"ids": [*"abcdefghi"]}),
    ('{ byIds(ids: "1") { dear } }', {}),
    ("{ search(input: {page: {first: 15}}) { dear } }", {}),
    ("query ($p: Page) { search(input: {page: $p}) { dear } }", {"p": {"first": 14}}),
    ("query ($i: Search) { search(input: $i) { dear } }", {"i": {"text": "x"}}),
    ("query ($i: Search) { search(input: $i) { dear } }", {"i": {"page": None}}),
    ("query ($n: Int) { search(input: {page: {first: $n}}) { dear } }", {"n": 13}),
    ("{ found(first: 11) { total edges { dear } more { edges { id } } } }", {}),
    ("query ($n: Int) { found(first: $n) { ...F } } fragment F on Found { more { edges { dear } } edges { id } }", {"n": 9}),
    # Types behind interfaces and unions.
    ("{ posts(first: 9) { title } }", {}),
    ("{ posts(first: 4) { title copies { id } } }", {}),
    ("{ posts(first: 4) { ... on Letter { copies { id } } ... on Card { copies(first: 20) { id } } __typename } }", {}),
    ("{ either(first: 6) { ... on Post { title } ... on Thing { dear grade } } }", {}),
    ("{ mail(first: 6) { ... on Post { t: title } ... on Letter { title } } }", {}),
    # What is fetched beside.
    ("{ things(first: 3) { label sum } }", {}),
    ("{ things(first: 1) { things(first: 2) { label dear sum } } }", {}),
    ("{ shelf { boxes(first: 8) { place p: place } } a: shelf { boxes { place } } }", {}),
    # Inputs, mutations and conditions.
    ("mutation ($i: [Put!]) { touch ...F put(inputs: $i) { dear } } fragment F on Mutation { b: touch put(inputs: $i) { label } }", {"i": MANY_INPUTS}),
    ("query ($yes: Boolean!) { things(first: 5) @include(if: $yes) { dear } a: things(first: 5) @skip(if: $yes) { things { dear } } }", {"yes": True}),
    ("{ check(input: {a: [1, 2, {b: 3}]}) c: check d: check(input: null) ... { e: check } }", {}),
)  # fmt: skip
