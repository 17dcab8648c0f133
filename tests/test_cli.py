"""Without Flask: ``whimbrel …`` does what the Alembic tutorial does."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import alembic
import pytest
from click.testing import CliRunner

from kit import SEPARATE, Database, Result, on
from whimbrel.cli import main

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
account = sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
"""


class Shell:
    """A folder without Flask, and the command line in it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database

    def __call__(self, *args: str) -> Result:
        before, known = list(sys.path), set(sys.modules)
        try:
            found = CliRunner(**SEPARATE).invoke(main, args)
        finally:
            sys.path[:] = before
            for name in set(sys.modules) - known:
                if name in ("models", "env_py"):
                    del sys.modules[name]
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Result(f"whimbrel {' '.join(args)}", found.exit_code, found.stdout, found.stderr)

    def ok(self, *args: str) -> Result:
        return self(*args).exits(0)

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        text = (self.folder / path).read_text()
        for old, new in changes:
            assert old in text, f"{path} has no {old!r}"
            text = text.replace(old, new)
        (self.folder / path).write_text(text)

    def connect(self) -> None:
        """What a user does after init."""
        url = self.database.url.replace("%", "%%")
        self.edit("alembic.ini", ("driver://user:pass@localhost/dbname", url))
        self.edit(
            "migrations/env.py", ("target_metadata = None  # Base.metadata", "from models import metadata as target_metadata")
        )
        (self.folder / "models.py").write_text(MODELS)


@pytest.fixture
def shell(database, tmp_path, monkeypatch):
    folder = tmp_path / "alone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Shell(folder, database)


def test_the_tutorial(shell):
    shell.ok("init").says("Created alembic.ini", "Next: set sqlalchemy.url in the ini file and target_metadata")
    shell.connect()
    shell.ok("revision", "--autogenerate", "-m", "create account table").says("table account: new, with id, name")
    shell.ok("upgrade", "head")
    assert shell.database.tables() == ["account"]
    shell.ok("check")
    shell.ok("revision", "-m", "Add a column")
    (path,) = (shell.folder / "migrations" / "versions").glob("*_add_a_column.py")
    path.write_text(
        path.read_text()
        .replace('"""Upgrade schema."""\n    pass', "op.add_column('account', sa.Column('last', sa.DateTime))")
        .replace('"""Downgrade schema."""\n    pass', "op.drop_column('account', 'last')")
    )
    shell.ok("upgrade", "+1")
    assert shell.database.columns("account") == ["id", "name", "last"]
    shell.ok("current", "--verbose").says("Current revision(s) for")
    shell.ok("history", "--verbose").says("Add a column")
    shell.ok("downgrade", "-1")
    assert shell.database.columns("account") == ["id", "name"]
    shell.ok("downgrade", "base")
    assert shell.database.tables() == []
    assert "CREATE TABLE account" in shell.ok("upgrade", "head", "--sql").out


@on("sqlite")
def test_env_py_is_short_and_needs_only_alembic(shell):
    shell.ok("init")
    text = (shell.folder / "migrations" / "env.py").read_text()
    assert len(text.splitlines()) <= 15
    assert "whimbrel" not in text


ALEMBICS = sorted(path.name for path in (Path(alembic.__file__).parent / "templates").iterdir() if path.is_dir())
needs_toml = pytest.mark.skipif("pyproject" not in ALEMBICS, reason="Alembic reads pyproject.toml since 1.16")


@on("sqlite")
@pytest.mark.parametrize("template", ALEMBICS)
def test_alembics_templates(shell, template):
    shell.ok("list_templates").says(template)
    shell.ok("init", "-t", template, "elsewhere")
    assert (shell.folder / "elsewhere" / "env.py").exists()
    assert (shell.folder / "pyproject.toml").exists() is template.startswith("pyproject")
    shell.ok("heads")


@needs_toml
@on("sqlite")
def test_a_project_in_pyproject_toml(shell):
    (shell.folder / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    shell.ok("init", "-t", "pyproject", "db/migrations")
    text = (shell.folder / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "mine"\n')
    assert 'script_location = "%(here)s/db/migrations"' in text
    shell.edit("alembic.ini", ("driver://user:pass@localhost/dbname", shell.database.url))
    shell.ok("revision", "-m", "one", "--rev-id", "aaaa")
    shell.ok("upgrade", "head")
    assert shell.database.version() == ["aaaa"]


@needs_toml
@on("sqlite")
def test_settings_in_pyproject_toml(shell):
    shell.ok("init")
    (shell.folder / "more").mkdir()
    shell.connect()
    shell.edit("alembic.ini", ("script_location = %(here)s/migrations", ""))
    (shell.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
        'version_locations = ["%(here)s/more"]\nrecursive_version_locations = true\n'
    )
    shell.ok("revision", "-m", "one", "--rev-id", "aaaa")
    assert [path.name for path in (shell.folder / "more").iterdir()] == ["aaaa_one.py"]
    shell.ok("upgrade")


@on("sqlite")
def test_from_a_folder_below(shell, monkeypatch):
    shell.ok("init")
    shell.connect()
    (shell.folder / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(shell.folder / "src" / "deep")
    shell.ok("revision", "--autogenerate", "-m", "one")
    shell.ok("upgrade")
    assert shell.database.tables() == ["account"]


@on("sqlite")
def test_another_configuration_and_another_section(shell, monkeypatch):
    shell.ok("init")
    shell.connect()
    (shell.folder / "alembic.ini").rename(shell.folder / "other.ini")
    shell.edit("other.ini", ("[alembic]", "[production]"))
    shell.ok("-c", "other.ini", "-n", "production", "revision", "-m", "one", "--rev-id", "aaaa")
    monkeypatch.setenv("ALEMBIC_CONFIG", "other.ini")
    shell.ok("-n", "production", "upgrade")
    assert shell.database.version() == ["aaaa"]
    shell("-c", "nowhere.ini", "heads").exits(2).says("There is no file nowhere.ini")
    shell("-c", "a.ini", "-c", "b.ini", "heads").exits(2).says("Only one ini file")


@on("sqlite")
def test_without_a_project(shell):
    shell("heads").exits(2).says("There is no migrations folder at migrations", "whimbrel init")


@on("sqlite")
def test_an_ini_file_without_a_location(shell):
    (shell.folder / "alembic.ini").write_text("[alembic]\n")
    shell("heads").exits(2).says("does not say where the migrations are", "script_location")


@on("sqlite")
@pytest.mark.parametrize("text", ["no section", "[alembic]\nx = %(nothing)s", "[alembic]\na = 1\na = 2"])
def test_an_ini_file_that_cannot_be_read(shell, text):
    (shell.folder / "alembic.ini").write_text(text)
    shell("heads").exits(2).says("alembic.ini cannot be read")


@on("sqlite")
def test_a_toml_file_that_cannot_be_read(shell):
    (shell.folder / "pyproject.toml").write_text("[tool.alembic\n")
    shell("-c", "pyproject.toml", "heads").exits(2).says("pyproject.toml cannot be read")


@on("sqlite")
def test_a_location_inside_a_package(shell, monkeypatch):
    shell.ok("init", "mypackage/migrations")
    shell.edit("alembic.ini", ("%(here)s/mypackage/migrations", "mypackage:migrations"))
    (shell.folder / "mypackage" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(shell.folder))
    shell.ok("heads")
    shell.edit("alembic.ini", ("mypackage:migrations", "nopackage:migrations"))
    shell("heads").exits(2).says("the package 'nopackage', which cannot be imported")


@on("sqlite")
def test_env_py_sees_what_the_user_typed(shell):
    shell.ok("init")
    shell.connect()
    env = shell.folder / "migrations" / "env.py"
    env.write_text(env.read_text() + "\no = context.config.cmd_opts\nprint('SEEN', o.x, o.cmd[0].__name__, o.name, o.raiseerr)\n")
    shell.ok("-x", "a=1", "upgrade").says("SEEN ['a=1'] upgrade alembic False")
    shell.ok("current", "-x", "b").says("SEEN ['b'] current")


@on("sqlite")
def test_options_before_and_after_the_command(shell):
    shell.ok("init")
    shell.connect()
    shell.ok("revision", "-m", "one")
    assert shell.ok("-q", "upgrade").text == ""
    shell("--raiseerr", "upgrade", "nope").exits(1).says("Traceback")
    shell("--traceback", "upgrade", "nope").exits(1).says("Traceback")
    shell.ok("-d", "migrations", "heads").says("one")


@on("sqlite")
def test_formats(shell):
    shell.ok("init")
    assert json.loads(shell.ok("heads", "--format", "json").out) == []
    shell("heads", "--format", "xml").exits(2).says("'xml' is not one of")


@on("sqlite")
def test_version_and_help(shell):
    shell.ok("--version").says("whimbrel, version")
    shell.ok("-h").says("Commands:")
    shell.ok("upgrade", "--help").says("Run what is pending.")


@on("sqlite")
def test_python_m(shell):
    import subprocess

    found = subprocess.run([sys.executable, "-m", "whimbrel", "heads"], capture_output=True, text=True, cwd=shell.folder)
    assert found.returncode == 2
    assert "whimbrel init" in found.stderr


@on("sqlite")
def test_several_databases_in_alembics_way(shell, new_database):
    first, second = new_database("sqlite"), new_database("sqlite")
    shell.ok("init", "-t", "multidb", "migrations")
    shell.edit(
        "alembic.ini",
        ("[engine1]\nsqlalchemy.url = driver://user:pass@localhost/dbname", f"[engine1]\nsqlalchemy.url = {first.url}"),
        ("[engine2]\nsqlalchemy.url = driver://user:pass@localhost/dbname2", f"[engine2]\nsqlalchemy.url = {second.url}"),
    )
    shell.ok("revision", "-m", "one", "--rev-id", "aaaa")
    path = shell.folder / "migrations" / "versions" / "aaaa_one.py"
    table = "op.create_table('only_here', sa.Column('id', sa.Integer))"
    path.write_text(re.sub(r"(def upgrade_engine2\(\).*?)pass", rf"\1{table}", path.read_text(), count=1, flags=re.DOTALL))
    shell.ok("upgrade", "head")
    assert first.tables() == []
    assert second.tables() == ["only_here"]
    shell.ok("current").says("[engine1]", "[engine2]")
