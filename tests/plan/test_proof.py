"""What MariaDB says itself about statements: each is tried on an empty copy, with the strictest promise first."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from kit import Project, on

CASES = {
    "ALTER TABLE t ADD COLUMN x INT": ("", ""),
    "ALTER TABLE t DROP COLUMN c": ("", ""),
    "ALTER TABLE t MODIFY b INT NOT NULL": ("", "rewrite"),
    "ALTER TABLE t MODIFY b BIGINT": ("writes", "rewrite"),
    "CREATE INDEX i ON t (b)": ("", "build"),
    "CREATE FULLTEXT INDEX f ON t (c)": ("writes", "rewrite"),
    "ALTER TABLE t MODIFY c VARCHAR(60)": ("", ""),
    "ALTER TABLE t MODIFY c VARCHAR(100)": ("writes", "rewrite"),
    "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0)": ("writes", "rewrite"),
    "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, b)": ("", "rewrite"),
    "ALTER TABLE t ADD COLUMN y INT, ADD INDEX (b)": ("", "rewrite"),
    "ALTER TABLE t ADD COLUMN y INT, ADD INDEX (b), ALGORITHM=INPLACE, LOCK=NONE": ("", "rewrite"),
    "ALTER TABLE t ALGORITHM=COPY, ADD COLUMN y INT": ("writes", "rewrite"),
    "ALTER TABLE t ADD COLUMN y INT, LOCK=SHARED": ("writes", ""),
    "ALTER TABLE t MODIFY b BIGINT, ALGORITHM=INPLACE, LOCK=NONE": ("", ""),
    "CREATE INDEX i ON t (b) ALGORITHM=INPLACE LOCK=NONE": ("", "build"),
    "ALTER TABLE t MODIFY e ENUM('a','b','c')": ("", ""),
    "ALTER TABLE t ADD COLUMN u VARCHAR(40) DEFAULT (uuid())": ("writes", "rewrite"),
    "ALTER TABLE t CONVERT TO CHARACTER SET latin1": ("writes", "rewrite"),
    "ALTER TABLE t DEFAULT CHARACTER SET latin1": ("", ""),
    "ALTER TABLE t MODIFY c VARCHAR(50) CHARACTER SET latin1": ("writes", "rewrite"),
    "ALTER TABLE t MODIFY b INT COMMENT 'x'": ("", ""),
    "ALTER TABLE t CHANGE b bb INT": ("", ""),
    "ALTER TABLE t MODIFY s SET('a','b','c')": ("", ""),
    "ALTER TABLE t FORCE": ("", "rewrite"),
    "ALTER TABLE t ADD SYSTEM VERSIONING": ("writes", "rewrite"),
    "ALTER TABLE t ADD x INT UNIQUE": ("", "rewrite"),
    "ALTER TABLE t ADD number INT AUTO_INCREMENT UNIQUE": ("writes", "rewrite"),
    "ALTER TABLE v ADD COLUMN x INT AFTER id": ("writes", "rewrite"),
    "ALTER TABLE v ADD COLUMN x INT": ("", ""),
    "ALTER TABLE f DROP COLUMN c": ("writes", "rewrite"),
    "ALTER TABLE st MODIFY b INT NOT NULL": ("writes", "rewrite"),
    "ALTER TABLE f MODIFY c INT NOT NULL": ("writes", "rewrite"),
    "ALTER TABLE t ENGINE=InnoDB": ("", "rewrite"),
    "ALTER TABLE t ENGINE innodb, ADD COLUMN k INT": ("", "rewrite"),
    "ALTER TABLE t ADD (q INT, KEY (q))": ("", "rewrite"),
    "ALTER TABLE t MODIFY b INT COMMENT 'NOT NULL, ENGINE=Aria'": ("", ""),
    "ALTER TABLE t MODIFY id INT NOT NULL AUTO_INCREMENT": ("writes", "rewrite"),
    "ALTER TABLE t DROP PRIMARY KEY, ADD COLUMN p INT AUTO_INCREMENT PRIMARY KEY": ("writes", "rewrite"),
    "ALTER TABLE ix MODIFY short VARCHAR(100)": ("", ""),
    "ALTER TABLE ix MODIFY latin VARCHAR(50)": ("writes", "rewrite"),
    "ALTER TABLE ix MODIFY three VARCHAR(60)": ("", ""),
    "ALTER TABLE ix MODIFY three VARCHAR(70)": ("writes", "rewrite"),
    "ALTER TABLE ix MODIFY three VARCHAR(80) CHARACTER SET utf8": ("", ""),
    "DROP INDEX kb ON ix": ("", ""),
    "ALTER TABLE ix DROP KEY kb, ADD COLUMN y INT": ("", ""),
    "ALTER TABLE ix DROP COLUMN b": ("", ""),
    "ALTER TABLE packed ADD COLUMN x INT": ("", "rewrite"),
    "ALTER TABLE old ADD UNIQUE (b)": ("writes", "rewrite"),
    "CREATE INDEX i ON old (b)": ("writes", "rewrite"),
    "DROP INDEX kb ON old": ("writes", "rewrite"),
    "ALTER TABLE old ADD COLUMN x INT": ("writes", "rewrite"),
    "ALTER TABLE old MODIFY c VARCHAR(60)": ("writes", "rewrite"),
    "ALTER TABLE old MODIFY b INT DEFAULT 3": ("", ""),
    "ALTER TABLE old RENAME COLUMN b TO bb": ("", ""),
}
WORK_OF_FIRST = ("CREATE FULLTEXT INDEX f ON t (c)",)
"""The first full text index writes the table anew, others do not: that is known where it is tried out."""
OTHERS = """
    create table v (id int primary key, b int, w int generated always as (b + 1) virtual);
    create table st (id int primary key, b int, w int generated always as (b + 1) stored);
    create table f (id int primary key, c int, d text, fulltext key (d));
    create table ix (id int primary key, b int, short varchar(20), latin varchar(50) character set latin1,
        three varchar(50) character set utf8mb3, key kb (b)) default charset utf8mb4;
    create table packed (id int primary key) row_format=compressed;
    create table old (id int primary key, b int, c varchar(50), key kb (b)) engine=Aria;
    insert into v (id) values (1);
    insert into ix (id) values (1);
    insert into packed (id) values (1);
    insert into old (id) values (1);
    insert into st (id) values (1);
    insert into f (id) values (1)
