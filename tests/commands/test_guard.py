"""What loses rows is refused before it is executed, also where the review before the run could not see it."""

from __future__ import annotations

import pytest

from kit import Project, on

FIRST = """
op.create_table("person", sa.Column("id", sa.Integer, primary_key=True), sa.Column("nick", sa.String(20)))
op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.create_table("old", sa.Column("id", sa.Integer, primary_key=True))
"""
ROWS = ("insert into person (nick) values ('a'), ('b'), ('c')", "insert into pet (name) values ('x'), ('y'), ('z')")
PERSON = "drop-table-loses-data:person"
NICK = "drop-column-loses-data:person.nick"
DELETED = "delete-without-condition:person"
LOSSES = {
    "a name from a loop": (
        'for name in ("old", "person"):\n    if sa.inspect(op.get_bind()).has_table(name):\n        op.drop_table(name)',
        PERSON,
    ),
    "after a query": (
        'n = op.get_bind().execute(sa.text("select count(*) from person")).scalar()\nif n:\n    op.execute("DELETE FROM person")',
        DELETED,
    ),
    "behind an except": (
        "def there(name):\n    try:\n        return sa.inspect(op.get_bind()).has_table(name)\n    except Exception:\n"
        '        return False\nif there("person"):\n    op.drop_table("person")',
        PERSON,
    ),
    "only with a database": ('if not op.get_context().as_sql:\n    op.drop_table("person")', PERSON),
    "with a session": (
        "from sqlalchemy.orm import Session\ns = Session(bind=op.get_bind())\n"
        's.execute(sa.text("DELETE FROM person"))\ns.commit()',
        DELETED,
    ),
    "with metadata": ('sa.Table("person", sa.MetaData()).drop(op.get_bind())', PERSON),
    "with the context": ('op.get_context().impl.execute("DELETE FROM person")', DELETED),
    "with options": ('op.get_bind().execution_options(a=1).execute(sa.text("DELETE FROM person"))', DELETED),
    "beside the run": (
        'from flask import current_app\ns = current_app.extensions["sqlalchemy"].session\n'
        's.execute(sa.text("DELETE FROM person"))\ns.commit()',
        DELETED,
    ),
    "a table that is there already": (
        'op.execute("CREATE TABLE IF NOT EXISTS person (id integer)")\nop.drop_table("person")',
        PERSON,
    ),
    "renamed column, renamed table": (
        'op.execute("ALTER TABLE person RENAME COLUMN nick TO name")\nop.rename_table("person", "people")\n'
        'op.drop_column("people", "name")',
        NICK,
    ),
    "a new column with the name of an old one": (
        'op.add_column("person", sa.Column("n", sa.Integer))\nop.drop_column("person", "n")\n'
        'op.execute("ALTER TABLE person RENAME COLUMN nick TO n")\nop.drop_column("person", "n")',
        NICK,
    ),
    "capitals in a column": ('op.execute("ALTER TABLE person DROP COLUMN NICK")', NICK),
    "no word COLUMN": ('op.execute("ALTER TABLE person DROP nick")', NICK),
    "a condition that is none": ('op.execute("DELETE FROM person WHERE 1 = 1")', DELETED),
    "values that are overwritten": ('op.execute("UPDATE person SET nick = NULL")', "update-loses-data:person.nick"),
    "values that are overwritten, unseen": (
        'if op.get_bind().scalar(sa.text("select 1")):\n    op.execute("UPDATE person" + " SET nick = NULL")',
        "update-loses-data:person.nick",
    ),
    "dropped twice, once in vain": (
        'n = op.get_bind().execute(sa.text("select count(*) from person where id < 0")).scalar()\n'
        'if n:\n    op.drop_table("person")\nop.drop_table("person")',
        PERSON,
    ),
}
OF_POSTGRESQL = {
    "capitals in a table": ('op.execute("DROP TABLE PERSON")', PERSON),
    "a block": ('op.execute("DO $$ BEGIN DELETE FROM person; END $$")', DELETED),
    "a statement in a block that is put together as a text": (
        "op.execute(\"DO $$ BEGIN EXECUTE 'DELETE FROM person'; END $$\")",
        DELETED,
    ),
    "a block in quotes": ("op.execute(\"DO 'BEGIN DELETE FROM person; END'\")", DELETED),
    "several schemas": ('op.execute("DROP SCHEMA IF EXISTS nowhere, public CASCADE")', "drop-schema-loses-data:public"),
    "several types": (
        "op.execute(\"CREATE TYPE a AS ENUM ('a'); CREATE TYPE b AS ENUM ('b'); DROP TYPE a, public.b CASCADE\")",
        "drop-schema-loses-data:b",
    ),
    "all that a role owns": ('op.execute("CREATE ROLE nobody_1; DROP OWNED BY nobody_1")', "drop-schema-loses-data:nobody_1"),
    "a null among several values": (
        'op.execute("UPDATE person SET (nick, name) = (NULL, name)")',
        "update-loses-data:person.nick",
    ),
    "rows that meet a condition with another table": (
        'op.execute("DELETE FROM person USING person o WHERE o.id = person.id")',
        "delete-meets-every-row:person",
    ),
    "rows of a common table": (
        'op.execute("WITH o AS (SELECT id FROM person) DELETE FROM person WHERE id IN (SELECT id FROM o)")',
        "delete-meets-every-row:person",
    ),
    "rows that are merged": (
        'op.execute("MERGE INTO person p USING person o ON o.id = p.id WHEN MATCHED AND p.id > 0 THEN DELETE")',
        "delete-meets-every-row:person",
    ),
    "a table beside a temporary one of its name": (
        'op.execute("CREATE TEMP TABLE person (id integer)")\nop.execute("DROP TABLE public.person")',
        PERSON,
    ),
    "a table beside a temporary one of its name, unseen": (
        'if op.get_bind().scalar(sa.text("select 1")):\n'
        '    op.execute("CREATE TEMP TABLE person (id integer)")\n'
        '    op.execute("DROP TABLE public." + "person")',
        PERSON,
    ),
    "an update before the type changes": (
        "op.execute(\"UPDATE person SET nick = 'long' WHERE id = 1\")\n"
        'op.execute("ALTER TABLE person ALTER COLUMN nick TYPE varchar(2) USING nick::varchar(2)")',
        "type-change-fails:person.nick",
    ),
}
OF_MARIADB = {
    "RENAME TABLE": ('op.execute("RENAME TABLE person TO px")\nop.execute("DROP TABLE px")', PERSON),
    "CHANGE": (
        'op.execute("ALTER TABLE person CHANGE nick n VARCHAR(20)")\nop.execute("ALTER TABLE person DROP COLUMN n")',
        NICK,
    ),
    "CREATE OR REPLACE": ('op.execute("CREATE OR REPLACE TABLE person (id integer)")', PERSON),
    "several tables": ('op.execute("DELETE person, pet FROM person JOIN pet")', DELETED),
    "a comment that is executed": ('op.execute("/*!50000 DROP TABLE person */")', PERSON),
    "MODIFY": ('op.execute("ALTER TABLE person MODIFY nick INTEGER")', "type-change-fails:person.nick"),
}


