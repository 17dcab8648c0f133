"""SQLite: a revision is a real transaction."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kit import on

pytestmark = on("sqlite")

TAG = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def one(project):
    project.app("""
        class Tag(db.Model):
            id = db.Column(db.Integer, primary_key=True)
    """)
    project.ok("init")
    project.revision(TAG, "op.drop_table('tag')", id="aaaa")
    project.ok("upgrade")
    return project


def test_a_pragma_at_the_beginning_is_obeyed(one):
    """PRAGMA foreign_keys does nothing inside a transaction."""
    one.revision(
        """
        op.execute("PRAGMA foreign_keys=ON")
        op.execute("PRAGMA foreign_keys=OFF")
        op.execute("insert into tag values (1)")
        assert op.get_bind().execute(sa.text("PRAGMA foreign_keys")).scalar() == 0
        """,
        id="bbbb",
    )
    one.ok("upgrade")


def test_a_revision_may_use_the_session_of_the_application(one):
    """It is another connection, which must see what was done and may write."""
    one.revision(
        """
        from flask import current_app
        op.add_column('tag', sa.Column('name', sa.String(10)))
        session = current_app.extensions['sqlalchemy'].session
        session.execute(sa.text("insert into tag (id, name) values (5, 'five')"))
        session.commit()
        op.execute("insert into tag (id, name) values (6, 'six')")
        """,
        id="bbbb",
    )
    one.ok("upgrade")
    assert one.database.rows("tag") == [(5, "five"), (6, "six")]
    assert one.database.version() == ["bbbb"]


def test_what_a_session_of_the_application_has_made_us_commit_is_not_forgotten(one):
    """The session is another connection: it could not read the file beside an open transaction."""
    one.revision(
        """
        from flask import current_app
        op.add_column('tag', sa.Column('name', sa.Text))
        session = current_app.extensions['sqlalchemy'].session
        session.execute(sa.text("update tag set name = 'x'"))
        session.commit()
        raise ValueError('not yet')
        """,
        id="bbbb",
    )
    one.flask("upgrade").exits(3).says("not yet", "ADD COLUMN name", "flask db resume")
    one.flask("upgrade").exits(3).says("flask db resume")
    assert one.database.run("select name from tag") == []
    path = one.versions / "bbbb_by_hand.py"
    path.write_text(path.read_text().replace("raise ValueError('not yet')", "pass"))
    one.ok("resume")
    assert one.database.version() == ["bbbb"]


@pytest.mark.parametrize("change", ["alter_column('tag', 'id', nullable=False)", "drop_constraint('x', 'tag')"])
def test_a_change_that_needs_a_batch(one, change):
    one.revision(f"op.{change}", id="bbbb")
    one.refused("upgrade").says("SQLite has no such statement", "op.batch_alter_table")


def test_vacuum_runs_between_transactions(one):
    one.revision("op.execute('VACUUM')", id="bbbb")
    one.ok("upgrade")


def test_a_savepoint_in_a_revision(one):
    one.revision(
        """
        connection = op.get_bind()
        with connection.begin_nested():
            connection.execute(sa.text("insert into tag values (1)"))
        nested = connection.begin_nested()
        connection.execute(sa.text("insert into tag values (2)"))
        nested.rollback()
        """,
        id="bbbb",
    )
    one.ok("upgrade")
    assert one.database.rows("tag") == [(1,)]


def test_the_engine_is_as_before_for_the_application(one):
    import whimbrel

    one.revision("op.execute('insert into tag values (1)')", id="bbbb")
    with one.loaded.app.app_context():
        whimbrel.upgrade()
        with one.loaded.db.engine.connect() as connection:
            connection.execute(sa.text("create table other (id integer)"))
            driver = connection.connection.driver_connection
            assert not driver.in_transaction, "DDL does not begin a transaction in Python's driver"


@pytest.mark.parametrize("column", ["id", "name", "code", "n"])
def test_a_column_that_sqlite_does_not_drop_goes_in_a_batch(one, column):
    one.database.run("create table item (id integer primary key, name text, code text unique, n integer, check (n > 0))")
    one.database.run("create index ix on item (name)")
    one.revision(f"op.drop_column('item', '{column}')", id="bbbb")
    one.refused("upgrade").says("Drop first what uses the column", "op.batch_alter_table", "Nothing of this revision is left")


def test_memory_databases_can_be_migrated(project):
    project.app("")
    project.source = project.source.replace(repr(project.database.url), "'sqlite:///:memory:'")
    project.ok("init")
    project.revision(TAG, "op.drop_table('tag')", id="aaaa")
    import whimbrel

    with project.loaded.app.app_context():
        whimbrel.upgrade()
        assert sa.inspect(project.loaded.db.engine).get_table_names() == ["alembic_version", "tag"]
        whimbrel.downgrade("migrations", "base")
        assert sa.inspect(project.loaded.db.engine).get_table_names() == ["alembic_version"]


def test_a_file_that_another_process_writes_to_is_an_error_in_words(one):
    one.revision("op.execute('insert into tag values (1)')", id="bbbb")
    one.config = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 0.2}}'
    one.app("")
    with one.database.engine.connect() as other:
        other.exec_driver_sql("begin immediate")
        result = one.flask("upgrade").exits(1)
    result.says("database is locked")
    assert len(result.text.splitlines()) < 8
    one.ok("upgrade")
