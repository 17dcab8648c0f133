"""What a refusal prints goes into a shell as it is, and what is typed after --accept means something."""

from __future__ import annotations

import py_compile
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


@on("sqlite")
def test_what_another_database_needs_is_not_for_nothing(person):
    """An empty table, another kind of database, the way down: no reason to take consent out of a file."""
    accepts = {KEY: "old", "drop-table-loses-data:pet": "on the way down", "unique-fails:person": "mended on the way"}
    up = f"""
    op.create_table('pet', sa.Column('id', sa.Integer, primary_key=True))
    op.create_index('ix', 'person', ['id'])  # whimbrel: ignore[index-blocks-writes] small
    op.execute('delete from person')  # whimbrel: ignore[delete-without-condition, not-null-fails]
    {DROP}"""
    path = person.versions / f"{person.revision(up, 'op.drop_table(chr(112) + chr(101) + chr(116))', id='bbbb')}_by_hand.py"
    path.write_text(f"{path.read_text()}\n\naccepts = {accepts!r}\n")
    person.database.run("delete from person")
    for how in ([], ["bbbb", "--dialect", "sqlite"], ["--dialect", "mysql"]):
        assert person.ok("review", *how).err == ""
    path.write_text(path.read_text().replace("on the way down", "typed wrong").replace("data:pet", "data:pest"))
    for how in ([], ["bbbb", "--dialect", "sqlite"], ["--dialect", "mysql"]):
        assert person.ok("review", *how).err == (
            "migrations/versions/bbbb_by_hand.py accepts drop-table-loses-data:pest, which is no finding.\n"
        )


@pytest.mark.parametrize("dialect", ["sqlite", "mysql", "postgresql"])
@on("sqlite")
def test_names_have_their_letters_without_a_database(person, dialect):
    person.revision("op.drop_column('Pet', 'Name')\nop.drop_table('Toy')", id="bbbb")
    said = person.flask("review", "bbbb", "--dialect", dialect).exits(1).out
    assert "[drop-column-loses-data:Pet.Name]" in said
    assert "[drop-table-loses-data:Toy]" in said


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


@on("sqlite")
def test_consent_goes_with_bytecode(person):
    """Revisions may be shipped without their sources."""
    path = person.versions / f"{person.revision(DROP, id='bbbb')}_by_hand.py"
    path.write_text(f"{path.read_text()}\n\naccepts = {{{KEY!r}: 'old'}}\n")
    py_compile.compile(str(path), path.with_suffix(".pyc"), doraise=True)
    path.unlink()
    ini = person.folder / "migrations" / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]", "[alembic]\nsourceless = true", 1))
    person.ok("upgrade")
    assert person.database.columns("person") == ["id"]


@pytest.fixture
def twice(person: Project) -> Project:
    """A revision whose first line loses values, and whose second one fails."""
    person.database.run("alter table person add column age integer")
    person.database.run("insert into person (id, age) values (8, 3), (9, 3)")
    person.revision(f"{DROP}\nop.create_index('ux', 'person', ['age'], unique=True)", id="bbbb")
    return person


LOST = """Error: This needs your consent:
  bbbb  1 value of person.it's $HOME would be lost  [drop-column-loses-data:person.it's $HOME]
    at migrations/versions/bbbb_by_hand.py:18
"""
FAILS = """  bbbb  person (age): 1 value there more than once: 3  [unique-fails:person]
    would fail at migrations/versions/bbbb_by_hand.py:19
"""


@on("sqlite")
def test_what_would_fail_is_not_a_matter_of_consent(twice):
    assert twice.refused("upgrade").err == (
        f"{LOST}{FAILS}Nothing has been run.\n"
        f"Next: Mend what would fail first; then flask db upgrade --accept {shlex.quote(KEY)} goes on this once;"
        " 'flask db review --accept CODE:OBJECT --because …' writes it into the revision.\n"
    )
    assert twice.refused("upgrade", "--accept", KEY).err == (
        f"Error: This would fail:\n{FAILS.replace('would fail at', 'at')}Nothing has been run.\n"
        f"Next: Mend that first; flask db upgrade --accept {shlex.quote(KEY)} --accept unique-fails:person"
        " tries it all the same.\n"
    )


@on("sqlite")
def test_who_is_asked_knows_that_it_would_fail(twice, monkeypatch):
    asked = []
    monkeypatch.setattr("whimbrel.commands.upgrade.on_terminal", lambda: lambda question: asked.append(question.text) or True)
    twice.flask("upgrade").exits(1)
    assert asked == [
        f"1 value of person.it's $HOME would be lost  [{KEY}]. Go on?",
        "person (age): 1 value there more than once: 3  [unique-fails:person]. The statement would fail. Go on?",
    ]


@on("sqlite")
def test_what_can_be_no_consent_is_not_to_be_typed_again(person):
    """A name that only the middle of the run may need is."""
    person.revision(DROP, id="bbbb")
    typed = ["unique-fails:persn", "default:unique-fails:persn", "delete-without-condition:pet"]
    words = next_command(person.refused("upgrade", *(word for key in typed for word in ("--accept", key))))
    assert words == ["flask", "db", "upgrade", "--accept", "delete-without-condition:pet", "--accept", KEY]