@pytest.fixture
def people(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(FIRST, id="aaaa")
    project.ok("upgrade")
    for statement in ROWS:
        project.database.run(statement)
    return project


def refused(people: Project, up: str, key: str) -> None:
    before = people.database.contents()
    people.revision(up, id="bbbb")
    result = people.flask("upgrade")
    assert result.code in (1, 3), result
    result.says(f"[{key}]", f"--accept {key}")
    kept = people.database.contents()
    assert sum(map(len, kept.values())) == sum(map(len, before.values()))


@pytest.mark.parametrize("what", [*LOSSES])
def test_rows_are_not_lost_unseen(people: Project, what: str):
    refused(people, *LOSSES[what])


@on("postgresql")
@pytest.mark.parametrize("what", [*OF_POSTGRESQL])
def test_rows_are_not_lost_unseen_on_postgresql(people: Project, what: str):
    refused(people, *OF_POSTGRESQL[what])


@on("mariadb")
@pytest.mark.parametrize("what", [*OF_MARIADB])
def test_rows_are_not_lost_unseen_on_mariadb(people: Project, what: str):
    refused(people, *OF_MARIADB[what])


@on("sqlite", "postgresql")
def test_capitals_in_a_table(people: Project):
    refused(people, 'op.execute("DELETE FROM Person")', DELETED)


@on("postgresql")
def test_a_table_that_only_the_search_path_finds(people: Project):
    people.database.run("create schema s2")
    people.database.run("create table s2.nest (id integer)")
    people.database.run("insert into s2.nest values (1)")
    up = 'op.execute("SET LOCAL search_path TO s2, public")\nop.execute("DROP TABLE nest")'
    people.revision(up, id="bbbb")
    people.refused("upgrade").says("[drop-table-loses-data:s2.nest]")
    assert people.database.run("select count(*) from s2.nest") == [(1,)]


def test_with_consent_it_goes_on(people: Project):
    people.revision(LOSSES["a name from a loop"][0], id="bbbb")
    people.ok("upgrade", "--accept", PERSON)
    assert "person" not in people.database.tables()


def test_a_reason_in_the_file_is_consent(people: Project):
    people.revision(LOSSES["a name from a loop"][0], id="bbbb")
    path = people.versions / "bbbb_by_hand.py"
    path.write_text(path.read_text().replace("\ndepends_on", f'\naccepts = {{"{PERSON}": "all of them moved"}}\ndepends_on'))
    people.ok("upgrade")
    assert "person" not in people.database.tables()


def test_what_the_run_itself_has_made_may_go(people: Project):
    up = """
        bind = op.get_bind()
        bind.execute(sa.text("select count(*) from person")).scalar()
        op.create_table("scratch", sa.Column("id", sa.Integer, primary_key=True))
        op.execute("insert into scratch select id from person")
        op.add_column("person", sa.Column("copy", sa.String(20)))
        op.execute("update person set copy = nick")
        op.rename_table("scratch", "heap")
        op.drop_column("person", "copy")
        op.drop_table("heap")
    """
    people.revision(up, id="bbbb")
    people.ok("upgrade")


@on("sqlite")
def test_a_rebuild_is_no_drop(people: Project):
    up = """
        op.get_bind().execute(sa.text("select count(*) from person")).scalar()
        with op.batch_alter_table("person") as batch:
            batch.alter_column("nick", new_column_name="name", type_=sa.String(40), nullable=False)
    """
    people.revision(up, id="bbbb")
    people.ok("upgrade")
    people.revision(
        'op.get_bind().execute(sa.text("select 1")).scalar()\nwith op.batch_alter_table("person") as batch:\n'
        '    batch.drop_column("name")',
        id="cccc",
    )
    people.refused("upgrade").says("[drop-column-loses-data:person.name]")


@on("sqlite")
def test_a_table_that_is_given_has_all_columns(people: Project):
    up = """
        table = sa.Table("person", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
        with op.batch_alter_table("person", copy_from=table, recreate="always") as batch:
            batch.add_column(sa.Column("x", sa.Integer))
    """
    refused(people, up, NICK)


@on("sqlite")
def test_a_table_that_is_given_and_not_copied_loses_nothing(people: Project):
    up = """
        table = sa.Table("person", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
        with op.batch_alter_table("person", copy_from=table) as batch:
            batch.add_column(sa.Column("x", sa.Integer))
    """
    before = people.database.columns("person")
    people.revision(up, id="bbbb")
    people.ok("upgrade")
    assert people.database.columns("person") == [*before, "x"]


@on("mariadb")
def test_consent_is_remembered_for_the_rest(people: Project):
    up = """
        op.create_table("gate", sa.Column("id", sa.Integer, primary_key=True))
        op.get_bind().execute(sa.text("select count(*) from person")).scalar()
        op.execute("insert into old values (1)")
        op.drop_table("person")
    """
    people.database.run("insert into old values (1)")
    people.revision(up, id="bbbb")
    people.flask("upgrade", "--accept", PERSON).exits(3)
    people.database.run("delete from old")
    people.ok("resume")
    assert "person" not in people.database.tables()


@on("postgresql")
def test_tables_of_other_schemas_are_something_to_lose(people: Project):
    people.database.run("create schema app")
    people.database.run("alter table person set schema app")
    people.database.run("drop table pet, old, alembic_version")
    people.database.run("drop schema whimbrel cascade")
    (people.versions / "aaaa_by_hand.py").unlink()
    people.revision('op.drop_table("person", schema="app")', id="bbbb", after=None)
    people.refused("upgrade").says("[drop-table-loses-data:app.person]")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import sqlite3\nsqlite3.connect({path!r}).execute('create table x (id integer)')", "it opens a database of its own"),
        ("import threading\nthreading.Thread(target=print).start()", "it starts a thread"),
        ("open({path!r}, 'w').close()", "it changes files"),
        ("import subprocess\nsubprocess.run(['touch', {path!r}])", "it starts a program"),
        ("import os\nos.mkdir({path!r})", "it changes files"),
    ],
)
@on("sqlite")
def test_a_plan_changes_nothing_anywhere(people: Project, code: str, why: str):
    path = people.folder / "outside"
    people.revision(code.format(path=str(path)), id="bbbb")
    people.ok("plan").says(why)
    people.flask("review").says(why)
    assert not path.exists()


