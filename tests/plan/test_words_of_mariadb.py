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
