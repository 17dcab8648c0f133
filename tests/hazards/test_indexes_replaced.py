"""An index that goes before the one in its place is there."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

AFTER = [
    "op.drop_index('ix', 'bird')\nop.create_index('iy', 'bird', ['age', 'name'])",
    "op.execute('DROP INDEX ix ON bird')\nop.execute('ALTER TABLE bird ADD INDEX iy (age)')",
]
AT_ONCE_OR_BEFORE = [
    "op.create_index('iy', 'bird', ['age', 'name'])\nop.drop_index('ix', 'bird')",
    "op.execute('ALTER TABLE bird DROP INDEX ix, ADD INDEX iy (age)')",
    "op.drop_index('ix', 'bird')\nop.create_index('iy', 'bird', ['name'])",
    "op.drop_index('ix', 'bird')",
]


@pytest.mark.parametrize("up", [*AFTER, *AT_ONCE_OR_BEFORE])
@on("mariadb")
def test_an_index_is_missed_where_it_goes_first(project: Project, up: str):
    project.app("")
    project.ok("init")
    project.database.run("create table bird (id int, age int, name varchar(20), key ix (age))")
    project.database.run("insert into bird values (1, 2, 'a')")
    project.revision(up, id="aaaa", after=None)
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    found = [each["message"] for each in listed if each["code"] == "index-replaced-late"]
    said = ["ix goes first: queries by age read the whole of bird until iy is built"]
    assert found == (said if up in AFTER else [])
