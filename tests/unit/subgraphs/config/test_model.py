from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.config.conditions import Subject, both
from subgraphs.config.model import (
    EvaluationReason,
    Flag,
    FlagState,
    Rule,
    Variant,
    drawn,
    evaluate,
    is_for,
    permille,
)

ON, OFF = Variant("on", True, 1), Variant("off", False, 1)
SOMEBODY = Subject("web", "1.0", account_id="ann")
units = st.text(min_size=1, max_size=40)


def flag(*rules: Rule, state: FlagState = FlagState.ON) -> Flag:
    return Flag("app.x", state, {"on": ON, "off": OFF}, "on", "off", rules, version=1, expires_at=None)


def rule(*variants: Variant, permille: int | None = None, segment: str | None = None) -> Rule:
    return Rule("r", segment, both(segment, None), permille, variants, "accountId", "seed")


@pytest.mark.parametrize("state", [FlagState.OFF, FlagState.KILLED])
def test_a_flag_that_is_off_says_its_off_variant_whatever_its_rules(state: FlagState) -> None:
    said = evaluate(flag(rule(ON), state=state), SOMEBODY)
    assert (said.variant, said.reason) == ("off", EvaluationReason.DISABLED)


def test_without_a_rule_that_fits_the_default_is_said() -> None:
    said = evaluate(flag(rule(OFF, segment="staff")), SOMEBODY)
    assert (said.variant, said.reason) == ("on", EvaluationReason.DEFAULT)


def test_the_first_rule_that_fits_decides() -> None:
    said = evaluate(flag(rule(OFF, segment="staff"), rule(OFF, segment="signed_in"), rule(ON)), SOMEBODY)
    assert (said.variant, said.reason) == ("off", EvaluationReason.TARGETING_MATCH)


def test_a_caller_without_a_unit_is_in_no_rollout_and_no_split() -> None:
    nobody = Subject("web", "1.0")
    assert evaluate(flag(rule(OFF, permille=1000)), nobody).reason is EvaluationReason.DEFAULT
    assert evaluate(flag(rule(ON, OFF)), nobody).reason is EvaluationReason.DEFAULT


@given(units)
def test_a_variant_is_kept(unit: str) -> None:
    subject = Subject("web", "1.0", account_id=unit)
    assert evaluate(flag(rule(ON, OFF)), subject) == evaluate(flag(rule(ON, OFF)), replace(subject, platform="ios"))


@given(units, st.integers(0, 1000), st.integers(0, 1000))
def test_raising_the_rollout_only_adds_callers(unit: str, lower: int, higher: int) -> None:
    lower, higher = sorted((lower, higher))
    if permille("seed", unit) < lower:
        assert permille("seed", unit) < higher


def test_rollouts_and_weights_are_kept_to_within_the_noise() -> None:
    taken_in = sum(permille("s", str(n)) < 300 for n in range(10_000))
    assert 2_800 < taken_in < 3_200
    heavy = sum(drawn([replace(ON, weight=3), OFF], "s", str(n)).key == "on" for n in range(10_000))
    assert 7_300 < heavy < 7_700


def test_who_is_in_says_nothing_of_which_variant_is_drawn() -> None:
    inside = [str(n) for n in range(20_000) if permille("s", str(n)) < 100]
    share = sum(drawn([ON, OFF], "s", unit).key == "on" for unit in inside) / len(inside)
    assert 0.45 < share < 0.55


def test_clients_see_the_flags_of_apps_alone() -> None:
    assert is_for("app.x", platform="web")
    assert not is_for("user.sign_up_open", platform="web")
    assert is_for("user.sign_up_open", platform="service:user")
