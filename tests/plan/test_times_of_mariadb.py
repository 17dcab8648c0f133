"""What the times of MariaDB and MySQL rest on."""

from __future__ import annotations

import json

import pytest

from kit import Database, Project, on
from whimbrel.dialects import USUAL, dialect_of

LENGTHS = "select data_length, index_length from information_schema.tables where table_schema = database() and table_name = 't'"


@on("mariadb")
def test_a_new_index_takes_as_long_as_the_rows_are_many_and_not_the_indexes(project: Project):
    project.app("")
    project.ok("init")
    project.database.run("create table t (id int primary key, a varchar(60), b varchar(60), key (a), key (b), key (a, b))")
    project.database.run("insert into t select seq, concat('a text', seq), concat('another text', seq) from seq_1_to_5000")
    project.database.run("analyze table t")
    project.revision("op.create_index('i', 't', ['b', 'a'])\nop.alter_column('t', 'id', type_=sa.BigInteger())", id="x")
    steps = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    ((rows, indexes),) = project.database.run(LENGTHS)
    assert [effect["seconds"] for step in steps for effect in step["effects"]] == [
        pytest.approx(rows / USUAL["build"], abs=1e-3),
        pytest.approx((rows + indexes) / USUAL["rewrite"], abs=1e-3),
    ]


@pytest.mark.parametrize("database", ["mariadb"], indirect=True)
def test_what_is_measured_leaves_nothing_behind(database: Database):
    with database.engine.connect() as connection:
        assert sorted(dialect_of("mysql").rates(connection)) == sorted(USUAL)
    assert database.run("show databases like 'whimbrel_scratch_%'") == []
    assert database.tables() == []
