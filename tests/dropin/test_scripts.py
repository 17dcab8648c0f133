"""``--sql``: both tools write the same script.

Two differences are harmless, and taken out before the comparison: Alembic lets SQLAlchemy add a RETURNING to the INSERT
into its version table, which nobody reads; and which row of the version table is updated and which one is inserted when
a merge is undone is left to chance there.
"""

from __future__ import annotations

import re
from itertools import zip_longest

import pytest
from apps import FIRST_MULTIDB, FLASK, FLASK_MULTIDB
from twins import FlaskTwins, Pair, on

pytestmark = pytest.mark.dropin

UP = """
op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20), server_default="it's"))
op.create_index("ix_t_name", "t", ["name"])
op.execute("insert into t (name) values ('50%'), (':colon')")
op.bulk_insert(sa.table("t", sa.column("name", sa.String)), [{"name": "x"}, {"name": "y'"}])
"""
DOWN = """
op.drop_index("ix_t_name", "t")
op.drop_table("t")
"""
UNREAD = re.compile(r" RETURNING [\w.]+;$", re.MULTILINE)
EITHER_PARENT = re.compile(r"(?<=version_num\) VALUES \()'[ab]2'|(?<=SET version_num=)'[ab]2'(?= WHERE .* = 'c1')")


@pytest.fixture
def project(flask_twins) -> FlaskTwins:
    twins = flask_twins(FLASK)
    twins.made_by(twins.theirs, "init")
    twins.revision("a1", up=UP, down=DOWN)
    twins.revision("a2", "a1", up="op.add_column('t', sa.Column('age', sa.Integer))", down="op.drop_column('t', 'age')")
    twins.table("b2", "a1")
    twins.revision("c1", ("a2", "b2"))
    return twins


def same_script(pair: Pair) -> list[str]:
    """The script that both wrote."""
    theirs, ours = (EITHER_PARENT.sub("'…'", UNREAD.sub(";", done.out)).splitlines() for done in (pair.theirs, pair.ours))
    for line, other in zip_longest(theirs, ours):
        assert line == other, f"\n{pair}"
    return ours


def test_all_the_way(project):
    assert "CREATE TABLE t (" in same_script(project.run("upgrade --sql"))
    assert "DROP TABLE t;" in same_script(project.run("downgrade --sql c1:base"))


@on("postgresql")
def test_a_part_of_the_way(project):
    for command in (
        "upgrade --sql a1:heads",
        "upgrade --sql a2:c1",
        "upgrade --sql base:+1",
        "upgrade --sql a1:a2",
        "downgrade --sql c1:a1",
        "downgrade --sql a2:a1",
        "downgrade --sql head:b2",
    ):
        assert len(same_script(project.run(command))) > 4
    project.run("""
        !upgrade --sql a1:+1
        !downgrade --sql
        !downgrade --sql a1
    """)


@on("sqlite", "postgresql")
def test_stamp(project):
    for command in ("stamp --sql head", "stamp --sql a1:c1", "stamp --sql c1:a1"):
        assert any("alembic_version" in line for line in same_script(project.run(command)))
    same_script(project.run("stamp --sql base"))
    assert project.version == []


@on("mariadb")
def test_several_databases_write_a_file_each(flask_twins):
    twins = flask_twins(FLASK_MULTIDB + FIRST_MULTIDB, "users")
    twins.made_by(twins.theirs, "init --multidb")
    twins.run("""
        migrate -m first --rev-id a1
        upgrade --sql
    """)
    assert "CREATE TABLE author (" in twins.read(".sql")
    assert "CREATE TABLE user_account (" in twins.read("users.sql")
