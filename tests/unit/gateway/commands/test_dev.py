"""The loop of `python -m gateway dev`: it follows every change, and keeps the last good schema."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.dev import extracted_config, read_overrides
from gateway.dev.dev_loop import DevelopmentLoop
from gateway.dev.mock_server import MockServer
from gateway.sources import SourceError

NOWHERE = "http://127.0.0.1:9/graphql"
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'

Look = Callable[..., DevelopmentLoop]


@pytest.fixture
def mocks() -> Iterator[MockServer]:
    with closing(MockServer()) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { q: Int }")
    return configure(tmp_path, a={"routing_url": NOWHERE, "schema": {"file": "a.graphql"}})


def configure(folder: Path, **subgraphs: object) -> Path:
    config = folder / "supergraph.yaml"
    config.write_text(json.dumps({"subgraphs": subgraphs}))
    return config


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def begin(project: Path, mocks: MockServer, told: list[str]) -> Iterator[Look]:
    """Begins a loop over the project; closed afterwards."""
    with ExitStack() as stack:

        def begin(output: Path, *, config: Path = project, **more: Any) -> DevelopmentLoop:
            loop = DevelopmentLoop(config, [output], mocks, tell=told.append, **more)
            return stack.enter_context(closing(loop))

        yield begin


def test_a_change_that_composes_is_written(begin: Look, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    loop = begin(output)
    assert loop.look().is_good
    (tmp_path / "a.graphql").write_text(LINK + "type Query { fresh: Int }")
    assert loop.look().is_good
    assert "fresh: Int" in output.read_text()


def test_what_composed_says_what_changed(begin: Look, tmp_path: Path, told: list[str]) -> None:
    loop = begin(tmp_path / "out.graphql")
    loop.look()
    (tmp_path / "a.graphql").write_text(LINK + "type Query { fresh: Int }")
    loop.look()
    assert re.fullmatch(r"composed 1 subgraphs in \d+ ms; mocked: a", told[0])
    assert re.fullmatch(r'composed 1 subgraphs in \d+ ms; "a" changed; mocked: a', told[1])


def test_a_change_that_does_not_compose_leaves_the_last_good_schema(
    begin: Look, tmp_path: Path, told: list[str]
) -> None:
    output = tmp_path / "out.graphql"
    loop = begin(output)
    assert loop.look().is_good
    good = output.read_text()
    (tmp_path / "a.graphql").write_text("type Query {")
    for _ in range(2):
        state = loop.look()
        assert [error.code for error in state.errors] == ["INVALID_GRAPHQL"]
        assert state.has_schema
    assert output.read_text() == good
    assert sum("INVALID_GRAPHQL" in text for text in told) == 1
    assert "The last schema that composed stays in service." in told[-1]
    (tmp_path / "a.graphql").write_text(LINK + "type Query { mended: Int }")
    assert loop.look().is_good
    assert "mended" in output.read_text()


def test_what_never_composed_leaves_nothing_to_serve(begin: Look, tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "a.graphql").write_text("type Query {")
    state = begin(tmp_path / "out.graphql").look()
    assert not state.has_schema
    assert "Nothing to serve yet." in told[-1]
    assert not (tmp_path / "out.graphql").exists()


def test_a_file_that_goes_and_comes_back_the_same_is_good_again(begin: Look, tmp_path: Path, told: list[str]) -> None:
    loop = begin(tmp_path / "out.graphql")
    assert loop.look().is_good
    text = (tmp_path / "a.graphql").read_text()
    (tmp_path / "a.graphql").unlink()
    state = loop.look()
    assert "a.graphql: No such file" in state.problems[0]
    assert state.has_schema
    (tmp_path / "a.graphql").write_text(text)
    assert loop.look().is_good
    assert told[-1] == "The subgraphs are again as they were composed."


def test_a_file_that_is_only_being_saved_is_not_reported(
    begin: Look, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor has emptied it, and writes it while the loop waits for things to settle."""
    loop = begin(tmp_path / "out.graphql")
    loop.look()
    (tmp_path / "a.graphql").write_text("")
    saved = LINK + "type Query { saved: Int }"
    monkeypatch.setattr("time.sleep", lambda _: (tmp_path / "a.graphql").write_text(saved))
    loop.look()
    assert loop.look().is_good
    assert len(told) == 2


