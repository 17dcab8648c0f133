"""backup, restore, upgrade --backup."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from kit import on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(50))
"""
TAG = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))"
SUFFIX = {"sqlite": "sqlite", "postgresql": "dump", "mariadb": "sql"}
LATER = "create table later (id integer primary key)"


@pytest.fixture
def filled(project):
    """A migrated database with a row."""
    project.start(NOTE)
    project.database.run("insert into note (id, text) values (1, 'kept')")
    return project


def files(project, folder="backups"):
    """The backups that there are, and anything else that was left there."""
    return sorted(path for path in (project.folder / folder).iterdir() if path.name != ".gitignore")


def test_a_backup_has_the_name_of_the_database_and_the_time(filled):
    result = filled.ok("backup")
    (path,) = files(filled)
    name = Path(filled.database.address.database).stem
    assert path.name.startswith(f"{name}-20")
    assert path.name.endswith(f"Z.{SUFFIX[filled.database.kind]}")
    assert result.out.startswith(f"backup  backups/{path.name}  (")
    assert result.err == ""
    assert "secret" not in result.text


def test_only_the_user_may_read_it_and_git_does_not_take_it(filled):
    filled.ok("backup")
    (path,) = files(filled)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (filled.folder / "backups" / ".gitignore").read_text() == "*\n"


def test_what_was_there_comes_back(filled):
    filled.ok("backup", "here.backup")
    before = filled.database.state()
    filled.database.run("update note set text = 'lost'")
    filled.database.run("insert into note (id, text) values (2, 'more')")
    filled.database.run(LATER)
    now = filled.database.state()
    result = filled.ok("restore", "here.backup", "--yes")
    result.says("backup  backups/", "Restored", "here.backup", f"at {filled.head}")
    assert filled.database.state() == before
    (safety,) = files(filled)
    filled.ok("restore", str(safety), "--yes")
    assert filled.database.state() == now


def test_a_restored_database_is_upgraded_again(filled):
    filled.ok("backup", "here.backup")
    filled.revision(TAG, "op.drop_table('tag')", id="aaaa")
    filled.ok("upgrade")
    first = filled.ids()[0] if filled.ids()[0] != "aaaa" else filled.ids()[1]
    filled.ok("restore", "here.backup", "--yes").says(f"at {first}")
    assert filled.database.tables() == ["note"]
    filled.ok("upgrade").says("upgrade  aaaa")
    assert filled.database.tables() == ["note", "tag"]


def test_restore_needs_a_yes(filled):
    filled.ok("backup", "here.backup")
    filled.refused("restore", "here.backup").says("All of", "would be replaced by here.backup", "--yes")
    assert not (filled.folder / "backups").exists()


def test_a_file_is_never_overwritten(filled):
    filled.write("here.backup", "mine")
    filled.refused("backup", "here.backup").says("here.backup exists", "never overwrites")
    assert (filled.folder / "here.backup").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told(filled):
    filled.write("taken", "a file")
    filled.refused("backup", "taken/here.backup", code=2).says("taken/here.backup cannot be written")


