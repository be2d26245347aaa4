"""`python -m gateway compose`: what it reads, writes and answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gateway import cli
from gateway.commands.compose import contract

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
GOOD = LINK + "type Query { q: Int old: Int }"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.graphql").write_text(GOOD)
    return configure(tmp_path, {"a": "a.graphql"})


def configure(folder: Path, files: dict[str, str]) -> Path:
    subgraphs = {name: {"routing_url": f"http://{name}", "schema": {"file": file}} for name, file in files.items()}
    path = folder / "supergraph.yaml"
    path.write_text(json.dumps({"subgraphs": subgraphs}))
    return path


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_the_supergraph_goes_to_the_output(project: Path) -> None:
    output = project.parent / "out.graphql"
    assert run("compose", "--config", project, "--output", output) == 0
    assert 'A @join__graph(name: "a", url: "http://a")' in output.read_text()


def test_errors_show_the_place_and_leave_the_output_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = project.parent / "out.graphql"
    output.write_text("what was there")
    (project.parent / "a.graphql").write_text(LINK + 'type Query { t: T }\ntype T @key(fields: "id") { x: Int }')
    assert run("compose", "--config", project, "--output", output) == 1
    shown = capsys.readouterr().err
    assert "error[KEY_INVALID_FIELDS]" in shown
    assert "a.graphql:3:8" in shown
    assert "    3 | type T @key" in shown
    assert output.read_text() == "what was there"
    assert [path.name for path in project.parent.glob(".out*")] == []


@pytest.mark.parametrize("output", ["nowhere/out.graphql", "folder"])
def test_an_output_that_cannot_be_written_is_named_and_left_alone(
    project: Path, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.parent / "folder").mkdir()
    before = sorted(project.parent.rglob("*"))
    assert run("compose", "--config", project, "--output", project.parent / output) == 2
    assert f"{project.parent / output}: " in capsys.readouterr().err
    assert sorted(project.parent.rglob("*")) == before


def test_an_empty_file_is_no_schema(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project.parent / "a.graphql").write_text("")
    assert run("compose", "--config", project) == 1
    assert "error[INVALID_GRAPHQL]" in capsys.readouterr().err


def test_json_tells_all_to_machines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project.parent / "a.graphql").write_text("type Query { q: Unheard }")
    assert run("compose", "--config", project, "--format", "json") == 1
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "INVALID_GRAPHQL"
    assert error["places"] == [{"subgraph": "a", "file": "a.graphql", "line": 1, "column": 17}]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("subgraphs: {a: {schema: {file: a.graphql}, colour: red}}", "subgraphs.a.colour"),
        ("subgraphs: {a: {schema: {file: missing.graphql}}}", "missing.graphql"),
        ("subgraphs: {a: {schema: {file: a.graphql, subgraph_url: http://x}}}", "exactly one"),
        ("subgraphs: {a: {schema: {subgraph_url: 'http://127.0.0.1:9/'}}}", "127.0.0.1:9"),
        ("subgraphs: {a: {schema: {subgraph_url: 'ftp://x'}}}", "not an http address"),
        ("subgraphs: {a: {routing_url: '${env.NOT_THERE_AT_ALL}', schema: {file: a.graphql}}}", "NOT_THERE_AT_ALL"),
        ("subgraphs: {}", "there are none"),
        ("subgraphs: [", "supergraph.yaml"),
        ("subgraphs: {a: {schema: {file: a.graphql}}, a: {schema: {file: b.graphql}}}", '"a" is there twice'),
        ("subgraphs: " + "[" * 10_000, "nested too deeply"),
        ("subgraphs: {a: {schema: {file: .}}}", "Is a directory"),
        ("subgraphs: {a: {schema: {file: latin.graphql}}}", "can't decode"),
        ("subgraphs: {a: {schema: {file: /dev/zero}}}", "more than"),
    ],
)
def test_what_cannot_be_read_is_named(
    project: Path, config: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write_text(config)
    (project.parent / "latin.graphql").write_bytes(b'"\xe9" type Query { q: Int }')
    assert run("compose", "--config", project) == 2
    assert told in capsys.readouterr().err


class _Subgraph(BaseHTTPRequestHandler):
    answer = {"data": {"_service": {"sdl": GOOD}}}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers.get("Authorization") == "Bearer secret"
        body = json.dumps(self.answer if allowed else {"errors": [{"message": "who are you?"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def running() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Subgraph)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/graphql"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_subgraph_is_asked_with_the_headers_given(
    tmp_path: Path, running: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUBGRAPH_TOKEN", "secret")
    schema = {"subgraph_url": running, "introspection_headers": {"Authorization": "Bearer ${env.SUBGRAPH_TOKEN}"}}
    config = tmp_path / "supergraph.yaml"
    config.write_text(json.dumps({"subgraphs": {"a": {"schema": schema}}}))
    assert run("compose", "--config", config) == 0
    assert f'url: "{running}"' in capsys.readouterr().out
    monkeypatch.setenv("SUBGRAPH_TOKEN", "wrong")
    assert run("compose", "--config", config) == 2
    assert "who are you?" in capsys.readouterr().err


TAGGED = LINK.replace('"@key"', '"@key", "@tag"') + (
    'type Query { q: Int inner: Inner @tag(name: "internal") } type Inner { x: Int }'
)


def api_under(project: Path, *flags: object) -> str:
    (project.parent / "a.graphql").write_text(TAGGED)
    output, api = project.parent / "out.graphql", project.parent / "api.graphql"
    assert run("compose", "--config", project, "--output", output, "--api", api, *flags) == 0
    return api.read_text()


def test_a_contract_leaves_what_its_tags_say(project: Path) -> None:
    text = api_under(project, "--contract", "exclude=internal")
    assert "inner" not in text
    assert "type Inner" in text
    assert "type Inner" not in api_under(project, "--contract", "exclude=internal", "--hide-unreachable-types")


def test_names_after_the_first_belong_to_what_stands_before_them() -> None:
    found = contract("include=a,b,exclude=c,d,include=e")
    assert found.include == {"a", "b", "e"}
    assert found.exclude == {"c", "d"}


def test_a_tag_that_nothing_carries_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api_under(project, "--contract", "exclude=internl")
    told = capsys.readouterr().err
    assert 'warn[CONTRACT_TAG_UNUSED]: Nothing carries the tag "internl" of the contract; known are internal.' in told


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--contract", "internal"], "neither include=TAG nor exclude=TAG"),
        (["--contract", "only=internal"], "neither include=TAG nor exclude=TAG"),
        (["--contract", "exclude="], "neither include=TAG nor exclude=TAG"),
        (["--contract", "include=a,exclude=a"], '"a" cannot be included and excluded at once'),
        (["--hide-unreachable-types"], "give --contract as well"),
    ],
)
def test_a_contract_that_is_none_is_wrong_usage(
    project: Path, flags: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = run("compose", "--config", project, *flags)
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 2
    assert told in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compose", "--config", project, "--output", project.parent / "nowhere" / "out.graphql") == 2
    assert "No such file or directory" in capsys.readouterr().err
