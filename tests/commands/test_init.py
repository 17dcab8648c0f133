"""A new migrations folder."""

from __future__ import annotations

import ast

import pytest

from kit import on

pytestmark = on("sqlite")

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""


def test_init_makes_a_folder_and_says_what_comes_next(project):
    project.app(NOTE)
    result = project.ok("init")
    assert result.out == (
        "Created migrations/README\n"
        "Created migrations/alembic.ini\n"
        "Created migrations/env.py\n"
        "Created migrations/script.py.mako\n"
        "Created migrations/versions\n"
        'Next: flask db migrate -m "first"\n'
    )
    assert (project.folder / "migrations" / "versions").is_dir()


def test_env_py_has_at_most_15_lines(project):
    project.app(NOTE)
    project.ok("init")
    text = (project.folder / "migrations" / "env.py").read_text()
    assert len(text.splitlines()) <= 15
    assert "whimbrel" not in {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names
    }


@pytest.mark.parametrize("template", ["flask", "flask-multidb", "aioflask", "aioflask-multidb"])
def test_the_templates_of_flask_migrate_are_known_by_name(project, template):
    project.app(NOTE)
    project.ok("init", "-t", template)
    assert (project.folder / "migrations" / "env.py").exists()


def test_a_template_of_the_users_own_is_a_path(project):
    project.app(NOTE)
    project.write("my/template/env.py", "MINE = True\n")
    project.write("my/template/script.py.mako", "mine\n")
    project.write("my/template/alembic.ini.mako", "[alembic]\n# ${script_location}\n")
    project.ok("init", "-t", "my/template")
    assert (project.folder / "migrations" / "env.py").read_text() == "MINE = True\n"
    assert (project.folder / "migrations" / "alembic.ini").read_text() == "[alembic]\n# %(here)s/.\n"


def test_a_template_that_does_not_exist_is_refused(project):
    project.app(NOTE)
    project.refused("init", "-t", "flusk", code=2).says("There is no template 'flusk'", "Did you mean 'flask'?")
    project.refused("init", "-t", "no/folder", code=2).says("There is no template folder no/folder")
    assert not (project.folder / "migrations").exists()


def test_a_folder_with_something_in_it_is_left_alone(project):
    project.app(NOTE)
    project.write("migrations/mine.txt", "mine")
    project.refused("init").says("exists already and is not empty", "-d")
    assert [path.name for path in (project.folder / "migrations").iterdir()] == ["mine.txt"]


def test_an_empty_folder_may_be_there(project):
    project.app(NOTE)
    (project.folder / "migrations").mkdir()
    project.ok("init")


@pytest.mark.parametrize("way", [["-d", "db/changes"], ["db/changes"]], ids=["option", "argument"])
def test_another_folder(project, way):
    project.app(NOTE)
    project.ok("init", *way)
    project.ok("migrate", "-d", "db/changes", "-m", "first")
    project.ok("upgrade", "-d", "db/changes")
    assert project.database.tables() == ["note"]


def test_the_folder_may_be_named_before_the_command(project):
    project.app(NOTE)
    result = project.loaded.app.test_cli_runner().invoke(args=["db", "-d", "elsewhere", "init"])
    assert result.exit_code == 0
    assert (project.folder / "elsewhere" / "env.py").exists()


def test_a_package_has_init_files(project):
    project.app(NOTE)
    project.ok("init", "--package")
    assert (project.folder / "migrations" / "__init__.py").exists()
    assert (project.folder / "migrations" / "versions" / "__init__.py").exists()


def test_multidb_is_accepted_and_gives_the_same(project):
    project.app(NOTE)
    project.ok("init", "--multidb")
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    assert project.database.tables() == ["note"]


def test_the_templates_are_listed(project):
    project.app(NOTE)
    project.ok("list-templates").says("flask - One or many databases of a Flask application.", "aioflask")


def test_without_a_folder_every_command_says_how_to_make_one(project):
    project.app(NOTE)
    for command in ("migrate", "upgrade", "current", "heads", "history", "check"):
        project.refused(command, code=2).says("There is no migrations folder at migrations", "flask db init")