AFTER_A_QUERY = 'op.get_bind().execute(sa.text("select 1")).scalar()\n'


@on("postgresql")
@pytest.mark.parametrize(
    "up",
    [
        'op.execute("insert into old values (1); delete from person")',
        'op.execute("drop index if exists nope; drop table person")',
        "try:\n    with op.get_bind().begin_nested():\n        op.rename_table('person', 'gone')\n        raise ValueError\n"
        "except ValueError:\n    pass\nop.drop_table('person')",
    ],
)
def test_nothing_hides_behind_something_harmless(people: Project, up: str):
    people.revision(AFTER_A_QUERY + up, id="bbbb")
    before = people.database.contents()
    people.refused("upgrade").says(":person]")
    assert people.database.contents() == before


@on("mariadb")
@pytest.mark.parametrize(
    "up",
    [
        'op.execute("begin not atomic delete from person; end")',
        "op.execute(\"prepare st from 'drop table person'\")\nop.execute('execute st')",
        "try:\n    op.rename_table('person', 'pet')\nexcept Exception:\n    pass\nname = 'per' + 'son'\nop.drop_table(name)",
        'op.execute("create temporary table person (id int)")\nop.execute("drop table person")\nop.execute("drop table person")',
        'op.execute("create temporary table person (id int)")\nop.execute("drop temporary table person")\n'
        'op.execute("drop table person")',
        'op.execute("drop tables person")',
        'op.execute("drop table person wait 5")',
        'op.execute("truncate person nowait")',
        'op.execute("delete low_priority from person")',
        "op.execute(\"execute immediate 'drop table person'\")",
    ],
)
def test_nothing_hides_behind_something_harmless_on_mariadb(people: Project, up: str):
    people.revision(AFTER_A_QUERY + up, id="bbbb")
    result = people.flask("upgrade")
    assert result.code in (1, 3), result
    result.says(":person]")
    assert len(people.database.rows("person")) == 3


