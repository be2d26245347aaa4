"""Ours and Apollo's composition accept and refuse the same subgraphs, with the same codes, and mean the same by a supergraph.

Needs Apollo's composition in the folder `COMPOSITION_PEER` (see `tests.laboratory.composition_peer`); skipped without it.
`COMPOSITION_SETS` says how many random sets of each kind are compared (default 100), `COMPOSITION_SEED` from which seed on.
"""

import json
import os
import re
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from gateway.composition.compose import Composed, compose
from gateway.composition.errors import CompositionError, CompositionFailed
from gateway.composition.model import Subgraph
from tests.laboratory.composition import Case, document
from tests.laboratory.composition_cases import CASES
from tests.laboratory.composition_known import FALLS_OVER, in_words_of_both
from tests.laboratory.composition_peer import Peer, Verdict, peer_folder
from tests.laboratory.random_features import wide_subgraphs
from tests.laboratory.random_first_version import first_version_subgraphs
from tests.laboratory.random_links import linked_subgraphs
from tests.laboratory.random_moves import moving_subgraphs
from tests.laboratory.random_subgraphs import random_subgraphs
from tests.laboratory.supergraphs import differences

ROOT = Path(__file__).parents[3]
SETS = int(os.environ.get("COMPOSITION_SETS", "100"))
SEED = int(os.environ.get("COMPOSITION_SEED", "0"))

pytestmark = pytest.mark.skipif(
    peer_folder() is None, reason="COMPOSITION_PEER names no folder with Apollo's composition"
)

# What Apollo says besides, which only follows from what both say: we say each thing once.
FOLLOWS = {
    # An interface's @external field is "unused" because it is on an interface.
    "EXTERNAL_ON_INTERFACE": {"EXTERNAL_UNUSED"},
    # A requirement on an interface's field names fields of the interface, which are never @external.
    "REQUIRES_UNSUPPORTED_ON_INTERFACE": {"REQUIRES_FIELDS_MISSING_EXTERNAL", "REQUIRES_INVALID_FIELDS"},
    "PROVIDES_UNSUPPORTED_ON_INTERFACE": {"PROVIDES_FIELDS_MISSING_EXTERNAL", "PROVIDES_INVALID_FIELDS"},
    # What nobody resolves has no directives either.
    "EXTERNAL_MISSING_ON_BASE": {"MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"},
    # What is resolved with two types is mentioned with the wrong one.
    "FIELD_TYPE_MISMATCH": {"EXTERNAL_TYPE_MISMATCH"},
    # A field that may not be taken over stays in two subgraphs.
    "OVERRIDE_SOURCE_HAS_OVERRIDE": {"INVALID_FIELD_SHARING"},
    "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE": {"INVALID_FIELD_SHARING"},
    "DIRECTIVE_DEFINITION_INVALID": {"INVALID_GRAPHQL"},
    # What a refused link would have brought is unknown, or another's.
    "INVALID_LINK_DIRECTIVE_USAGE": {"INVALID_GRAPHQL", "DIRECTIVE_DEFINITION_INVALID"},
}

# Cases of ours that Apollo judges otherwise, and why we keep ours.
OTHERWISE = {
    "UNSUPPORTED_LINKED_FEATURE": "Apollo drops `for: SECURITY` features silently; the link specification wants a refusal.",
    "UNSUPPORTED_FEATURE": "Connectors are Apollo's router's own.",
    "INVALID_SUBGRAPH_NAME": "Apollo throws a syntax error for an empty name.",
    "DISALLOWED_INACCESSIBLE": "Apollo drops definitions of built-in scalars, directives on them included.",
    "INVALID_GRAPHQL": "What does not parse never reaches Apollo's composition.",
    "KEY_INVALID_FIELDS": "Apollo throws for a selection on a leaf.",
    "DIRECTIVE_DEFINITION_INVALID": "Apollo wants the definition's types defined too.",
}


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    folder = peer_folder()
    assert folder is not None
    with Peer(folder) as running:
        yield running


def ours(subgraphs: Mapping[str, str]) -> tuple[tuple[CompositionError, ...], Composed | None]:
    try:
        return (), compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in subgraphs.items()])
    except CompositionFailed as failed:
        return failed.errors, None


def disagreement(subgraphs: Mapping[str, str], peer: Peer) -> str | None:
    """How the two differ on some subgraphs, or None; what `test_disagreements` decides is none.

    Where they differ, what Apollo is known to judge otherwise is written in the way on which both agree, and judged again.
    """
    found = _difference(subgraphs, peer)
    if found is None:
        return None
    errors, _ = ours(subgraphs)
    for rewritten in in_words_of_both(subgraphs, found, errors):
        if rewritten != subgraphs and _difference(rewritten, peer) is None:
            return None
    return found


