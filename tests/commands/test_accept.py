"""What a refusal prints goes into a shell as it is, and what is typed after --accept means something."""

from __future__ import annotations

import shlex

import pytest

from kit import Project, Result, on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column("it's $HOME", db.String(50))
"""
KEY = "drop-column-loses-data:person.it's $HOME"
DROP = """op.drop_column('person', "it's $HOME")"""


@pytest.fixture
def person(project: Project) -> Project:
    project.app(PERSON)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    with project.loaded.app.app_context():
        project.loaded.db.session.add(project.loaded.Person(name="Ada"))
        project.loaded.db.session.commit()
    return project


def next_command(refused: Result) -> list[str]:
    """The words of the command that goes on, as a shell reads it."""
    (line,) = [line for line in refused.err.splitlines() if line.startswith("Next: ")]
    return shlex.split(line.removeprefix("Next: ").partition(" goes on this once")[0])


def test_the_next_command_does_what_was_asked_for(person):
    person.revision(DROP, id="bbbb")
    person.revision("op.drop_table('person')", id="cccc")
    words = next_command(person.refused("upgrade", "-x", "a=b c", "bbbb", "--backup=one two"))
    assert words == ["flask", "db", "-x", "a=b c", "upgrade", "bbbb", "--backup=one two", "--accept", KEY]
    person.ok(*words[2:])
    assert person.ok("current").out.startswith("bbbb")
    assert (person.folder / "one two").exists()
    person.database.run("insert into person (id) values (7)")
    words = next_command(person.refused("downgrade", "base"))
    assert words == ["flask", "db", "downgrade", "base", "--accept", "drop-table-loses-data:person"]
    person.ok(*words[2:])
    assert "person" not in person.database.tables()


@on("sqlite")
def test_the_next_command_names_the_folder_and_the_application(person):
    person.revision(DROP, id="bbbb")
    (person.folder / "migrations").rename(person.folder / "changes")
    refused = person.process("-m", "flask", "--app", "app:app", "db", "-d", "changes", "upgrade", env={"FLASK_APP": ""})
    assert next_command(refused.exits(1)) == ["flask", "--app", "app:app", "db", "-d", "changes", "upgrade", "--accept", KEY]


@pytest.mark.parametrize("key", ["drop-column:person.name", "person.name", "drop-column-loses-data", "drop-column-loses-data:"])
@on("sqlite")
def test_consent_to_no_rule(person, key):
    person.revision(DROP, id="bbbb")
    for command in ("upgrade", "downgrade", "resume"):
        person.refused(command, "--accept", key, code=2).says(f"--accept {key}: there is no such rule", "CODE:OBJECT")


@on("sqlite")
def test_consent_to_something_else_is_told(person):
    person.revision(DROP, id="bbbb")
    other = "drop-column-loses-data:person.nam"
    person.refused("upgrade", "--accept", other).says(f"Nothing that is seen ahead is called {other}.")
    assert "Nothing that is seen" not in person.refused("downgrade").text
