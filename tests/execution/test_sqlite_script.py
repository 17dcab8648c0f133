"""``upgrade --sql`` for SQLite builds tables anew, too: what the tables look like follows from the history."""

from __future__ import annotations

import sqlite3

import pytest

from kit import Project, on

pytestmark = on("sqlite")

TABLES = """op.execute('''CREATE TABLE note (id INTEGER PRIMARY KEY AUTOINCREMENT, text VARCHAR(50) COLLATE NOCASE NOT NULL)''')
op.execute("CREATE TABLE tag (note INTEGER REFERENCES note (id) ON DELETE CASCADE)")
op.execute("CREATE INDEX ix ON note (lower(text)) WHERE text <> ''")
op.execute("CREATE TRIGGER t AFTER DELETE ON note BEGIN DELETE FROM tag WHERE note = old.id; END")"""
ROWS = "insert into note (text) values ('a'), ('b'), ('c'); delete from note where id = 3; insert into tag values (1), (2)"
WIDER = """with op.batch_alter_table('note') as batch:
    batch.alter_column('text', type_=sa.String(80))
    batch.add_column(sa.Column('more', sa.Integer, server_default='1', nullable=False))
    batch.create_check_constraint('short', sa.text("length(text) < 70"))"""
NARROWER = """with op.batch_alter_table('note') as batch:
    batch.drop_constraint('short', type_='check')
    batch.drop_column('more')
    batch.alter_column('text', type_=sa.String(50))"""
SCHEMA = "select type, name, sql from sqlite_master where name not like 'sqlite%' and name not like 'whimbrel%' order by 1, 2"


