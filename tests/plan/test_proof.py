"""What MariaDB says itself about statements: each is tried on an empty copy, with the strictest promise first."""

from __future__ import annotations

import json

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
    "ALTER TABLE t MODIFY e ENUM('a','b','c')": ("", ""),
    "ALTER TABLE t ADD COLUMN u VARCHAR(40) DEFAULT (uuid())": ("writes", "rewrite"),
    "ALTER TABLE t CONVERT TO CHARACTER SET latin1": ("writes", "rewrite"),
}
TABLE = "create table t (id int primary key, b int, c varchar(50), e enum('a','b')) default charset utf8mb4"


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
    project.database.run("insert into t (id) values (1)")
    for sql, expected in CASES.items():
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["blocks"], effect["work"], effect["is_proven"]) == (*expected, True), sql
    assert project.database.run("show databases like 'whimbrel_scratch_%'") == []


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
    for sql in ("ALTER TABLE t ENGINE=Aria", "ALTER TABLE t PARTITION BY HASH(id) PARTITIONS 2"):
        (effect,) = effects(project, f'op.execute("{sql}")')
        assert (effect["blocks"], effect["work"], effect["is_proven"]) == ("writes", "rewrite", False), sql