@on("mariadb")
def test_a_temporary_table_is_nothing_to_lose(people: Project):
    people.revision('op.execute("DROP TEMPORARY TABLE IF EXISTS person")', id="bbbb")
    people.ok("upgrade")
    assert len(people.database.rows("person")) == 3


def test_the_session_of_the_application_is_left_alone(people: Project):
    """A plan in a process that has something else to do, too."""
    up = """
        from flask import current_app
        session = current_app.extensions["sqlalchemy"].session
        session.execute(sa.text("update pet set name = 'q'"))
        session.rollback()
    """
    people.revision(up, id="bbbb")
    loaded = people.loaded
    with loaded.app.app_context():
        loaded.db.session.execute(loaded.sa.text("insert into pet (name) values ('mine')"))
        if people.database.kind == "sqlite":
            loaded.db.session.commit()  # which has one writer
        people.ok("plan")
        loaded.db.session.commit()
    assert people.database.run("select count(*) from pet where name = 'mine'") == [(1,)]
    assert people.database.run("select count(*) from pet where name = 'q'") == [(0,)]


def test_what_the_run_has_made_in_any_words_may_go(people: Project):
    up = """
        op.execute("create temporary table person2 (id integer)")
        op.execute("insert into person2 select id from person")
        op.execute("drop table person2")
        op.execute("create table copied as select * from person")
        op.execute("drop table copied")
        op.execute("alter table person add zz int")
        op.execute("update person set zz = 1")
        op.execute("alter table person drop column zz")
        op.create_table("t3", sa.Column("id", sa.Integer), prefixes=["TEMPORARY"])
        op.execute("insert into t3 select id from person")
        op.execute("delete from t3")
    """
    people.revision(AFTER_A_QUERY + up.replace("\n        ", "\n").strip(), id="bbbb")
    people.ok("upgrade")
    assert len(people.database.rows("person")) == 3


