"""Engines of MariaDB that do not keep rows."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

IN_MEMORY = "2 rows of bird would be lost when the server stops: MEMORY does not keep them"


@pytest.mark.parametrize(
    ("now", "change", "said"),
    [
        ("InnoDB", "ENGINE=memory", [IN_MEMORY]),
        (
            "InnoDB",
            "COMMENT 'x', ENGINE = HEAP",
            [IN_MEMORY],
        ),
        ("InnoDB", "ENGINE `BLACKHOLE`", ["2 rows of bird would be lost at once: BLACKHOLE does not keep them"]),
        ("MEMORY", "ENGINE=MEMORY", []),
        ("Aria", "ENGINE=InnoDB", []),
    ],
)
@on("mariadb")
def test_rows_that_an_engine_does_not_keep(project: Project, now, change, said):
    project.app("")
    project.ok("init")
    project.database.run(f"create table bird (id int) engine={now}")
    project.database.run("insert into bird values (1), (2)")
    project.revision(f'op.execute("ALTER TABLE bird {change}")', id="aaaa", after=None)
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    assert [each["message"] for each in listed if each["code"] == "engine-loses-data"] == said
