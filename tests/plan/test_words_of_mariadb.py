"""What ALTER TABLE of MariaDB says in words that no other database has."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

TABLES = """
    create table t (id integer, v integer) with system versioning;
    insert into t values (1, 1), (2, 2);
    update t set v = 3;
    delete from t where id = 2;
    create table visit (id integer not null, year integer not null)
        partition by range (year) (partition p0 values less than (10), partition p1 values less than maxvalue);
    insert into visit values (1, 1), (2, 2), (3, 30)
"""


def dangers(project: Project, up: str) -> list[str]:
    project.app("")
    project.ok("init")
    for statement in TABLES.split(";"):
        project.database.run(statement)
    project.revision(f'op.execute("{up}")', id="x")
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    return [each["message"] for each in listed if each["severity"] == "danger"]


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ("ALTER TABLE visit DROP PARTITION p0", ["2 rows of visit would be lost"]),
        ("ALTER TABLE visit TRUNCATE PARTITION p0, p1", ["3 rows of visit would be lost"]),
        ("ALTER TABLE visit TRUNCATE PARTITION ALL", ["3 rows of visit would be lost"]),
        ("ALTER TABLE t DROP SYSTEM VERSIONING", ["3 rows of the history of t would be lost"]),
        ("DELETE HISTORY FROM t", ["3 rows of the history of t would be lost"]),
        ("DELETE HISTORY FROM t BEFORE SYSTEM_TIME '2020-01-01'", []),
        (
            "ALTER TABLE visit ADD (a int, b int NOT NULL, c int NOT NULL DEFAULT 1)",
            ["visit has rows, and b is NOT NULL without a value for them"],
        ),
    ],
)
@on("mariadb")
def test_what_would_be_lost(project: Project, up: str, found: list[str]):
    assert dangers(project, up) == found


@pytest.mark.parametrize(
    ("up", "blocks", "work"),
    [
        ("op.execute('ALTER TABLE visit ADD COLUMN t_id int REFERENCES t (id)')", "writes", "rewrite"),
        ("op.create_foreign_key('fk', 'visit', 't', ['id'], ['id'])", "writes", "rewrite"),
        (
            "op.execute('SET SESSION foreign_key_checks = 0')\nop.create_foreign_key('fk', 'visit', 't', ['id'], ['id'])",
            "",
            "build",
        ),
        (
            "op.execute('SET foreign_key_checks = OFF')\nop.execute('SET foreign_key_checks = ON')\n"
            "op.create_foreign_key('fk', 'visit', 't', ['id'], ['id'])",
            "writes",
            "rewrite",
        ),
        (
            "op.execute('SET SESSION unique_checks = 0, foreign_key_checks = 0')\n"
            "op.create_foreign_key('fk', 'visit', 't', ['id'], ['id'])",
            "",
            "build",
        ),
        (
            "op.execute('SET @before = @@foreign_key_checks, @@foreign_key_checks = 0')\n"
            "op.execute('SET foreign_key_checks = @before')\nop.create_foreign_key('fk', 'visit', 't', ['id'], ['id'])",
            "writes",
            "rewrite",
        ),
    ],
)
@on("mariadb")
def test_a_foreign_key_copies_the_table_where_it_is_checked(project: Project, up: str, blocks: str, work: str):
    project.app("")
    project.ok("init")
    project.database.run("create table t (id integer primary key)")
    project.database.run("create table visit (id integer primary key)")
    project.database.run("insert into visit values (1)")
    project.revision(up, id="x")
    steps = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    (effect,) = [each for step in steps for each in step["effects"]]
    assert (effect["kind"], effect["blocks"], effect["work"]) == ("foreign key", blocks, work)


@pytest.mark.parametrize(
    ("up", "waits"),
    [
        ("op.alter_column('t', 'name', existing_type=sa.String(50), nullable=True)", False),
        ("op.alter_column('t', 'name', existing_type=sa.String(50), type_=sa.String(60), existing_nullable=True)", False),
        ("op.alter_column('t', 'name', existing_type=sa.String(50), type_=sa.String(70), existing_nullable=True)", True),
        ("op.alter_column('t', 'name', type_=sa.String(60))", True),
    ],
)
@on("mariadb")
def test_what_a_column_was_is_taken_from_the_revision(project: Project, up: str, waits: bool):
    project.app("")
    project.ok("init")
    project.revision(up, id="x")
    result = project.flask("review", "x", "--dialect", "mysql", "--rows", "t=10000000")
    assert ("table-copy:t" in result.text) is waits, result


@on("mariadb")
def test_nobody_knows_how_many_rows_a_partition_has(project: Project):
    project.app("")
    project.ok("init")
    project.revision("op.execute('ALTER TABLE t DROP PARTITION p')", id="x")
    project.flask("review", "x", "--dialect", "mysql", "--rows", "t=10000000").says("danger  rows of t would be lost")


@pytest.mark.parametrize(
    ("level", "up", "blocks"),
    [
        ("REPEATABLE READ", "INSERT INTO t (id) SELECT id FROM visit JOIN t USING (id)", ["writes"]),
        ("READ COMMITTED", "INSERT INTO t (id) SELECT id FROM visit", []),
        ("REPEATABLE READ", "INSERT INTO t (id) SELECT seq FROM seq_1_to_3", []),
        ("REPEATABLE READ", "INSERT INTO t (name) VALUES ('select id from visit')", []),
        ("REPEATABLE READ", "CREATE VIEW v AS SELECT id FROM visit", []),
    ],
)
@on("mariadb")
def test_rows_that_are_read_into_another_table(project: Project, level: str, up: str, blocks: list[str]):
    project.config = f'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {{"isolation_level": "{level}"}}'
    project.app("")
    project.ok("init")
    project.database.run("create table t (id integer primary key, name text)")
    project.database.run("create table visit (id integer primary key)")
    project.database.run("insert into visit values (1)")
    project.revision(f'op.execute("{up}")', id="x")
    steps = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    assert [effect["blocks"] for step in steps for effect in step["effects"]] == blocks


@pytest.mark.parametrize(
    "up",
    [
        "CREATE PROCEDURE p() BEGIN DELETE FROM visit; DROP TABLE visit; END",
        "CREATE PROCEDURE p() begin IF 1 = 1 THEN BEGIN DELETE FROM visit; END; END IF; DROP TABLE visit; end",
        "CREATE OR REPLACE DEFINER=CURRENT_USER FUNCTION f() RETURNS INT BEGIN DECLARE x INT; SET x = 1; RETURN x; END",
        "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO BEGIN DELETE FROM visit; DELETE FROM t; END",
        "CREATE TRIGGER r BEFORE DELETE ON visit FOR EACH ROW BEGIN CASE OLD.id WHEN 1 THEN DELETE FROM t; END CASE; END",
        "CREATE FULLTEXT INDEX ft ON t (name)",
    ],
)
@on("mariadb")
def test_what_is_run_later_is_not_run_now(project: Project, up: str):
    """A body has several statements, and is one."""
    project.app("")
    project.ok("init")
    for table in ("t", "visit"):
        project.database.run(f"create table {table} (id integer primary key, name text)")
        project.database.run(f"insert into {table} values (1, 'a')")
    project.revision(f'op.execute("{up}")', id="x")
    assert json.loads(project.ok("review", "--format", "json").out)["findings"] == []
    project.ok("upgrade")
    assert project.database.rows("visit") == [(1, "a")]
