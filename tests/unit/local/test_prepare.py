from pathlib import Path

from local.prepare import Stamps, Step, digest, steps
from local.settings import LocalSettings


def a_step(made_from: str) -> Step:
    return Step("migrate", "migrating", ["true"], made_from)


def test_a_step_is_done_only_for_the_sources_it_was_done_from(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "prepared.json")
    assert not stamps.is_done(a_step("a"))
    stamps.mark(a_step("a"))
    again = Stamps(tmp_path / "prepared.json")
    assert again.is_done(a_step("a"))
    assert not again.is_done(a_step("b"))


def test_a_step_whose_result_is_gone_is_done_again(tmp_path: Path) -> None:
    stamps, result = Stamps(tmp_path / "prepared.json"), tmp_path / "page.html"
    result.touch()
    step = Step("page", "building", ["true"], "a", result=result)
    stamps.mark(step)
    assert stamps.is_done(step)
    result.unlink()
    assert not stamps.is_done(step)


def test_a_digest_tells_changed_contents_and_names_apart(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("x")
    second.write_text("x")
    assert digest([first]) != digest([second])
    before = digest([first])
    first.write_text("y")
    assert digest([first]) != before


def test_databases_are_migrated_before_they_are_seeded_and_seeded_before_training() -> None:
    names = [step.name for step in steps(LocalSettings())]
    assert names.index("migrate") < names.index("seed") < names.index("train")


def test_only_the_page_may_fail() -> None:
    assert [step.name for step in steps(LocalSettings()) if not step.is_needed] == ["graphiql"]
