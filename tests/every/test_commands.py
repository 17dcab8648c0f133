"""Holds for every command: it is found by its file, it teaches in its help, it has the options that all have."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from whimbrel import _registry
from whimbrel.cli import main
from whimbrel.extension import commands

NAMES = [name.replace("_", "-") for name in _registry.names("commands")]
# Flask-Migrate 4.1's commands, with their options and arguments.
DROP_IN = {
    "list-templates": "",
    "init": "--directory --multidb --template --package",
    "revision": "--directory --message --autogenerate --sql --head --splice --branch-label --version-path --rev-id",
    "migrate": "--directory --message --sql --head --splice --branch-label --version-path --rev-id --x-arg",
    "edit": "--directory revision",
    "merge": "--directory --message --branch-label --rev-id revisions",
    "upgrade": "--directory --sql --tag --x-arg revision",
    "downgrade": "--directory --sql --tag --x-arg revision",
    "show": "--directory revision",
    "history": "--directory --rev-range --verbose --indicate-current",
    "heads": "--directory --verbose --resolve-dependencies",
    "branches": "--directory --verbose",
    "current": "--directory --verbose",
    "stamp": "--directory --sql --tag --purge revisions",
    "check": "--directory",
}
# Alembic's own options, which Flask-Migrate leaves out.
ALEMBIC = {
    "merge": "--splice",
    "current": "--check-heads",
    "heads": "--resolve-dependencies",
    "revision": "--depends-on",
    "ensure-version": "--sql",
    "stamp": "revisions",
}
SHORT = {"-d": "--directory", "-x": "--x-arg", "-m": "--message", "-t": "--template", "-r": "--rev-range", "-v": "--verbose"}


def command_of(name: str) -> click.Command:
    found = commands().named(name)
    assert found is not None
    return found


def words(command: click.Command) -> set[str]:
    return {opt for param in command.params for opt in (param.opts if isinstance(param, click.Option) else [param.name or ""])}


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_it_does_and_what_each_option_is(name):
    command = command_of(name)
    assert command.name == name
    first = (command.help or "").split("\n\n")[0]
    assert first.endswith("."), first
    assert len(first) <= 55, "the list of commands would cut it"
    for param in command.params:
        if isinstance(param, click.Option):
            assert (param.help or "").endswith((".", ")")), param.name


@pytest.mark.parametrize("name", NAMES)
def test_help_is_printed(name):
    for group in (main, commands()):
        result = CliRunner().invoke(group, [name, "--help"], obj=None)
        if group is main:
            assert result.exit_code == 0, result.output
            assert name in result.output


@pytest.mark.parametrize("name", NAMES)
def test_the_common_options_are_there(name):
    assert {"--directory", "--x-arg", "--format", "--quiet", "--verbose", "--traceback"} <= words(command_of(name))


@pytest.mark.parametrize(("name", "wanted"), [*DROP_IN.items(), *ALEMBIC.items()])
def test_the_options_of_flask_migrate_and_alembic_are_there(name, wanted):
    assert set(wanted.split()) <= words(command_of(name))


def test_short_options_are_flask_migrates():
    for name in NAMES:
        for param in command_of(name).params:
            for short, long in SHORT.items():
                if short in param.opts:
                    assert long in param.opts, (name, param.opts)


def test_a_command_can_be_written_with_underscores_as_alembic_does():
    assert command_of("ensure_version") is command_of("ensure-version")


def test_a_mistyped_command_is_recognised():
    result = CliRunner().invoke(main, ["upgarde"])
    assert result.exit_code == 2
    assert "Did you mean 'upgrade'?" in result.output


def test_a_module_that_registers_nothing_stops_the_program(tmp_path, monkeypatch):
    import whimbrel.commands

    (tmp_path / "idle.py").write_text('"""Registers nothing."""\n')
    monkeypatch.setattr(whimbrel.commands, "__path__", [*whimbrel.commands.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match="registers nothing"):
        _registry.load("commands", "idle", "command")


def test_every_command_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    missing = [name for name in NAMES if f"## {name}\n" not in text]
    assert not missing
