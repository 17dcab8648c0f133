"""stamp, check, merge, ensure-version, reset."""

from __future__ import annotations

import json
import uuid

import pytest

from kit import on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(50))
"""
TAG = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def three(project):
    """aaaa <- bbbb, cccc"""
    project.app("")
    project.ok("init")
    project.revision(id="aaaa")
    project.revision(id="bbbb", after="aaaa")
    project.revision(id="cccc", after="aaaa")
    return project


# -- stamp


def test_stamp_sets_the_version_and_runs_nothing(three):
    assert three.ok("stamp", "bbbb").out == "Stamped: bbbb\n"
    assert three.database.version() == ["bbbb"]
    assert three.ok("stamp", "aaaa").out == "Stamped: aaaa\n"
    assert three.ok("stamp", "aaaa").out == ""
    assert three.ok("stamp", "base").out == "Stamped: base\n"
    assert three.database.version() == []


def test_stamp_several_revisions(three):
    three.ok("stamp", "bbbb", "cccc")
    assert three.database.version() == ["bbbb", "cccc"]
    three.ok("stamp", "aaaa")
    assert three.database.version() == ["aaaa"]
    three.ok("stamp", "heads")
    assert three.database.version() == ["bbbb", "cccc"]


def test_purge_forgets_a_revision_that_has_no_file(three):
    three.ok("stamp", "bbbb")
    three.database.run("update alembic_version set version_num = 'gone'")
    three.refused("stamp", "cccc").says("The database is at revision gone")
    three.ok("stamp", "--purge", "cccc")
    assert three.database.version() == ["cccc"]


def test_the_log_says_what_was_stamped_unchecked(three):
    three.ok("stamp", "--unchecked", "bbbb")
    three.ok("log", "bbbb").says("Not checked", "--unchecked")
    three.ok("stamp", "cccc")
    assert "Not checked" not in three.ok("log", "cccc").text


def test_a_change_by_hand_is_drift(project):
    project.app(NOTE)
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.ok("current", "--drift")
    project.database.run("alter table note add column extra integer")
    project.refused("current", "--drift").says("has drifted from its history", "note: column extra")
    project.app(NOTE + "    extra = db.Column(db.Integer)\n")
    project.ok("check")
    project.refused("check", "--drift").says("has drifted from its history", "note: column extra")
    project.app("class New(db.Model):\n    id = sa.Column(sa.Integer, primary_key=True)")
    both = project.refused("check", "--drift")
    both.says("The models and the database differ", "has drifted from its history")


@on("sqlite")
def test_stamp_writes_a_script(three):
    out = three.ok("stamp", "--sql", "bbbb").out
    assert "INSERT INTO alembic_version (version_num) VALUES ('bbbb')" in out
    out = three.ok("stamp", "--sql", "aaaa:bbbb").out
    assert "UPDATE alembic_version SET version_num='bbbb' WHERE alembic_version.version_num = 'aaaa'" in out
    assert three.database.names() == []


@on("sqlite")
def test_what_stamp_cannot_do(three):
    three.refused("stamp").says("'head' is not one revision here")
    three.refused("stamp", "nope").says("There is no revision 'nope'")
    three.refused("stamp", "aaaa:bbbb", code=2).says("--sql only")
    three.refused("stamp", "--sql", "--purge", "bbbb", code=2).says("--purge needs a database")
    three.refused("stamp", "--sql", "aaaa:bbbb", "base:cccc", code=2).says("one revision only")


# -- ensure-version


def test_ensure_version_makes_the_table_and_nothing_else(three):
    assert three.ok("ensure-version").text == ""
    assert three.database.names() == ["alembic_version"]
    assert three.database.version() == []
    three.ok("ensure_version")


@on("sqlite")
def test_ensure_version_as_a_script(three):
    assert "CREATE TABLE alembic_version" in three.ok("ensure-version", "--sql").out
    assert three.database.names() == []


# -- check


def test_check(project):
    project.app(NOTE)
    project.ok("init")
    result = project.refused("check")
    assert result.err == (
        "Error: The models and the database differ, 1 change:\n"
        "  table note: new, with id, text\n"
        "Next: 'flask db migrate' writes a revision for it.\n"
    )
    project.ok("migrate", "-m", "first")
    project.refused("check").says("Target database is not up to date", "flask db upgrade")
    project.ok("upgrade")
    assert project.ok("check").out == "No new upgrade operations detected.\n"


@on("sqlite")
def test_check_for_machines(project):
    project.app(NOTE)
    project.ok("init")
    found = json.loads(project.refused("check", "--format", "json").out)
    assert found["changes"] == ["table note: new, with id, text"]
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    assert json.loads(project.ok("check", "--format", "json").out) == {"changes": []}


@on("sqlite")
def test_check_fits_on_one_screen(project):
    columns = "".join(f"    c{n} = db.Column(db.Integer, index=True)\n" for n in range(50))
    project.app(f"class Wide(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n{columns}")
    project.ok("init")
    project.refused("check").says("51 changes", "… and 22 more")


# -- merge


@on("sqlite")
@pytest.mark.parametrize("arguments", [[], ["heads"], ["bbbb", "cccc"], ["bb", "cc"]])
def test_merge_joins_heads(three, arguments):
    result = three.ok("merge", "-m", "join", "--rev-id", "dddd", *arguments)
    assert result.out == "Created migrations/versions/dddd_join.py\n"
    assert 'down_revision = ("bbbb", "cccc")\n' in three.files()["dddd_join.py"]
    assert three.ok("heads").out == "dddd (head) (mergepoint)  join\n"
    three.ok("upgrade")
    assert three.database.version() == ["dddd"]


@on("sqlite")
def test_merge_with_a_label(three):
    three.ok("merge", "-m", "join", "--branch-label", "main")
    three.ok("upgrade", "main@head")


@on("sqlite")
def test_what_cannot_be_merged(three):
    three.refused("merge", "bbbb").says("there is only bbbb")
    three.refused("merge", "bbbb", "bbbb").says("there is only bbbb")
    three.refused("merge", "aaaa", "bbbb").says("aaaa is not a head", "--splice")
    three.ok("merge", "--splice", "aaaa", "bbbb", "-m", "odd")


@on("sqlite")
def test_there_is_nothing_to_merge_in_an_empty_project(project):
    project.app("")
    project.ok("init")
    project.refused("merge").says("there are none")


# -- reset


@pytest.fixture
def debug_mode(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")


@pytest.fixture
def filled(project):
    """A migrated database with a row, and something that nobody migrated."""
    project.start(NOTE)
    project.database.run("insert into note (id, text) values (1, 'kept')")
    project.database.run("create table left_over (id integer)")
    project.database.run("create view notes as select id from note")
    return project


@pytest.mark.usefixtures("debug_mode")
def test_reset_rebuilds_a_development_database(filled):
    result = filled.ok("reset", "--yes")
    result.says("upgrade", "first", "Rebuilt")
    assert filled.database.tables() == ["note"]
    assert filled.database.rows("note") == []
    assert filled.database.version() == [filled.head]
    assert "secret" not in result.text


@pytest.mark.usefixtures("debug_mode")
def test_reset_needs_a_yes(filled):
    filled.refused("reset").says("All tables and their rows would be dropped", "--yes")


@on("postgresql", "mariadb")
def test_reset_refuses_what_looks_like_production(filled):
    filled.refused("reset", "--yes").says("does not look like a development database", "flask --debug")


@on("postgresql", "mariadb")
def test_reset_knows_a_test_database_by_its_name(project, new_database):
    project.database = new_database(project.database.kind, suffix="_test")
    project.start(NOTE)
    project.ok("reset", "--yes")


@on("sqlite")
def test_reset_of_a_local_file_needs_no_debug_mode(filled):
    filled.ok("reset", "--yes")
    assert filled.database.rows("note") == []


@on("postgresql")
@pytest.mark.usefixtures("debug_mode")
def test_reset_drops_types_and_sequences(filled):
    filled.database.run("create type mood as enum ('good', 'bad')")
    filled.database.run("create sequence counter")
    filled.ok("reset", "--yes")
    assert filled.database.run("select typname from pg_type where typname = 'mood'") == []
    assert filled.database.run("select relname from pg_class where relname = 'counter'") == []


@on("mariadb")
@pytest.mark.usefixtures("debug_mode")
def test_reset_follows_foreign_keys_both_ways(filled):
    filled.database.run("create table a (id integer primary key, b_id integer)")
    filled.database.run("create table b (id integer primary key, a_id integer references a (id))")
    filled.database.run("alter table a add foreign key (b_id) references b (id)")
    filled.ok("reset", "--yes")
    assert filled.database.tables() == ["note"]


# -- stamp looks before


NOTE_TABLE = "op.create_table('note', sa.Column('id', sa.Integer, primary_key=True), sa.Column('text', sa.String(50)))"


@pytest.fixture
def note(project):
    project.app(NOTE)
    project.ok("init")
    project.revision(NOTE_TABLE, "op.drop_table('note')", id="aaaa")
    project.revision("op.add_column('note', sa.Column('more', sa.Integer))", "op.drop_column('note', 'more')", id="bbbb")
    return project


def test_an_empty_database_is_not_stamped(note):
    note.refused("stamp").says(
        "The database is not what the revisions up to bbbb make of it", "table note is missing", "--unchecked"
    )
    note.ok("stamp", "--unchecked")
    assert note.database.version() == ["bbbb"]


def test_a_database_of_another_revision_is_not_stamped(note):
    note.ok("upgrade", "aaaa")
    note.refused("stamp").says("note: column more is missing")
    note.ok("upgrade")
    note.refused("stamp", "aaaa").says("note: column more is there, and should not be")
    note.ok("stamp", "base")


def test_a_database_that_the_models_made_is_stamped(note):
    with note.loaded.app.app_context():
        note.loaded.db.create_all()
    note.database.run("create table theirs (id integer primary key)")
    note.ok("stamp", "aaaa").says("Stamped: aaaa")
    note.ok("upgrade")


def test_nothing_of_the_comparison_stays(note):
    note.ok("upgrade")
    note.database.run("update alembic_version set version_num = 'aaaa'")
    names = note.database.names()
    note.ok("stamp", "bbbb")
    assert note.database.names() == names
    if note.database.kind != "sqlite":
        schemas = "select datname from pg_database" if note.database.kind == "postgresql" else "show databases"
        assert not [name for (name,) in note.database.run(schemas) if "scratch" in name]


def test_a_history_that_needs_rows_cannot_be_compared(note):
    note.revision("op.get_bind().execute(sa.text('select id from note')).one()", id="cccc")
    note.ok("upgrade", "bbbb")
    note.ok("stamp", "cccc").says("Not checked whether the database has that structure", "cccc")


# -- merge


ADD = "op.add_column('note', sa.Column({!r}, sa.Integer))"
POINTS = "op.create_table('new', sa.Column('note_id', sa.ForeignKey('note.id')))"


@pytest.fixture
def branches(note):
    def make(left, right):
        note.revision(left, id="left", after="bbbb")
        note.revision(right, id="right", after="bbbb")
        return note

    return make


@pytest.mark.parametrize(
    ("left", "right", "thing"),
    [
        (ADD.format("x"), ADD.format("x"), "note.x"),
        (ADD.format("x"), "op.drop_table('note')", "note.x"),
        (ADD.format("x"), "op.rename_table('note', 'memo')", "note.x"),
        (ADD.format("x"), "with op.batch_alter_table('note') as batch:\n    batch.alter_column('x', nullable=False)", "note.x"),
        (ADD.format("x"), "op.execute('ALTER TABLE note ADD COLUMN x INTEGER')", "note.x"),
        (ADD.format("x"), "op.execute('ALTER TABLE note ADD x INTEGER')", "note.x"),
        (ADD.format("x"), "op.alter_column('note', 'text', new_column_name='x')", "note.x"),
        (ADD.format("x"), "op.execute('alter table note rename column text to x')", "note.x"),
        ("op.create_index('ix', 'note', ['text'])", "op.drop_index('ix', 'note')", "note.ix"),
        ("op.create_index('ix', 'note', ['text'])", "op.drop_column('note', 'text')", "note.text"),
        (
            "with op.batch_alter_table('note') as batch:\n    batch.create_unique_constraint('uq', ['text'])",
            "op.alter_column('note', 'text', new_column_name='body')",
            "note.text",
        ),
        ("op.create_table('new')", "op.execute('create table if not exists new (id int)')", "new"),
        (POINTS, "op.drop_table('note')", "note.id"),
        (POINTS, "op.drop_column('note', 'id')", "note.id"),
        ("op.create_foreign_key('fk', 'new', 'note', ['note_id'], ['id'])", "op.drop_table('note')", "note.id"),
        ("op.create_table('new', sa.ForeignKeyConstraint(['a'], ['note.id']))", "op.rename_table('note', 'memo')", "note.id"),
        ("op.execute('create table new (id int references note (id))')", "op.drop_table('note')", "note.id"),
        ("op.execute('create table new (id int references note)')", "op.drop_table('note')", "note"),
        (POINTS, "op.execute('drop table if exists memo, note')", "note.id"),
    ],
)
@on("sqlite")
def test_branches_that_touch_the_same_thing_are_not_merged(branches, left, right, thing):
    project = branches(left, right)
    project.refused("merge", "heads").says(f"  {thing}:", "left (by hand)", "right (by hand)", "--force")
    project.ok("merge", "--force", "heads")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (ADD.format("x"), ADD.format("y")),
        (ADD.format("x"), "op.create_table('new')"),
        (ADD.format("x"), "op.execute('update note set text = null')"),
        ("op.create_index('ix_1', 'note', ['text'])", "op.create_index('ix_2', 'note', ['text'])"),
        ("op.create_index('ix_1', 'note', ['text'])", "op.alter_column('note', 'text', nullable=False)"),
        (POINTS, "op.drop_column('note', 'text')"),
        ("op.execute('create table new (id int references note)')", "op.drop_column('note', 'text')"),
        ("op.execute('alter table note add constraint a check (id > 1)')", ADD.format("constraint")),
        ("op.add_column('note', sa.Column('x', sa.Integer), schema='a')", "op.add_column('note', sa.Column('x', sa.Integer))"),
    ],
)
@on("sqlite")
def test_other_branches_are(branches, left, right):
    branches(left, right).ok("merge", "heads")


@on("mariadb")
def test_a_history_that_is_repeated_leaves_other_databases_alone(project):
    other = f"x_other_{uuid.uuid4().hex[:6]}"
    project.database.run(f"create database {other}")
    try:
        project.database.run(f"create table {other}.legacy (id integer)")
        project.app(NOTE)
        project.ok("init")
        project.ok("migrate", "--rev-id", "aaaa")
        project.revision("pass", id="bbbb", after="aaaa")
        project.ok("upgrade")
        path = next(project.versions.glob("bbbb*.py"))
        path.write_text(path.read_text().replace("    pass\n", f"    op.drop_table('legacy', schema='{other}')\n", 1))
        project.flask("check", "--drift").says(f"reaches the database {other}")
        assert project.database.run(f"select count(*) from {other}.legacy") == [(0,)]
    finally:
        project.database.run(f"drop database {other}")