def test_a_broken_configuration_leaves_everything_as_it_was(begin: Look, project: Path, tmp_path: Path) -> None:
    loop = begin(tmp_path / "out.graphql")
    loop.look()
    text = project.read_text()
    project.write_text("subgraphs: {a: {colour: red}}")
    assert any("subgraphs.a.colour" in problem for problem in loop.look().problems)
    project.write_text(text)
    assert loop.look().is_good


def test_a_subgraph_that_the_configuration_gains_is_taken_up(begin: Look, project: Path, tmp_path: Path) -> None:
    loop = begin(tmp_path / "out.graphql")
    loop.look()
    (tmp_path / "b.graphql").write_text(LINK + "type Query { more: Int }")
    configure(tmp_path, **{name: {"mock": True, "schema": {"file": f"{name}.graphql"}} for name in ("a", "b")})
    assert loop.look().mocked == ("a", "b")
    assert "more: Int" in (tmp_path / "out.graphql").read_text()


def test_a_subgraph_that_is_down_is_mocked(begin: Look, mocks: MockServer, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    assert begin(output).look().mocked == ("a",)
    assert f'url: "{mocks.url("a")}"' in output.read_text()


def test_mocks_can_be_left_out(begin: Look, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    assert begin(output, mocks_down=False).look().mocked == ()
    assert f'url: "{NOWHERE}"' in output.read_text()


def test_a_subgraph_that_never_told_its_sdl_is_named_with_a_way_out(begin: Look, tmp_path: Path) -> None:
    config = configure(tmp_path, a={"schema": {"subgraph_url": NOWHERE}})
    (problem,) = begin(tmp_path / "out.graphql", config=config).look().problems
    assert f"{NOWHERE} cannot be reached" in problem
    assert "--override a=FILE" in problem


def test_a_file_in_the_place_of_a_subgraph_is_mocked(begin: Look, mocks: MockServer, tmp_path: Path) -> None:
    local = tmp_path / "local.graphql"
    local.write_text(LINK + "type Query { local: Int }")
    output = tmp_path / "out.graphql"
    assert begin(output, overrides=read_overrides([f"a={local}"])).look().mocked == ("a",)
    assert "local: Int" in output.read_text()


def test_an_override_may_add_a_subgraph(begin: Look, tmp_path: Path) -> None:
    (tmp_path / "b.graphql").write_text(LINK + "type Query { added: Int }")
    output = tmp_path / "out.graphql"
    assert begin(output, overrides=read_overrides([f"b={tmp_path / 'b.graphql'}"])).look().is_good
    assert "added: Int" in output.read_text()


def test_overrides_are_an_address_a_file_or_both() -> None:
    read = read_overrides(["a=http://x/graphql", "b=b.graphql", "c=c.graphql,http://y/graphql"])
    assert read["a"].source.subgraph_url == "http://x/graphql"
    assert (Path(read["b"].source.file or "").name, read["b"].mock) == ("b.graphql", True)
    assert (read["c"].routing_url, read["c"].mock) == ("http://y/graphql", False)


@pytest.mark.parametrize("given", ["a", "=b.graphql", "a=", "a=b.graphql,ftp://x"])
def test_an_override_that_says_nothing_is_refused(given: str) -> None:
    with pytest.raises(SourceError, match="--override"):
        read_overrides([given])


def test_one_subgraph_of_a_deployed_supergraph_is_overridden_by_a_local_one(begin: Look, tmp_path: Path) -> None:
    deployed = tmp_path / "deployed.graphql"
    begin(deployed, mocks_down=False).look()
    config = tmp_path / "extracted.yaml"
    config.write_text(extracted_config(deployed))
    local = tmp_path / "local.graphql"
    local.write_text(LINK + "type Query { q: Int local: Int }")
    output = tmp_path / "out.graphql"
    overrides = read_overrides([f"a={local},http://127.0.0.1:9/local"])
    assert begin(output, config=config, overrides=overrides, mocks_down=False).look().is_good
    assert "local: Int" in output.read_text()
    assert 'url: "http://127.0.0.1:9/local"' in output.read_text()
