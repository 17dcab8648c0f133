"""``log``, and what the journal is good for: edited revisions, revisions without a file."""

from __future__ import annotations

import json
import subprocess

import pytest

from kit import Project, on

TABLE = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))"
EDITED = "Revision bbbb (names) was edited after it ran"
COLUMN = "op.add_column('tag', sa.Column('name', sa.String(10)))"


@pytest.fixture
def tags(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(TABLE, "op.drop_table('tag')", id="aaaa", message="add tags")
    project.revision(COLUMN, "op.drop_column('tag', 'name')", id="bbbb", message="names")
    project.ok("upgrade")
    return project


def edit(project: Project, old: str, new: str) -> None:
    path = project.versions / "bbbb_names.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_log_has_every_run(tags):
    tags.ok("downgrade")
    tags.revision("raise ValueError('no way')", id="cccc")
    tags.flask("upgrade").exits(1)
    lines = [line.split("  ")[1:3] for line in tags.ok("log").out.splitlines()]
    again = [["upgrade", "bbbb"], ["downgrade", "bbbb"], ["upgrade", "bbbb"]]
    assert lines == [["upgrade failed", "cccc"], *again, ["upgrade", "aaaa"]]
    tags.ok("log", "cc").says("ValueError: no way", "started:", "host:", "pid:")
    assert len(tags.ok("log", "-n", "2").out.splitlines()) == 2


def test_the_log_for_machines(tags):
    entries = json.loads(tags.ok("log", "--format", "json").out)
    assert [entry["revision"] for entry in entries] == ["bbbb", "aaaa"]
    assert entries[0]["outcome"] == "done"
    assert entries[0]["direction"] == "upgrade"
    assert entries[0]["seconds"] > 0
    assert entries[0]["started"].endswith("Z")
    assert COLUMN in json.loads(tags.ok("log", "bbbb", "--source", "--format", "json").out)[0]["source"]


def test_stamps_are_logged(tags):
    tags.ok("stamp", "--unchecked", "aaaa")
    tags.ok("log", "-n", "1").says("stamp", "aaaa")


@on("sqlite")
def test_what_is_not_in_the_log(tags):
    tags.refused("log", "nope").says("No revision 'nope' is in the journal", "flask db show nope")
    tags.refused("log", "--source", code=2).says("--source needs a revision")


def test_a_database_of_another_tool_has_no_journal(tags):
    for name in ("whimbrel_journal", "whimbrel.whimbrel_journal"):
        if tags.database.kind == "sqlite":
            tags.database.run("drop view if exists whimbrel_journal_1")
        elif (tags.database.kind == "postgresql") == ("." in name):
            tags.database.run(f"drop table {name}")
    edit(tags, "String(10)", "String(99)")
    tags.ok("log").says("The journal is empty")
    assert tags.ok("upgrade").text == ""
    tags.ok("downgrade")
    tags.ok("log").says("downgrade  bbbb")


def test_the_tables_of_the_journal_have_the_names_of_the_setting(tags):
    tags.ok("downgrade", "base")
    tags.keywords = ", journal='acme'"
    tags.app("")
    tags.ok("upgrade")
    tables = {"sqlite": "acme_journal_1", "postgresql": "acme.acme_journal"}
    assert tags.database.run(f"select * from {tables.get(tags.database.kind, 'acme_journal')}")
    assert len(tags.ok("log").out.splitlines()) == 2
    assert "acme" not in tags.flask("check").text


def test_an_edited_revision_is_refused(tags):
    edit(tags, "String(10)", "String(99)")
    tags.refused("upgrade").says(EDITED, "migrations/versions/bbbb_names.py", "--accept-edit")
    tags.refused("check").says(EDITED)
    tags.ok("current", "-v").says(EDITED)
    tags.ok("log", "bbbb", "--accept-edit").says("accept")
    assert tags.ok("upgrade").text == ""


def test_an_edited_revision_is_told_before_upgrade_refuses_it(tags):
    edit(tags, "String(10)", "String(99)")
    said = (
        "Revision bbbb (names) was edited after it ran on this database. 'upgrade' refuses that."
        " Restore the file ('flask db show bbbb --restore'), or accept the edit with 'flask db log bbbb --accept-edit'.\n"
    )
    for command, nothing in (("plan", "Nothing to do.\n"), ("review", "Nothing to review.\n")):
        told = tags.ok(command)
        assert (told.out, told.err) == (nothing, said)
    assert tags.flask("plan", "--down").err == tags.flask("review", "bbbb").err == ""


def test_an_edited_revision_can_be_restored(tags):
    before = (tags.versions / "bbbb_names.py").read_text()
    edit(tags, "String(10)", "String(99)")
    tags.ok("show", "bbbb", "--restore")
    assert (tags.versions / "bbbb_names.py").read_text() == before
    assert "String(99)" in (tags.versions / "bbbb_names.py.edited").read_text()
    assert tags.ok("upgrade").text == ""


@pytest.mark.parametrize(("old", "new"), [(COLUMN, f"# a remark\n    {COLUMN}"), ("names", "words"), ("(10)", "( 10 )")])
@on("sqlite")
def test_comments_and_formatting_are_no_edit(tags, old, new):
    edit(tags, old, new)
    assert tags.ok("upgrade").text == ""


@on("sqlite")
def test_an_edited_revision_that_is_not_applied_is_not_the_database_s_business(tags):
    tags.ok("downgrade")
    edit(tags, "String(10)", "String(99)")
    tags.ok("upgrade")


def test_a_revision_without_a_file(tags):
    source = (tags.versions / "bbbb_names.py").read_text()
    (tags.versions / "bbbb_names.py").unlink()
    tags.ok("current").says("bbbb (no file)  names", "Revision bbbb has no file here: it ran", "show bbbb --restore")
    tags.ok("upgrade").says("Revision bbbb has no file here")
    assert json.loads(tags.ok("current", "--format", "json").out)[0]["revisions"][0]["path"] is None
    assert tags.ok("log", "bbbb", "--source").out.strip() == source.strip()
    tags.ok("downgrade").says("downgrade  bbbb  names")
    assert tags.database.columns("tag") == ["id"]
    assert tags.database.version() == ["aaaa"]


def test_the_place_of_what_a_revision_without_a_file_loses(tags):
    tags.database.run("insert into tag (id, name) values (1, 'x')")
    (tags.versions / "bbbb_names.py").unlink()
    tags.refused("downgrade").says("  bbbb  1 value of tag.name would be lost", "    at the kept source of bbbb:")
    tags.ok("plan", "--down").says("      at the kept source of bbbb:")


def test_a_line_of_revisions_without_files(tags):
    tags.revision("op.add_column('tag', sa.Column('age', sa.Integer))", "op.drop_column('tag', 'age')", id="cccc", message="ages")
    tags.ok("upgrade")
    for name in ("bbbb_names.py", "cccc_ages.py"):
        (tags.versions / name).unlink()
    tags.ok("downgrade", "aaaa")
    assert tags.database.columns("tag") == ["id"]


def test_the_plan_of_a_revision_without_a_file(tags):
    (tags.versions / "bbbb_names.py").unlink()
    tags.ok("plan", "--down").says("downgrade  bbbb  names", "DROP COLUMN name")
    tags.ok("plan", "--down", "aaaa").says("downgrade  bbbb  names")


@on("sqlite")
@pytest.mark.parametrize("target", ["cccc@base", "base"])
def test_a_revision_that_has_another_id_now(tags, target):
    ids = {"labels": ("birds",), "message": "nest", "after": None, "depends_on": "tags"}
    path = tags.versions / "aaaa_add_tags.py"
    path.write_text(path.read_text().replace("branch_labels = None", "branch_labels = 'tags'"))
    tags.ok("log", "aaaa", "--accept-edit")
    tags.revision("op.create_table('nest', sa.Column('id', sa.Integer))", "op.drop_table('nest')", id="cccc", **ids)
    tags.ok("upgrade", "heads")
    path = tags.versions / "cccc_nest.py"
    path.write_text(path.read_text().replace("'cccc'", "'dddd'"))
    tags.ok("current").says("cccc (no file)  nest")
    tags.ok("downgrade", target).says("downgrade  cccc  nest")
    assert tags.database.tables() == ([] if target == "base" else ["tag"])


@on("sqlite")
def test_a_file_that_others_follow_is_written_again(tags):
    tags.revision("pass", id="cccc", message="ages")
    tags.ok("upgrade")
    source = (tags.versions / "bbbb_names.py").read_text()
    (tags.versions / "bbbb_names.py").unlink()
    tags.refused("upgrade", code=2).says("no such revision", "with 'flask db show bbbb --restore' where it has run")
    assert tags.ok("log", "bbbb", "--source").out == source
    tags.ok("show", "bbbb", "--restore").says("bbbb_names.py")
    assert (tags.versions / "bbbb_names.py").read_text() == source
    tags.ok("upgrade")


@on("sqlite")
def test_show_of_a_revision_without_a_file_says_how_to_get_it(tags):
    (tags.versions / "bbbb_names.py").unlink()
    tags.refused("show", "bbbb").says("There is no revision 'bbbb'.", "'flask db show bbbb --restore' writes the file again")


@on("sqlite")
def test_migrate_does_not_undo_what_another_branch_did(tags):
    (tags.versions / "bbbb_names.py").unlink()
    tags.refused("migrate").says("The database is at revision bbbb", "no file")
    tags.refused("check").says("The database is at revision bbbb", "no file")


@on("sqlite")
def test_the_other_branch_s_revision_stays_beside_this_branch_s(tags):
    (tags.versions / "bbbb_names.py").unlink()
    tags.revision("op.create_table('nest', sa.Column('id', sa.Integer))", id="dddd", after="aaaa")
    tags.ok("upgrade").says("upgrade  dddd", "Revision bbbb has no file here")
    assert tags.database.version() == ["bbbb", "dddd"]


@on("sqlite")
def test_show_restore_writes_the_file_again(tags):
    source = (tags.versions / "bbbb_names.py").read_text()
    (tags.versions / "bbbb_names.py").unlink()
    tags.ok("show", "bbbb", "--restore").says("Path:")
    assert (tags.versions / "bbbb_names.py").read_text() == source


@on("sqlite")
def test_git_knows_where_the_file_is(tags):
    file = "migrations/versions/bbbb_names.py"
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm first", f"rm -q {file}"):
        subprocess.run(["git", *command.split()], cwd=tags.folder, check=True)
    tags.database.run("drop view whimbrel_journal_1")
    tags.refused("current").says("git has migrations/versions/bbbb_names.py", "git checkout")


def test_what_failed_is_not_what_is_restored(tags):
    before = (tags.versions / "bbbb_names.py").read_text()
    edit(tags, "op.drop_column('tag', 'name')", "op.drop_column('tag', 'nome')")
    tags.keywords = ", policy='off'"
    tags.app("")
    tags.flask("downgrade").exits(1)
    tags.ok("show", "bbbb", "--restore")
    assert (tags.versions / "bbbb_names.py").read_text() == before
