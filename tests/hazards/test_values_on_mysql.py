"""Values that another type changes on MySQL and MariaDB, also where the mode is not strict and nobody is told."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

TABLE = """
    create table t (
        id integer primary key, word varchar(50), name text, big bigint, less int unsigned, price decimal(10, 2), amount float,
        at datetime(3), day date, mood enum('sad', 'happy'), flag tinyint(1),
        since int, clock time, born year, raw varbinary(9), tags set('a', 'b'), hour varchar(20), moment varchar(20)
    ) default charset utf8mb4
"""
ROW = """
    insert into t values
        (1, 'long', 'ŋ', 5000000001, 4000000000, 1.25, 0.1, '2050-01-01 10:11:12.345', '1950-01-01', 'happy', 5,
         20260131, '-01:00:00', 2026, x'ff', 'a,b', '10:00:00', '2026:01:31 10:00:00')
"""
CHANGED = [
    "MODIFY word char",
    "MODIFY word varbinary(3)",
    "MODIFY word date",
    "MODIFY word enum('a', 'b')",
    "MODIFY word int unsigned",
    "MODIFY word json",
    "MODIFY word varchar(3)",
    "MODIFY name text CHARACTER SET latin1",
    "MODIFY name text COLLATE ascii_bin",
    "CONVERT TO CHARACTER SET latin1",
    "MODIFY big int unsigned",
    "MODIFY big varchar(5)",
    "MODIFY big float",
    "MODIFY less int",
    "MODIFY price decimal(10, 1)",
    "MODIFY price decimal",
    "MODIFY at datetime",
    "MODIFY at datetime(2)",
    "MODIFY at timestamp(3)",
    "MODIFY at time(3)",
    "MODIFY at varchar(10)",
    "MODIFY day timestamp",
    "MODIFY day year",
    "MODIFY mood varchar(3)",
    "MODIFY flag bit(1)",
    "MODIFY big smallint",
    "MODIFY since time",
    "MODIFY since set('a', 'b')",
    "MODIFY price enum('a', 'b', 'c')",
    "MODIFY price bit(4)",
    "MODIFY word bit(4)",
    "MODIFY mood date",
    "MODIFY clock date",
    "MODIFY clock datetime",
    "MODIFY clock bit(4)",
    "MODIFY born datetime",
    "MODIFY born time",
    "MODIFY raw int",
    "MODIFY raw date",
    "MODIFY raw varchar(9)",
    "MODIFY word set('a', 'b')",
    "MODIFY tags enum('a', 'b')",
    "MODIFY hour date",
]
KEPT = [
    "MODIFY word varchar(4)",
    "MODIFY word tinytext",
    "MODIFY word varchar(50) CHARACTER SET latin1",
    "MODIFY name varchar(1)",
    "MODIFY big decimal(20, 0)",
    "MODIFY big bigint unsigned",
    "MODIFY less bigint",
    "MODIFY price double",
    "MODIFY amount decimal(10, 2)",
    "MODIFY at datetime(6)",
    "MODIFY at varchar(30)",
    "MODIFY day datetime",
    "MODIFY mood enum('happy', 'sad', 'ok')",
    "MODIFY mood varchar(5)",
    "MODIFY flag bool",
    "MODIFY flag set('a', 'b', 'c')",
    "MODIFY flag bit(4)",
    "MODIFY since date",
    "MODIFY since datetime",
    "MODIFY mood set('happy', 'sad', 'ok')",
    "MODIFY tags varchar(9)",
    "MODIFY raw varbinary(5)",
    "MODIFY hour time",
    "MODIFY moment datetime",
    "MODIFY word blob",
    "CONVERT TO CHARACTER SET utf8mb3",
]


@pytest.fixture
def lax(project: Project) -> Project:
    """An application whose sessions are not strict."""
    project.config = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"init_command": "SET sql_mode = \'\'"}}'
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    project.database.run(ROW)
    return project


def found(project: Project, up: str) -> set[str]:
    """The dangers of a revision."""
    project.revision(up, id="x", after=None)
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    return {each["code"] for each in listed if each["severity"] == "danger"}


@on("mariadb")
def test_values_that_do_not_survive(lax: Project):
    for clause in CHANGED:
        assert found(lax, f'op.execute("ALTER TABLE t {clause}")') == {"type-change-fails"}, clause


@on("mariadb")
def test_values_that_survive(lax: Project):
    for clause in KEPT:
        assert found(lax, f'op.execute("ALTER TABLE t {clause}")') == set(), clause


@on("mariadb")
def test_nothing_is_cut_where_nobody_has_agreed(lax: Project):
    lax.revision('op.alter_column("t", "at", existing_type=sa.Text(), type_=sa.DateTime())', id="x")
    lax.refused("upgrade").says("type-change-fails:t.at", "1 value of t.at would not survive the change to DATETIME")


@on("mariadb")
def test_a_type_that_is_there_only_in_the_revision(lax: Project):
    """MySQL is told all of a column, whatever changes: also the type that the revision thinks it has."""
    lax.revision('op.alter_column("t", "at", existing_type=sa.DateTime(), comment="when")', id="x")
    lax.refused("upgrade").says("type-change-fails:t.at", "1 value of t.at would not survive the change to DATETIME")