@pytest.mark.parametrize("size", [0, 10, -10, 4096])
def test_a_file_that_is_not_complete_is_refused(filled, size):
    filled.database.run("insert into note (id, text) values (2, 'some more')")
    filled.ok("backup", "here.backup")
    path = filled.folder / "here.backup"
    whole = path.read_bytes()
    path.write_bytes(whole[:size] if size != 4096 else whole[: len(whole) * 2 // 3])
    filled.refused("restore", "here.backup", "--yes").says("here.backup", "Nothing has been changed.")
    assert not (filled.folder / "backups").exists()


@pytest.mark.parametrize(
    ("head", "kind", "words"),
    [
        (b"SQLite format 3\0", "sqlite", "a SQLite database"),
        (b"PGDMP", "postgresql", "a PostgreSQL dump"),
        (b"hello", "", "no backup"),
    ],
)
def test_a_file_of_another_kind_is_refused(filled, head, kind, words):
    if kind == filled.database.kind:
        return
    (filled.folder / "other").write_bytes(head + b"\0" * 100)
    filled.refused("restore", "other", "--yes").says("other is", words, "needs a")


def test_a_file_that_is_not_there_is_told(filled):
    filled.refused("restore", "nowhere", "--yes").says("nowhere cannot be read: No such file")


def test_json_has_path_and_size(filled):
    (saved,) = json.loads(filled.ok("backup", "--format", "json").out)
    (path,) = files(filled)
    assert saved["file"] == str(path)
    assert saved["bytes"] == path.stat().st_size
    assert saved["seconds"] > 0
    restored = json.loads(filled.ok("restore", str(path), "--yes", "--format", "json").out)
    assert restored["revisions"] == [filled.head]
    assert restored["backup"]["file"] in map(str, files(filled))


def test_quiet_says_nothing(filled):
    assert filled.ok("backup", "-q").text == ""


# -- upgrade --backup


def test_upgrade_backs_up_what_is_there_before(filled):
    before = filled.database.state()
    filled.revision(TAG, "op.drop_table('tag')", id="aaaa")
    lines = filled.ok("upgrade", "--backup").out.splitlines()
    (path,) = files(filled)
    assert lines[0].startswith(f"backup  backups/{path.name}")
    assert lines[1].startswith("upgrade  aaaa")
    filled.ok("restore", str(path), "--yes")
    assert filled.database.state() == before


def test_downgrade_as_well(filled):
    result = filled.agreed("downgrade", "--backup=before.backup")
    assert result.out.startswith("backup  before.backup")
    filled.ok("restore", "before.backup", "--yes")
    assert filled.database.rows("note") == [(1, "kept")]


def test_with_nothing_pending_there_is_no_backup(filled):
    assert filled.ok("upgrade", "--backup").text == ""
    assert not (filled.folder / "backups").exists()


@on("sqlite")
@pytest.mark.parametrize("words", [["--backup", "head"], ["head", "--backup"], ["--backup", "+1"], ["--backup=x", "aaaa"]])
def test_what_follows_the_option_is_the_revision(filled, words):
    filled.revision(TAG, "op.drop_table('tag')", id="aaaa")
    filled.ok("upgrade", *words).says("upgrade  aaaa")
    assert not (filled.folder / "head").exists()
    filled.ok("downgrade", "--backup", "-1")
    assert filled.database.tables() == ["note"]


def test_where_the_backup_fails_nothing_runs(filled):
    filled.revision(TAG, "op.drop_table('tag')", id="aaaa")
    filled.write("here.backup", "mine")
    filled.refused("upgrade", "--backup=here.backup").says("here.backup exists")


@on("sqlite")
def test_a_script_needs_no_backup(filled):
    filled.refused("upgrade", "--sql", "--backup", code=2).says("only writes a script")


@on("sqlite")
def test_json_of_an_upgrade_has_the_backup(filled):
    filled.revision(TAG, "op.drop_table('tag')", id="aaaa")
    found = json.loads(filled.ok("upgrade", "--backup", "--format", "json").out)
    assert [saved["file"] for saved in found["backups"]] == list(map(str, files(filled)))


def test_a_new_database_can_be_backed_up_and_restored(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("migrate", "-m", "first")
    project.ok("upgrade", "--backup=empty.backup")
    project.ok("restore", "empty.backup", "--yes").says("without a revision")
    assert project.database.names() == []
    project.ok("upgrade")
    assert project.database.tables() == ["note"]


# -- several databases


@pytest.fixture
def two(project, new_database):
    logs = new_database(project.database.kind)
    project.config = f'app.config["SQLALCHEMY_BINDS"] = {{"logs": {logs.url!r}}}'
    project.start(NOTE + NOTE.replace("Note", "Log").replace("    id", "    __bind_key__ = 'logs'\n    id", 1))
    project.database.run("insert into note (id, text) values (1, 'kept')")
    logs.run("insert into log (id, text) values (1, 'kept, too')")
    project.logs = logs
    return project


def test_each_database_has_a_file(two):
    two.ok("backup", "there").says("[logs] backup  there/logs-20", "backup  there/default-20")
    assert [path.name.split("-")[0] for path in files(two, "there")] == ["default", "logs"]
    two.ok("backup")
    assert len(files(two)) == 2


def test_one_of_several_is_restored(two):
    two.ok("backup", "--database", "logs", "logs.backup")
    two.database.run("delete from note")
    two.logs.run("delete from log")
    two.refused("restore", "logs.backup", "--yes", code=2).says("several databases: default, logs", "--database")
    two.refused("restore", "logs.backup", "--database", "lags", code=2).says("no database 'lags'", "default, logs")
    two.ok("restore", "logs.backup", "--yes", "--database", "logs")
    assert two.logs.rows("log") == [(1, "kept, too")]
    assert two.database.rows("note") == []


def test_an_upgrade_of_several_backs_up_all_of_them_first(two):
    two.write(
        "migrations/versions/aaaa_more.py",
        f"""
        from alembic import op
        import sqlalchemy as sa

        revision, down_revision = "aaaa", {two.head!r}


        def upgrade(engine_name=""):
            {TAG}


        def downgrade(engine_name=""):
            op.drop_table("tag")
        """,
    )
    lines = [line.split("  ")[0] for line in two.ok("upgrade", "--backup").out.splitlines()]
    assert sorted(lines[:2]) == ["[logs] backup", "backup"]
    assert sorted(lines[2:]) == ["[logs] upgrade", "upgrade"]


@on("sqlite")
def test_without_flask_it_is_the_same(filled):
    env = f"""
        import sqlalchemy as sa
        from alembic import context

        with sa.create_engine({filled.database.url!r}).connect() as connection:
            context.configure(connection)
            context.run_migrations()
        """
    filled.write("other/env.py", env)
    filled.write("other/versions/none.txt", "")
    filled.write("alembic.ini", "[alembic]\nscript_location = other\n")
    filled.process("-m", "whimbrel", "backup", "here.backup").exits(0).says("backup  here.backup")
    filled.database.run("delete from note")
    filled.process("-m", "whimbrel", "restore", "here.backup", "--yes").exits(0).says("Restored")
    assert filled.database.rows("note") == [(1, "kept")]


@on("sqlite")
def test_rows_that_break_a_rule_are_no_damage(filled):
    """SQLite 3.40 finds a NULL in this table, where there is none."""
    columns = "a integer, b integer, c integer not null, d integer, e integer, primary key (a, e)"
    filled.database.run(f"create table odd ({columns}) without rowid")
    filled.database.run("insert into odd values (1, null, 0, null, 0)")
    filled.ok("backup", "here.backup")
    filled.database.run("delete from odd")
    filled.ok("restore", "here.backup", "--yes")
    assert filled.database.rows("odd") == [(1, None, 0, None, 0)]