def _difference(subgraphs: Mapping[str, str], peer: Peer) -> str | None:
    theirs = peer.compose(subgraphs)
    if "NONE" in theirs.codes:  # GraphQL's own rules over the supergraph, without a code
        theirs = replace(theirs, codes=theirs.codes - {"NONE"} | {"INVALID_GRAPHQL"})
    errors, composed = ours(subgraphs)
    codes = frozenset(error.code for error in errors)
    if theirs.codes == {"THROWN"}:
        return None if codes else FALLS_OVER
    if _is_about_labels(subgraphs, codes, theirs, peer):
        return None
    if codes == {"INVALID_GRAPHQL"} and all("to include required field" in error.message for error in errors):
        return None
    if not codes and theirs.codes == {"SATISFIABILITY_ERROR"} and _is_lost_in_keys(subgraphs, peer):
        return None
    if not theirs.codes and codes == {"SATISFIABILITY_ERROR"} and _is_unproven(subgraphs, errors, peer):
        return None
    if bool(codes) != bool(theirs.codes):
        return f"ours {sorted(codes) or 'composes'}, Apollo {sorted(theirs.codes) or 'composes'}"
    if composed is None:
        explained = {code for said in codes for code in FOLLOWS.get(said, ())}
        # Apollo stops at the first kind of trouble in a subgraph, so it may say less; it may say more only where it follows.
        is_named_alike = bool(codes & theirs.codes) or codes == {"INVALID_LINK_DIRECTIVE_USAGE"}
        if codes == {"LINK_IMPORT_NAME_MISMATCH"} and theirs.codes == {"INVALID_LINK_DIRECTIVE_USAGE"}:
            return None  # so Apollo calls it where the other name is of a specification that is linked by itself
        agree = is_named_alike and theirs.codes - codes <= explained
        return None if agree else f"ours {sorted(codes)}, Apollo {sorted(theirs.codes)}"
    assert theirs.sdl is not None
    found = differences(composed.supergraph_sdl, theirs.sdl)
    hints = {hint.code for hint in composed.hints}
    found.extend(f"hint, ours only:   {code}" for code in sorted(hints - theirs.hints))
    found.extend(f"hint, theirs only: {code}" for code in sorted(theirs.hints - hints))
    return "\n".join(found) or None


def _is_unproven(subgraphs: Mapping[str, str], errors: Iterable[CompositionError], peer: Peer) -> bool:
    """Apollo goes back by keys that do not resolve, and takes a path for proven that was walked under a shared mutation."""
    if all("no resolvable @key of its own" in error.message for error in errors):
        return True
    unshared = {name: re.sub(r"(?m)^  same: .*\n", "", sdl) for name, sdl in subgraphs.items()}
    return unshared != subgraphs and peer.compose(unshared).codes == {"SATISFIABILITY_ERROR"}


def _is_lost_in_keys(subgraphs: Mapping[str, str], peer: Peer) -> bool:
    """Apollo accepts what it refuses with one key fewer to go by."""
    both = r'(?m)^(type \w+ .*)@\w+\(fields: "id"\) (@\w+\(fields: "sku".*\n(?:  .*\n)*?  id: ID!)$'
    fewer = {name: re.sub(both, r"\1\2 @shareable", sdl) for name, sdl in subgraphs.items()}
    return fewer != subgraphs and not peer.compose(fewer).codes


def _is_about_labels(subgraphs: Mapping[str, str], codes: frozenset[str], theirs: Verdict, peer: Peer) -> bool:
    """Apollo refuses requirements of fields that move under a label, and accepts them once these have moved (see test_disagreements)."""
    if codes or theirs.codes != {"SATISFIABILITY_ERROR"}:
        return False
    moved = {name: re.sub(r', label: "[^"]*"', "", sdl) for name, sdl in subgraphs.items()}
    return moved != subgraphs and not peer.compose(moved).codes


DRAWINGS: Mapping[str, Callable[[Random], dict[str, str]]] = {
    "plain": random_subgraphs,  # with more noise
    "wide": wide_subgraphs,
    "links": linked_subgraphs,
    "moves": moving_subgraphs,
    "first version": first_version_subgraphs,
}


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_random_subgraphs_are_judged_alike(peer: Peer, drawing: str) -> None:
    disagreements: list[str] = []
    for seed in range(SEED, SEED + SETS):
        found = disagreement(DRAWINGS[drawing](Random(seed)), peer)
        if found is not None:
            disagreements.append(f"seed {seed}: {found}")
    assert not disagreements, "\n".join(disagreements)


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.code}" for i, case in enumerate(CASES)])
def test_the_cases_of_every_code_are_judged_alike(peer: Peer, case: Case) -> None:
    for sdls in (case.refused, case.accepted):
        subgraphs = {name: document(sdl) for name, sdl in sdls.items()}
        found = disagreement(subgraphs, peer)
        if found is not None and case.code in OTHERWISE:
            pytest.skip(OTHERWISE[case.code])
        assert found is None


def test_the_market_composes_to_the_same(peer: Peer) -> None:
    subgraphs = {
        path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "schema" / "subgraphs").glob("*.graphql")
    }
    assert disagreement(subgraphs, peer) is None


def test_the_audit_composes_to_the_same() -> None:
    url = os.environ.get("AUDIT_URL", "http://127.0.0.1:4200")
    try:
        suites = json.loads(_get(f"{url}/ids"))
    except OSError:
        pytest.skip("no audit server at AUDIT_URL")
    found: dict[str, list[str]] = {}
    for suite in suites:
        sources = json.loads(_get(f"{url}/{suite}/subgraphs"))
        composed = compose([Subgraph(source["name"], source["url"], source["sdl"]) for source in sources])
        found[suite] = differences(composed.supergraph_sdl, _get(f"{url}/{suite}/supergraph"))
    assert {suite: differing for suite, differing in found.items() if differing} == {}


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
        return text