"""
TABLE = "create table t (id int primary key, b int, c varchar(50), e enum('a','b'), s set('a','b')) default charset utf8mb4"


def effects(project: Project, up: str) -> list[dict[str, object]]:
    project.revision(up, id="x")
    steps = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"][0]["steps"]
    for path in project.versions.glob("x*.py"):
        path.unlink()
    return [effect for step in steps for effect in step["effects"]]


@on("mariadb")
def test_statements_are_judged_as_the_server_does_them(project: Project):
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    for statement in ("insert into t (id) values (1)", *OTHERS.split(";")):
        project.database.run(statement)
    for sql, expected in CASES.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["blocks"], effect["work"], effect["is_proven"]) == (*expected, True), sql
    assert project.database.run("show databases like 'whimbrel_scratch_%'") == []


@on("mariadb")
def test_statements_are_judged_where_nothing_may_be_tried(project: Project, monkeypatch: pytest.MonkeyPatch):
    """A user who may not create a database gets the same answers, from the words and the catalog."""
    monkeypatch.setattr("whimbrel.dialects.mysql.new_database", lambda connection, create: nullcontext(None))
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    for statement in ("insert into t (id) values (1)", *OTHERS.split(";")):
        project.database.run(statement)
    for sql, expected in CASES.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        work = "build" if sql in WORK_OF_FIRST else expected[1]
        if "LOCK=NONE" not in sql:  # whether that is refused is known for certain only where it is tried
            assert (effect["blocks"], effect["work"], effect["is_proven"]) == (expected[0], work, False), sql


@on("mariadb")
def test_locks_that_nobody_can_try_out(project: Project):
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    for statement in ("insert into t (id) values (1)", *OTHERS.split(";")):
        project.database.run(statement)
    for sql, expected in {
        "OPTIMIZE TABLE t": ("NONE", "", "rewrite"),
        "LOCK TABLES t WRITE": ("WRITE", "reads", ""),
        "LOCK TABLES t AS u READ": ("READ", "writes", ""),
        "OPTIMIZE TABLE old": ("EXCLUSIVE", "reads", "rewrite"),
        "INSERT INTO old (id) SELECT id FROM t": ("rows", "writes", "scan"),
        "CREATE TABLE copied AS SELECT t.* FROM t JOIN old USING (id)": ("rows", "writes", "scan"),
    }.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["lock"], effect["blocks"], effect["work"]) == expected, sql


@on("mariadb")
def test_statements_that_build_on_each_other(project: Project):
    """The second one is about what the first has made."""
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    project.database.run("insert into t (id) values (1)")
    first, second = effects(project, "op.execute('ALTER TABLE t ADD COLUMN n INT')\nop.execute('ALTER TABLE t MODIFY n BIGINT')")
    assert (first["work"], second["work"]) == ("", "rewrite")


@on("mariadb")
def test_promises_that_the_server_does_not_keep_are_no_proof(project: Project):
    """MariaDB takes ALGORITHM=INSTANT for these, and copies."""
    project.app("")
    project.ok("init")
    project.database.run(TABLE)
    project.database.run("insert into t (id) values (1)")
    for sql in ("ALTER TABLE t ENGINE=Aria", "ALTER TABLE t ENGINE Aria", "ALTER TABLE t PARTITION BY HASH(id) PARTITIONS 2"):
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["blocks"], effect["work"], effect["is_proven"]) == ("writes", "rewrite", False), sql


OF_POSTGRESQL = {
    "ALTER TABLE t ALTER COLUMN b TYPE bigint": "rewrite",
    "ALTER TABLE t ALTER COLUMN c TYPE varchar(60)": "",
    "ALTER TABLE t ALTER COLUMN c TYPE text USING c::text": "",
    "ALTER TABLE t ALTER COLUMN c TYPE text USING upper(c)": "rewrite",
    'ALTER TABLE t ALTER COLUMN c TYPE varchar(50) COLLATE \\"C\\"': "build",
    "ALTER TABLE t ADD COLUMN x integer DEFAULT 5": "",
    "ALTER TABLE t ADD COLUMN y float DEFAULT random()": "rewrite",
    "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (b + 1) STORED": "rewrite",
    "ALTER TABLE t ADD COLUMN u integer DEFAULT own()": "rewrite",
    "ALTER TABLE public.t ADD COLUMN u integer DEFAULT own()": "rewrite",
    "ALTER TABLE other.t ADD COLUMN u integer DEFAULT own()": "rewrite",
    "ALTER TABLE t ALTER COLUMN m TYPE text USING m::text": "rewrite",
    "ALTER TABLE t ALTER COLUMN b SET NOT NULL": "scan",
    "ALTER TABLE t ALTER COLUMN d SET NOT NULL": "",
    "ALTER TABLE t ALTER COLUMN e SET NOT NULL": "scan",
    "ALTER TABLE t ALTER COLUMN d SET NOT NULL, ALTER b DROP DEFAULT": "",
    "ALTER TABLE t ADD CONSTRAINT k CHECK (c <> 'NOT VALID')": "scan",
    "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0) NOT VALID": "",
    "ALTER TABLE t ADD UNIQUE (b)": "build",
}


@on("postgresql")
def test_what_postgresql_does_with_the_rows_it_says_itself(project: Project):
    project.app("")
    project.ok("init")
    project.database.run("create type mood as enum ('a')")
    project.database.run("create function own() returns integer language plpgsql volatile as 'begin return 1; end'")
    project.database.run(
        "create table t (id serial primary key, b integer, c varchar(50), m mood, d integer, e integer,"
        " constraint given check (b > 0 and d is not null or id < 0 and d is not null))"
    )
    project.database.run("create index on t (c)")
    project.database.run("alter table t add constraint later check (e is not null) not valid")
    project.database.run("insert into t (b, d, e) values (1, 1, 1)")
    project.database.run("create schema other")
    project.database.run("create table other.t as select 1 as id")
    before = project.database.state()
    for sql, work in OF_POSTGRESQL.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["work"], effect["is_proven"]) == (work, True), sql
    assert project.database.state() == before
    assert project.database.run("select nspname from pg_namespace where nspname like 'whimbrel_proof%'") == []


ATTACHED = {
    "ALTER TABLE visit ATTACH PARTITION plain FOR VALUES FROM (100) TO (200)": ("plain", "scan"),
    "ALTER TABLE visit ATTACH PARTITION wrong FOR VALUES FROM (100) TO (200)": ("wrong", "scan"),
    "ALTER TABLE visit ATTACH PARTITION checked FOR VALUES FROM (100) TO (200)": ("rest", "scan"),
    "ALTER TABLE visit ATTACH PARTITION checked FOR VALUES FROM (100) TO (120)": ("checked", "scan"),
    "ALTER TABLE visit ATTACH PARTITION far FOR VALUES FROM (1000) TO (2000)": ("far", ""),
    "CREATE TABLE new PARTITION OF visit FOR VALUES FROM (200) TO (300)": ("rest", "scan"),
    "CREATE TABLE new PARTITION OF visit FOR VALUES FROM (2000) TO (3000)": ("rest", ""),
}


@on("postgresql")
def test_the_rows_that_a_new_partition_has_read(project: Project):
    """A check spares them, where it says what the bounds say; those of the default partition are read as well."""
    project.app("")
    project.ok("init")
    project.database.run("create table visit (id integer not null) partition by range (id)")
    project.database.run("create table rest partition of visit default")
    project.database.run("alter table rest add check (id < 1000)")
    for name, check in {"plain": "", "wrong": "check (id > 0)", "checked": "check (id >= 100 and id < 200)"}.items():
        project.database.run(f"create table {name} as select n as id, repeat('x', 50) as pad from generate_series(100, 110) n")
        project.database.run(f"alter table {name} drop pad, alter id set not null" + (f", add {check}" if check else ""))
    project.database.run("create table far (id integer not null check (id >= 1000 and id < 2000))")
    project.database.run("insert into far values (1001)")
    project.database.run("insert into rest values (1)")
    for sql, (table, work) in ATTACHED.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["table"], effect["work"], effect["is_proven"]) == ([None, table], work, True), sql


@on("postgresql")
def test_statements_of_postgresql_that_build_on_each_other(project: Project):
    project.app("")
    project.ok("init")
    project.database.run("create table t (id serial primary key)")
    project.database.run("insert into t default values")
    first, second = effects(project, "op.execute('ALTER TABLE t ADD n integer')\nop.execute('ALTER TABLE t ALTER n TYPE bigint')")
    assert (first["work"], second["work"]) == ("", "rewrite")


@on("postgresql", "mariadb")
def test_one_row_by_its_key_is_not_all_rows(project: Project):
    project.app("")
    project.ok("init")
    project.database.run("create table t (id integer primary key, b integer)")
    project.database.run("insert into t values (5, 1)")
    one, many = effects(project, "op.execute('UPDATE t SET b = 2 WHERE id = 5')\nop.execute('UPDATE t SET b = 2 WHERE b = 1')")
    assert (one["work"], one["blocks"], many["work"]) == ("", "", "rewrite")
