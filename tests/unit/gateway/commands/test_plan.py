"""``python -m gateway plan``: what it prints, what it refuses, and with which status it ends."""

import io
import json
from pathlib import Path

import pytest

from gateway.cli import main
from tests.support.gateway import shop_supergraph

QUERY = "query Deep($no: Boolean!) { goods { name seller { nickname badge } } items @skip(if: $no) { id } }"


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "supergraph.graphql"
    path.write_text(shop_supergraph(), encoding="utf-8")
    return str(path)


@pytest.fixture
def query(tmp_path: Path) -> str:
    path = tmp_path / "query.graphql"
    path.write_text(QUERY, encoding="utf-8")
    return str(path)


def test_the_plan_is_printed_and_proved(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query, "--check"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("QueryPlan {")
    assert 'service: "accounts"' in printed
    assert "# fetches: 3, depth: 3" in printed
    assert "# proved sound" in printed


def test_what_is_not_proved_is_not_called_so(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query]) == 0
    assert "proved" not in capsys.readouterr().out


def test_the_plan_is_printed_as_json(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query, "--format", "json"]) == 0
    fetches = json.loads(capsys.readouterr().out)["fetches"]
    assert [fetch["service"] for fetch in fetches] == ["goods", "accounts", "goods"]


def test_hops_are_explained_under_the_plan(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query, "--why"]) == 0
    lines = capsys.readouterr().out.splitlines()
    start = lines.index('goods.seller: goods -> accounts, by key "id"')
    assert lines.index("# fetches: 3, depth: 3") < start
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["nickname", "goods.seller:"]


def test_hops_are_part_of_the_json(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query, "--format", "json", "--why", "--check"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["isProvedSound"] is True
    assert ["goods", "accounts"] in [[hop["from"], hop["to"]] for hop in shown["why"]]


def test_query_that_no_plan_answers_is_explained_as_far_as_it_gets(
    schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path(schema).read_text(encoding="utf-8")
    account = 'type Account @join__type(graph: ACCOUNTS, key: "id"'
    assert account in text
    Path(schema).write_text(text.replace(account, f"{account}, resolvable: false"), encoding="utf-8")
    query = tmp_path / "query.graphql"
    query.write_text("{ goods { seller { nickname } } }", encoding="utf-8")
    assert main(["plan", "--supergraph", schema, str(query), "--why"]) == 1
    told = capsys.readouterr().err
    assert "query.graphql: QUERY_NOT_PLANNABLE: No subgraphs together can answer goods.seller.nickname" in told
    assert "goods.seller: at goods" in told
    assert "no way from here" in told


def test_the_python_that_would_run_is_printed(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", schema, query, "--format", "python"]) == 0
    compile(capsys.readouterr().out, "plan", "exec")


def test_the_plan_follows_variables_and_rights(schema: str, query: str, capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> str:
        assert main(["plan", "--supergraph", schema, query, *arguments]) == 0
        return capsys.readouterr().out

    assert "items" not in printed("--variables", '{"no": true}')
    assert "items" in printed("--variables", '{"no": false}')
    assert "badge" in printed("--scope", "mail:read")
    assert "badge" not in printed("--scope", "other")
    assert "badge" not in printed("--anonymous")


def test_a_document_may_come_from_standard_input(
    schema: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("{ goods { id } }"))
    assert main(["plan", "--supergraph", schema, "-"]) == 0
    assert "goods" in capsys.readouterr().out


def test_one_of_several_operations_is_chosen(schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.graphql"
    path.write_text("query A { goods { id } } query B { items { name } }", encoding="utf-8")
    assert main(["plan", "--supergraph", schema, str(path), "--operation", "B"]) == 0
    assert "items" in capsys.readouterr().out
    assert main(["plan", "--supergraph", schema, str(path)]) == 1
    assert "OPERATION_RESOLUTION_FAILURE" in capsys.readouterr().err


def test_an_invalid_document_is_refused_with_file_and_place(
    schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.graphql"
    path.write_text("{\n  nope\n  goods { no }\n}", encoding="utf-8")
    assert main(["plan", "--supergraph", schema, str(path)]) == 1
    told = capsys.readouterr().err
    assert "wrong.graphql:2:3: GRAPHQL_VALIDATION_FAILED" in told
    assert "wrong.graphql:3:11: GRAPHQL_VALIDATION_FAILED" in told


@pytest.mark.parametrize(
    "arguments",
    [["plan"], ["plan", "q.graphql"], ["nothing"], ["plan", "q", "--supergraph", "s", "--format", "xml"], []],
)
def test_wrong_usage_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m gateway" in capsys.readouterr().err


def test_a_missing_file_ends_with_two(schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--supergraph", str(tmp_path / "no.graphql"), "q"]) == 2
    assert main(["plan", "--supergraph", schema, str(tmp_path / "no.graphql")]) == 2
    assert capsys.readouterr().err.count("cannot be read") == 2


def test_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "serve" in capsys.readouterr().out


def test_the_cost_is_told_field_by_field(schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cost.graphql"
    path.write_text(
        "query ($n: Int, $m: Int) { goods(first: $n) { name seller { id friends { id } } } items { id } more: goods(first: $m) { id } }",
        encoding="utf-8",
    )
    arguments = ["plan", "--supergraph", schema, str(path), "--cost", "--variables", '{"n": 3}']
    assert main([*arguments, "--assumed-list-size", "4"]) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = printed[next(at for at, line in enumerate(printed) if line.startswith("# costs")) :]
    assert [line.split() for line in shown] == [
        ["#", "costs", "at", "most", "27"],
        ["size", "own", "needs", "cost"],
        ["goods", "3", "3", "0", "18"],
        ["seller", "1", "1", "0", "5"],
        ["friends", "4", "4", "0", "4"],
        ["items", "4", "4", "0", "4"],
        ["more", "5", "5", "0", "5"],
        ["#", "without", "a", "value", "for", "$m;", "--variables", "gives", "one"],
    ]
    assert main([*arguments, "--format", "json"]) == 0
    cost = json.loads(capsys.readouterr().out)["cost"]
    assert cost["estimate"] == 3 * (1 + 1 + 10) + 10 + 5
    assert cost["missingVariables"] == ["m"]
    assert cost["fields"][1] == {"depth": 1, "name": "seller", "size": 1, "own": 1, "needs": 0, "cost": 11}
