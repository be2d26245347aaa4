"""The command line: every command tells what it takes, wrong usage ends with 2, and Ctrl-C ends quietly."""

import argparse
import importlib

import pytest

from gateway import cli


def status_of(*arguments: str) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_tells_what_it_takes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(command, "--help") == 0
    told = capsys.readouterr().out
    assert f"usage: python -m gateway {command}" in told
    assert cli.COMMANDS[command] in told


def test_help_lists_every_command_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of("--help") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(f"  {name:<9}{about}" in lines for name, about in cli.COMMANDS.items())


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("chek",),
        ("check",),
        ("compose",),
        ("plan",),
        ("compose", "--config"),
        ("check", "--format", "xml", "--supergraph", "a", "--config", "b"),
        ("serve", "--port", "many"),
        ("serve", "--supergraph", "a", "--subgraphs", "b"),
        ("dev", "--supergraph", "a", "--config", "b"),
        ("dev", "unheard"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(*arguments) == 2
    assert "error: " in capsys.readouterr().err


def test_ctrl_c_ends_a_command_as_shells_expect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module("gateway.commands.compose"), "run", interrupted)
    assert status_of("compose", "--config", "x") == 130
    assert capsys.readouterr() == ("", "")
