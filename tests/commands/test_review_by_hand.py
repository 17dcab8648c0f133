"""plan and review as somebody meets them who types, at a terminal or in a hook."""

from __future__ import annotations

import json
import re

import pytest

from kit import Project, on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))
"""
WITHOUT = ("review", "bbbb", "--dialect", "postgresql")


@pytest.fixture
def person(project: Project) -> Project:
    project.app(PERSON)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    project.database.run("insert into person (id, name) values (1, 'Ada'), (2, null)")
    return project


@pytest.mark.parametrize("rows", ["person=²", "person=1__0", "person=_1", "person=1e6", "person=-1", "person", "=5"])
@on("sqlite")
def test_numbers_of_rows_that_are_none(person, rows):
    person.revision("op.drop_table('person')", id="bbbb")
    person.refused(*WITHOUT, "--rows", rows, code=2).says(f"--rows {rows}: write a table and a number")


@on("sqlite")
def test_a_table_may_be_named_with_the_default_schema(person):
    person.revision("op.drop_table('person')", id="bbbb")
    person.flask(*WITHOUT, "--rows", "public.person=10").exits(1).says("10 rows of person would be lost")
    person.flask(*WITHOUT).exits(1).says("all rows of person would be lost")


@on("sqlite")
def test_a_reason_is_for_something(person):
    person.revision("op.drop_table('person')", id="bbbb")
    person.refused("review", "--because", "old", code=2).says("Add --accept CODE:OBJECT")


@on("sqlite")
def test_a_hook_may_name_the_file_of_the_package(person):
    person.revision("op.drop_table('person')", id="bbbb")
    person.write("migrations/versions/__init__.py", "")
    person.ok("review", "migrations/versions/__init__.py").says("Nothing to review.")
    person.flask("review", "migrations/versions/__init__.py", "migrations/versions/bbbb_by_hand.py").exits(1)


@on("sqlite")
def test_a_file_that_cannot_be_loaded(person):
    path = person.versions / f"{person.revision(id='bbbb')}_by_hand.py"
    path.write_text(path.read_text().replace("import sqlalchemy", "import no_such_module\nimport sqlalchemy"))
    said = "Revision bbbb (by hand) cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"
    for command in (("plan",), ("review",), WITHOUT):
        person.refused(*command).says(said, "bbbb_by_hand.py:9", "Nothing has been run.")


@on("sqlite")
def test_what_a_file_prints_when_it_is_loaded_is_not_in_the_result(person):
    path = person.versions / f"{person.revision(id='bbbb')}_by_hand.py"
    path.write_text(path.read_text().replace("import sqlalchemy", "print('loaded')\nimport sqlalchemy"))
    for command in (("plan",), ("review",), WITHOUT):
        json.loads(person.ok(*command, "--format", "json").out)


@on("sqlite")
def test_who_says_no_is_asked_no_more(person, monkeypatch):
    asked = []
    monkeypatch.setattr("whimbrel.commands.upgrade.on_terminal", lambda: lambda question: asked.append(question.text))
    person.revision("op.drop_column('person', 'name')\nop.drop_table('person')", id="bbbb")
    person.refused("upgrade").says("1 value of person.name would be lost", "2 rows of person would be lost")
    assert asked == ["1 value of person.name would be lost  [drop-column-loses-data:person.name]. Go on?"]


def test_many_new_rows_are_a_few_lines(person):
    rows = "[{'id': number} for number in range(10, 1010)]"
    person.revision(f"op.bulk_insert(sa.table('person', sa.column('id', sa.Integer)), {rows})", id="bbbb")
    lines = person.ok("plan").out.splitlines()
    assert lines[1:3] == ["  INSERT INTO person (id) VALUES (10)", "  INSERT INTO person (id) VALUES (11)"]
    assert lines[-1] == "  … and 997 more"
    assert len(person.ok("plan", "--sql").out.splitlines()) == 1001


@on("sqlite")
def test_a_type_that_is_given_as_a_class(person):
    person.revision("with op.batch_alter_table('person') as b:\n    b.alter_column('name', type_=sa.Text)", id="bbbb")
    assert "  person: column name, type -> TEXT\n" in person.ok("plan").out


@on("sqlite")
def test_an_exception_without_words(person):
    person.revision("assert False", id="bbbb")
    person.ok("plan").says("notice  AssertionError; what comes after it is not known either")


@pytest.mark.parametrize(
    ("work", "keys"),
    [
        (
            "await connection.execute(sa.text('delete from person'))",
            ["delete-without-condition:person", "drop-table-loses-data:pet"],
        ),
        (
            "await connection.run_sync(lambda sync: sync.execute(sa.text('delete from person')))",
            ["delete-without-condition:person", "drop-table-loses-data:pet"],
        ),
        ("import asyncio; await asyncio.sleep(1)", ["drop-table-loses-data:pet", "not-seen:bbbb"]),
    ],
)
@on("sqlite")
def test_what_a_coroutine_does_is_seen(person, work, keys):
    person.revision(f"async def go(connection):\n    {work}\nop.run_async(go)\nop.drop_table('pet')", id="bbbb")
    command = ("review", "bbbb", "--dialect", "postgresql+asyncpg", "--rows", "person=5", "--format", "json")
    found = json.loads(person.flask(*command).out)["findings"]
    assert [each["key"] for each in found if each["code"] != "no-way-back"] == keys
    assert found[0]["place"].endswith(("bbbb_by_hand.py:19", "bbbb_by_hand.py:20"))


@on("sqlite")
def test_places_are_those_of_the_repository(person, monkeypatch):
    person.revision("op.drop_table('person')", id="bbbb")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(person.folder.parent))
    person.flask("review", "--format", "github").exits(1).says("file=project/migrations/versions/bbbb_by_hand.py,line=18")
    sarif = json.loads(person.flask("review", "--format", "sarif").out)
    (place,) = sarif["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "project/migrations/versions/bbbb_by_hand.py"


@on("sqlite")
def test_the_flags_to_copy_have_those_that_were_typed(person):
    person.revision("op.drop_column('person', 'name')\nop.drop_table('person')", id="bbbb")
    person.refused("upgrade", "--accept", "drop-column-loses-data:person.name").says(
        "Next: flask db upgrade --accept drop-column-loses-data:person.name --accept drop-table-loses-data:person goes on"
    )


@on("sqlite")
def test_steps_count_from_where_the_database_is(person):
    person.revision("pass", id="bbbb")
    person.revision("pass", id="cccc")

    def reviewed(*what: str) -> list[str]:
        return json.loads(person.flask("review", *what, "--format", "json").out)["revisions"]

    assert reviewed("+1") == ["bbbb"]
    assert reviewed("+2") == reviewed("aaaa:+2") == ["bbbb", "cccc"]
    assert reviewed("aaaa:+1") == ["bbbb"]
    assert reviewed("bbbb:+1") == ["cccc"]
    person.refused("review", "+1", "--dialect", "sqlite", code=2).says("Without a database nobody knows where +1 counts from")


@on("sqlite")
def test_ranges_from_the_end_and_folders(person):
    person.revision("pass", id="bbbb")
    person.revision("pass", id="cccc")

    def reviewed(*what: str) -> list[str]:
        return json.loads(person.flask("review", *what, "--format", "json", "--dialect", "sqlite").out)["revisions"]

    assert reviewed("-1:") == ["cccc"]
    assert reviewed("-2:") == reviewed("head-2:head") == reviewed("aaaa:") == ["bbbb", "cccc"]
    assert reviewed("-2:-1") == [*reviewed("-1")] == ["bbbb"]
    assert reviewed("migrations/versions") == reviewed("migrations") == reviewed(":") == ["aaaa", "bbbb", "cccc"]
    assert reviewed("cccc:head") == []
    (person.folder / "empty").mkdir()
    person.refused("review", "empty", code=2).says("There are no revisions of this project in empty")


@on("sqlite")
def test_a_range_the_wrong_way_round(person):
    person.revision("pass", id="bbbb")
    for way in ("bbbb:aaaa", "head:aaaa", "head:base"):
        person.refused("review", way, "--dialect", "sqlite").says(f"{way.partition(':')[0]} does not come before")


@on("sqlite")
def test_a_table_that_no_revision_names(person):
    person.revision("op.drop_table('person')", id="bbbb")
    said = person.flask(*WITHOUT, "--rows", "persons=10", "--rows", "public.person=7").exits(1)
    assert said.err == "--rows persons: no revision names such a table.\n"
    assert "7 rows of person" in said.out


@on("sqlite")
def test_what_stops_a_run_is_an_exit_code(person):
    person.revision("op.create_index('ix', 'person', ['name'])", id="bbbb")
    person.ok(*WITHOUT).says("index-blocks-writes:person")
    person.keywords = ", policy={'lock': 'block', 'danger': 'warn'}"
    person.app(PERSON)
    person.flask(*WITHOUT).exits(1).says("index-blocks-writes:person")
    person.ok(*WITHOUT, "--accept", "index-blocks-writes:person", "--because", "small")
    person.ok(*WITHOUT)


@on("sqlite")
def test_backticks_in_a_name(person):
    person.revision("op.drop_column('person', 'a`b')", id="bbbb")
    table = person.flask(*WITHOUT, "--format", "markdown").exits(1).out
    assert "(`` drop-column-loses-data:person.a`b ``)" in table


@on("sqlite")
def test_all_heads_are_those_that_others_need_too(person):
    person.revision("op.drop_column('person', 'name')", id="bbbb")
    person.revision(id="cccc", after=None, depends_on="bbbb")
    person.flask("review", "heads").exits(1).says("drop-column-loses-data:person.name")


@on("sqlite")
def test_what_a_downgrade_loses_is_accepted_elsewhere(person):
    key = "drop-table-loses-data:person"
    assert person.refused("review", "--accept", key, "--because", "old").err == (
        f"Error: No finding is called {key}.\n"
        f"Next: There are: none. What a downgrade loses is accepted with --accept of 'flask db downgrade',"
        f' or by hand in the revision: accepts = {{"{key}": "why"}}.\n'
    )


@on("sqlite")
def test_the_branch_to_undo_may_end_with_a_merge(person):
    person.revision(id="bbbb", after="aaaa")
    person.revision(id="cccc", after="aaaa")
    person.revision(id="mmmm", after=("bbbb", "cccc"))
    person.revision(id="dddd", after=("bbbb", "cccc"))
    person.ok("upgrade", "heads")
    (command,) = re.findall("'flask db (.*@.*)'", person.refused("downgrade").err)
    gone = person.ok(*command.split()).out.splitlines()
    assert [line.split()[1] for line in gone] == [command.split()[1].partition("@")[0]]
