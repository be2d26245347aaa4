"""Every error code: the subgraphs that break its rule are refused with it, at its place; the same, mended, compose."""

import re
from pathlib import Path

import pytest

from gateway.composition.errors import CompositionError
from tests.laboratory.composition import FED, Case, composed, document, refusal
from tests.laboratory.composition_cases import CASES

IDS = [f"{index}-{case.code}" for index, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_breaks_a_rule_is_refused_with_its_code_and_no_other(case: Case) -> None:
    assert {error.code for error in refusal(case.refused)} == {case.code, *case.others}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.at], ids=[i for i, c in zip(IDS, CASES, strict=True) if c.at]
)
def test_an_error_names_the_subgraph_and_the_line(case: Case) -> None:
    subgraph, line = case.at.split(":")
    sdl = case.refused[subgraph]
    written = int(line) + (1 if document(sdl) == FED + sdl else 0)
    places = [place for error in refusal(case.refused) if error.code == case.code for place in error.places]
    assert (subgraph, written) in {(place.subgraph, place.line) for place in places}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_the_same_subgraphs_mended_compose(case: Case) -> None:
    assert composed(case.accepted).supergraph_sdl


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_an_error_says_what_to_change(case: Case) -> None:
    assert all(_is_helpful(error) for error in refusal(case.refused))


TOGETHER = (
    "EXTERNAL_TYPE",
    "EXTERNAL_ARGUMENT",
    "MERGED_DIRECTIVE",
    "TYPE_KIND",
    "FIELD_",
    "INPUT_FIELD",
    "REQUIRED_ARGUMENT",
    "REQUIRED_INPUT",
    "ENUM_VALUE",
    "EMPTY_MERGED",
    "INVALID_FIELD_SHARING",
    "SHAREABLE_HAS",
    "LINK_IMPORT",
    "OVERRIDE_SOURCE",
    "INTERFACE_FIELD",
    "CONTEXTUAL_ARGUMENT",
    "MISSING_TRANSITIVE",
    "SATISFIABILITY",
)


@pytest.mark.parametrize("case", [case for case in CASES if case.code.startswith(TOGETHER)], ids=lambda case: case.code)
def test_what_subgraphs_say_together_is_shown_in_both(case: Case) -> None:
    assert all(len(error.subgraphs) > 1 for error in refusal(case.refused) if error.code == case.code)


def test_every_code_that_composition_can_emit_has_a_case() -> None:
    root = Path(__file__).parents[4] / "gateway" / "composition"
    source = "\n".join(path.read_text(encoding="utf-8") for path in root.rglob("*.py") if path.name != "codes.py")
    emitted = set(re.findall(r'"((?:[A-Z]+_){2,}[A-Z]+|NO_QUERIES|[A-Z]+_ERROR)"', source)) - HINTS
    covered = {case.code for case in CASES}
    assert {code for code in emitted if code not in covered} <= BEYOND_CASES


# Emitted as hints, which refuse nothing; they have their own tests.
HINTS = {
    "LIST_SIZE_SLICING_ARGUMENT_LEFT_OUT",
    "NEWER_FEDERATION_VERSION",
    "DIRECTIVE_COMPOSITION_INFO",
    "DIRECTIVE_COMPOSITION_WARN",
    "FROM_SUBGRAPH_DOES_NOT_EXIST",
    "INCONSISTENT_ARGUMENT_PRESENCE",
    "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
    "INCONSISTENT_DESCRIPTION",
    "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE",
    "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
    "INCONSISTENT_ENTITY",
    "INCONSISTENT_UNION_MEMBER",
    "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
    "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
    "INCONSISTENT_INPUT_OBJECT_FIELD",
    "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS",
    "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
    "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE",
    "OVERRIDDEN_FIELD_CAN_BE_REMOVED",
    "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
    "OVERRIDE_MIGRATION_IN_PROGRESS",
    "UNUSED_ENUM_TYPE",
}
# Needs a schema too large for a case; see test_satisfiability.
BEYOND_CASES = {"MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"}


def _is_helpful(error: CompositionError) -> bool:
    return bool(error.advice) and error.advice.endswith((".", "?", ")"))
