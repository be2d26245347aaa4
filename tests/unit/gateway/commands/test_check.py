"""`python -m gateway check`: what it finds, how it tells it, and what it ends with."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway import cli

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
A = "type Query { q: Int old: Int } "


class Project:
    """A supergraph in service, and the subgraphs that are to replace it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.change(a=A)
        self.in_service = folder / "in_service.graphql"
        assert run("compose", "--config", folder / "supergraph.yaml", "--output", self.in_service) == 0

    def change(self, **sdls: str) -> None:
        """The new subgraphs."""
        for name, sdl in sdls.items():
            (self.folder / f"{name}.graphql").write_text(LINK + sdl)
        sources = {name: {"routing_url": f"http://{name}", "schema": {"file": f"{name}.graphql"}} for name in sdls}
        (self.folder / "supergraph.yaml").write_text(json.dumps({"subgraphs": sources}))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def check(self, *more: object) -> int:
        return run("check", "--supergraph", self.in_service, "--config", self.folder / "supergraph.yaml", *more)


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_changes_nothing_passes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.check() == 0
    assert capsys.readouterr().out == (
        "Passed: 0 breaking changes, 0 dangerous changes, 0 safe changes; no operations were given to look at.\n"
    )


def test_a_breaking_change_is_a_finding_that_says_how_to_agree_to_it(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.change(a="type Query { q: Int }")
    assert project.check() == 1
    assert capsys.readouterr().out == (
        "Breaks clients\n  FIELD_REMOVED: Field Query.old was removed.\n\n"
        "Failed: 1 breaking change, 0 dangerous changes, 0 safe changes; no operations were given to look at.\n"
        "To agree to a change that breaks clients, add its line, as it stands above, to a file, and give it with --accept.\n"
    )


def test_dangerous_changes_are_told_and_pass(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.change(a="type Query { q(a: Int): Int old: Int }")
    assert project.check() == 0
    assert "May surprise clients\n  OPTIONAL_ARG_ADDED: " in capsys.readouterr().out


def test_the_very_lines_of_the_report_accept_its_changes(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.change(a="type Query { q(a: Int!): [Int] }")
    assert project.check() == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    agreed = project.write("agreed.txt", "# agreed\n" + "\n".join(lines))
    assert len(lines) == 3
    assert project.check("--accept", agreed) == 0
    assert "3 breaking changes (3 accepted)" in capsys.readouterr().out


def test_an_acceptance_that_is_not_needed_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    agreed = project.write("agreed.txt", "FIELD_REMOVED: Field Query.gone was removed.\n")
    assert project.check("--accept", agreed) == 0
    assert "(these lines can go)\n  FIELD_REMOVED: Field Query.gone was removed." in capsys.readouterr().out


def test_an_operation_that_breaks_is_a_finding_even_if_the_change_is_accepted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.change(a="type Query { q: Int }")
    agreed = project.write("agreed.txt", "FIELD_REMOVED: Field Query.old was removed.\n")
    operation = project.write("Old.graphql", "query Old { old }")
    assert project.check("--accept", agreed, "--operations", operation) == 1
    told = capsys.readouterr().out
    assert f"Operations that can no longer be answered\n  Old ({operation})\n    Cannot query field 'old'" in told
    assert "of 1 operation, 1 would break." in told


def test_an_operation_that_was_broken_already_is_told_and_no_finding(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.check("--operations", project.write("lost.graphql", "{ lost }")) == 0
    assert "cannot be answered, neither before nor after" in capsys.readouterr().out


def test_an_operation_that_is_mended_is_told(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.change(a="type Query { q: Int old: Int new: Int }")
    assert project.check("--operations", project.write("New.graphql", "query New { new }")) == 0
    assert "Operations that can be answered now\n  New" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("sdls", "told"),
    [
        (
            {"a": "type Query { q: Int }", "b": "type Query { old: Int }"},
            "1 fetch -> 2 fetches; asks a -> a, b",
        ),
        (
            {"b": "type Query { q: Int old: Int }"},
            "1 fetch, as before; asks a -> b",
        ),
        (
            {"a": 'type Query { t: T @shareable } type T @key(fields: "id") { id: ID! }', "b": A},
            "1 fetch, as before; asks a -> b",
        ),
    ],
)
def test_an_operation_with_another_plan_is_told_with_the_fetches_before_and_after(
    project: Project, sdls: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project.change(**sdls)
    operations = project.write("operations/Both.graphql", "query Both { q old }").parent
    assert project.check("--operations", operations) == 0
    assert f"Operations that are answered by another plan\n  Both ({operations / 'Both.graphql'}): {told}\n" in (
        capsys.readouterr().out
    )


def test_a_plan_that_only_asks_for_other_fields_is_another_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Project(tmp_path)
    keyed = 'type Query { t: T } type T @key(fields: "KEY") { id: ID! no: ID! }'
    other = 'type T @key(fields: "KEY") { KEY: ID! x: Int }'
    project.change(a=keyed.replace("KEY", "id"), b=other.replace("KEY", "id"))
    assert run("compose", "--config", tmp_path / "supergraph.yaml", "--output", project.in_service) == 0
    project.change(a=keyed.replace("KEY", "no"), b=other.replace("KEY", "no"))
    assert project.check("--operations", project.write("X.graphql", "query X { t { x } }")) == 0
    assert "2 fetches in 2 steps, as before, but for other fields" in capsys.readouterr().out


@pytest.mark.parametrize(
    "manifest",
    [
        {"operations": [{"id": "1", "name": "Old", "type": "query", "body": "query Old { old }"}]},
        {"e3b0": "query Old { old }"},
    ],
)
def test_operations_are_read_from_a_manifest_of_persisted_documents(
    project: Project, manifest: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    project.change(a="type Query { q: Int }")
    assert project.check("--operations", project.write("manifest.json", json.dumps(manifest))) == 1
    assert f"  Old ({project.folder / 'manifest.json'}#" in capsys.readouterr().out


def test_machines_are_told_everything(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.change(a="type Query { q(a: Int): Int }")
    operations = project.write("Both.graphql", "query Old { old } query Q { q }")
    assert project.check("--operations", operations, "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    cost = {"answered": True, "fetches": 1, "depth": 1, "subgraphs": ["a"]}
    assert report == {
        "ok": False,
        "errors": [],
        "changes": [
            {
                "kind": "FIELD_REMOVED",
                "severity": "breaking",
                "message": "Field Query.old was removed.",
                "accepted": False,
            },
            {
                "kind": "OPTIONAL_ARG_ADDED",
                "severity": "dangerous",
                "message": "An optional argument Query.q(a:) was added.",
                "accepted": False,
            },
        ],
        "operations": [
            {
                "name": "Old",
                "source": str(operations),
                "outcome": "broken",
                "old": cost,
                "new": {"answered": False, "problems": ["Cannot query field 'old' on type 'Query'."]},
            }
        ],
        "checkedOperations": 2,
        "unusedAcceptances": [],
    }


def test_a_pull_request_gets_the_verdict_first_and_tables(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.change(a="type Query { q: Int }", b="type Query { old: [Int] new: Int }")
    operations = project.write("Both.graphql", "query Both { q old } query Gone { old { x } }")
    assert project.check("--operations", operations, "--format", "markdown") == 1
    assert capsys.readouterr().out == (
        "### Schema check failed\n\n"
        "Failed: 1 breaking change, 0 dangerous changes, 1 safe change; of 2 operations, 0 would break.\n\n"
        "| operation |  | fetches (steps) | subgraphs |\n| --- | --- | --- | --- |\n"
        "| Gone | is broken already: Field 'old' must not have a selection since type '[Int]' has no subfields. |  |  |\n"
        "| Both | another plan | 1 (1) → 2 (1) | a → a, b |\n\n"
        "#### Breaks clients\n\n| change |  |\n| --- | --- |\n"
        "| `FIELD_CHANGED_KIND` | Field Query.old changed type from Int to [Int]. |\n\n"
        "<details><summary>Safe: 1 change</summary>\n\n| change |  |\n| --- | --- |\n"
        "| `FIELD_ADDED` | Field Query.new was added. |\n\n</details>\n"
    )


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("text", "error[INVALID_GRAPHQL]"),
        ("json", '"code": "INVALID_GRAPHQL"'),
        ("markdown", "| `INVALID_GRAPHQL`<br>Syntax Error: Expected Name, found &lt;EOF&gt;. | `a.graphql:2:13` (a) |"),
    ],
)
def test_what_does_not_compose_is_a_finding(
    project: Project, form: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project.change(a="type Query {")
    assert project.check("--format", form) == 1
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("nowhere.graphql", None, "No such file"),
        ("broken.graphql", "query {", "broken.graphql: Syntax Error"),
        ("two.graphql", "{ q } query Q { q }", "each of several operations needs a name"),
        ("empty.graphql", "fragment F on Query { q }", "there is no operation in it"),
        ("manifest.json", "{", "manifest.json: "),
        ("manifest.json", "[1]", "is not a manifest"),
        ("manifest.json", '{"operations": [{"id": 1}]}', "is not a manifest"),
    ],
)
def test_operations_that_cannot_be_read_are_wrong_usage(
    project: Project, name: str, text: str | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.write(name, text) if text is not None else project.folder / name
    assert project.check("--operations", path) == 2
    assert told in capsys.readouterr().err


def test_a_supergraph_in_service_that_is_none_is_wrong_usage_and_no_finding(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.in_service.write_text("type Query { q: Int }")
    assert project.check() == 2
    assert "in_service.graphql" in capsys.readouterr().err