@pytest.fixture
def notes(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(TABLES, "op.drop_table('tag')\nop.drop_table('note')", id="aaaa")
    project.ok("upgrade")
    for statement in ROWS.split("; "):
        project.database.run(statement)
    project.revision(WIDER, NARROWER, id="bbbb")
    return project


@pytest.fixture
def other(notes, new_database):
    """Another database that runs scripts; foreign keys are enforced on it, as they may be."""
    found = new_database("sqlite")
    connection = sqlite3.connect(found.address.database, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=ON")
    connection.executescript(notes.ok("upgrade", "--sql", "aaaa").out)
    connection.executescript(ROWS)
    yield connection
    connection.close()


def facts(connection):
    tables = ("note", "tag", "sqlite_sequence", "alembic_version")
    texts = [(kind, name, " ".join(sql.split())) for kind, name, sql in connection.execute(SCHEMA).fetchall()]
    return texts, [connection.execute(f"select * from {name}").fetchall() for name in tables]


def same_as(notes, connection):
    with sqlite3.connect(notes.database.address.database) as own:
        assert facts(own) == facts(connection)


def test_a_script_does_what_the_upgrade_does(notes, other):
    script = notes.ok("upgrade", "--sql", "aaaa:bbbb").out
    other.executescript(script)
    notes.ok("upgrade")
    assert facts(other)[1][0] == [(1, "a", 1), (2, "b", 1)]
    assert facts(other)[1][1] == [(1,), (2,)]
    same_as(notes, other)


def test_and_a_script_of_the_downgrade_what_that_does(notes, other):
    other.executescript(notes.ok("upgrade", "--sql", "aaaa:bbbb").out)
    other.executescript(notes.ok("downgrade", "--sql", "bbbb:aaaa").out)
    notes.ok("upgrade")
    notes.agreed("downgrade")
    same_as(notes, other)
    assert other.execute("select seq from sqlite_sequence where name = 'note'").fetchall() == [(3,)]


def test_nothing_is_written_to_the_database(notes):
    before = notes.database.state()
    notes.ok("upgrade", "--sql", "aaaa:bbbb")
    notes.ok("upgrade", "--sql")
    assert notes.database.state() == before


def test_a_table_of_the_same_script(notes, new_database):
    script = notes.ok("upgrade", "--sql").out
    with sqlite3.connect(new_database("sqlite").address.database) as empty:
        empty.executescript(script)
        assert empty.execute("pragma table_info(note)").fetchall()[-1][1] == "more"


def test_each_rebuild_is_one_transaction(notes, other):
    script = notes.ok("upgrade", "--sql", "aaaa:bbbb").out
    other.execute("delete from tag")
    other.execute("update note set text = ? where id = 2", ("b" * 75,))
    before = facts(other)
    with pytest.raises(sqlite3.IntegrityError, match="short"):
        other.executescript(script)
    other.execute("rollback")
    assert facts(other) == before


@pytest.mark.parametrize("keyword", ["transactional_ddl=True", "transaction_per_migration=True"])
def test_in_transactions_of_the_script(notes, other, keyword):
    notes.keywords = f", {keyword}"
    notes.app("")
    other.executescript(notes.ok("upgrade", "--sql", "aaaa:bbbb").out)
    assert facts(other)[1][1] == [(1,), (2,)]
    assert not other.in_transaction


def test_a_table_that_the_history_does_not_have_is_told(notes):
    notes.revision("with op.batch_alter_table('nowhere') as batch:\n    batch.drop_column('x')", id="cccc")
    notes.refused("upgrade", "--sql", "bbbb:cccc").says("no table nowhere")


def test_a_past_that_needs_rows_is_told(notes):
    notes.revision("op.get_bind().execute(sa.text('select text from note')).one()", id="cccc")
    notes.revision(NARROWER, id="dddd")
    notes.refused("upgrade", "--sql", "cccc:dddd").says("cccc", "history", "No row was found")


def test_a_past_that_opens_a_session_of_its_own_touches_nothing(notes):
    notes.revision(
        "from app import db, app\nwith app.app_context():\n    db.session.execute(sa.text('delete from tag'))", id="cccc"
    )
    notes.revision(NARROWER, id="dddd")
    (notes.folder / "conftest.py").touch()
    result = notes.process("-m", "flask", "db", "upgrade", "--sql", "cccc:dddd")
    result.exits(1).says("cccc", "connection of its own")
    assert notes.database.rows("tag") == [(1,), (2,)]


def test_a_table_that_is_given_needs_no_history(notes):
    notes.revision(
        "table = sa.Table('note', sa.MetaData(), sa.Column('id', sa.Integer, primary_key=True), sa.Column('text', sa.Text))\n"
        "with op.batch_alter_table('note', copy_from=table) as batch:\n    batch.alter_column('text', type_=sa.String(9))",
        id="cccc",
    )
    assert "VARCHAR(9)" in notes.ok("upgrade", "--sql", "bbbb:cccc").out


def test_an_error_that_is_passed_over_loses_no_table(notes, other):
    """As SQLite's own shell executes a script: each statement by itself, whatever became of the one before it."""
    notes.revision(
        "with op.batch_alter_table('tag') as batch:\n    batch.alter_column('note', nullable=False)\n"
        "op.rename_table('tag', 'label')",
        id="cccc",
    )
    script = notes.ok("upgrade", "--sql", "aaaa:cccc").out
    other.execute("update note set text = ? where id = 2", ("b" * 75,))
    errors, statement = [], ""
    before = facts(other)
    for line in script[: script.index("-- Running upgrade bbbb")].splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            try:
                other.execute(statement)
            except sqlite3.Error as error:
                errors.append(str(error))
            statement = ""
    assert "CHECK constraint failed: short" in errors[0]
    assert "CHECK constraint failed: is_whole" in errors[1]
    assert facts(other) == before


def test_a_table_that_is_renamed_after_it_was_built_anew(notes, other):
    notes.revision(
        "with op.batch_alter_table('tag') as batch:\n    batch.alter_column('note', nullable=False)\n"
        "op.rename_table('tag', 'label')\n"
        "with op.batch_alter_table('label') as batch:\n    batch.alter_column('note', nullable=True)\n"
        "op.execute('delete from label')",
        id="cccc",
    )
    other.executescript(notes.ok("upgrade", "--sql", "aaaa:cccc").out)
    assert other.execute("select count(*) from label").fetchall() == [(0,)]
    assert other.execute("select version_num from alembic_version").fetchall() == [("cccc",)]
    assert not other.in_transaction