@on("postgresql", "mariadb")
def test_the_time_of_a_moment(people: Project):
    people.database.run("create table event (id integer primary key, at timestamp null)")
    people.database.run("insert into event values (1, '2026-01-02 00:00:00')")
    people.revision('op.alter_column("event", "at", existing_type=sa.DateTime(), type_=sa.Date())', id="bbbb")
    people.ok("upgrade")
    people.database.run("create table other (id integer primary key, at timestamp null)")
    people.database.run("insert into other values (1, '2026-01-02 03:04:05')")
    people.revision('op.alter_column("other", "at", existing_type=sa.DateTime(), type_=sa.Date())', id="cccc")
    people.refused("upgrade").says("1 value of other.at would not survive the change to DATE")


@on("postgresql")
def test_a_truncate_that_cascades_from_an_empty_table(people: Project):
    people.database.run("create table kid (id integer primary key, old_id integer references old (id))")
    people.database.run("insert into kid values (1, null)")
    people.revision('op.execute("TRUNCATE old CASCADE")', id="bbbb")
    people.refused("upgrade").says("1 row of kid would be lost, with those of old  [truncate-loses-data:kid]")


@on("sqlite")
def test_what_is_deleted_with_a_table(people: Project):
    people.app(
        "with app.app_context():\n"
        "    sa.event.listen(db.engine, 'connect', lambda connection, _: connection.execute('PRAGMA foreign_keys=ON'))"
    )
    people.database.run("create table kid (id integer primary key, p integer references person (id) on delete cascade)")
    people.database.run("insert into kid values (1, 1)")
    people.revision('op.drop_table("person")', id="bbbb")
    people.refused("upgrade", "--accept", PERSON).says("1 row of kid would be deleted, with those of person")


def test_a_change_of_type_that_somebody_has_agreed_to_is_made(project: Project):
    model = (
        "class T(db.Model):\n    __tablename__ = 't'\n    id = db.Column(db.Integer, primary_key=True)\n    at = db.Column(db.{})"
    )
    project.start(model.format("DateTime"))
    project.ok("upgrade")
    project.database.run("insert into t (id, at) values (1, '2026-01-02 03:04:05')")
    project.app(model.format("Date"))
    project.ok("migrate")
    refused = project.refused("upgrade")
    assert "[type-change-fails:t.at]" in refused.text
    project.ok("upgrade", "--accept", "type-change-fails:t.at")
    assert str(project.database.run("select at from t")[0][0]).startswith("2026-01-02")
