"""Sequences, extensions, exclude constraints, identities and computed columns."""

from __future__ import annotations

import pytest

from kit import on

BASE = """
class Room(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    a = db.Column(db.Integer)
    {more}
"""
CHANGES = {
    "an expression": (
        "c = db.Column(db.Integer, db.Computed('a + 1', persisted=True))",
        "c = db.Column(db.Integer, db.Computed('a + 2', persisted=True))",
    ),
}
IDENTITIES = {
    "options": (
        "n = db.Column(db.Integer, db.Identity(), nullable=False)",
        "n = db.Column(db.Integer, db.Identity(always=True, start=5, increment=5), nullable=False)",
    ),
    "comes": ("n = db.Column(db.Integer, nullable=False)", "n = db.Column(db.Integer, db.Identity(), nullable=False)"),
}
PERIODS = """
from sqlalchemy.dialects.postgresql import ExcludeConstraint, INT4RANGE
class Booking(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    span = db.Column(INT4RANGE)
    __table_args__ = ({more},)
"""
WITH = "ExcludeConstraint(('span', '{}'), name='no_overlap', using='gist')"


def there_and_back(project, before: str, after: str) -> None:
    """A change is seen, made, seen no more, and taken back."""
    project.app(before)
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    state = project.database.state()
    project.app(after)
    project.ok("migrate")
    project.ok("upgrade")
    assert project.ok("check").out
    project.ok("downgrade")
    assert project.database.state() == state
    project.ok("upgrade")
    project.ok("check")


@pytest.mark.parametrize("change", CHANGES)
def test_another_expression(project, change):
    there_and_back(project, *(BASE.format(more=each) for each in CHANGES[change]))


@pytest.mark.parametrize("change", ["options", "comes"])
@pytest.mark.parametrize("turned", [False, True])
@on("postgresql")
def test_an_identity(project, change, turned):
    there_and_back(project, *(BASE.format(more=each) for each in IDENTITIES[change][:: -1 if turned else 1]))


@on("postgresql")
def test_a_new_identity_counts_on(project):
    project.app(BASE.format(more=IDENTITIES["comes"][0]))
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.database.run("insert into room (id, n) values (1, 7)")
    project.app(BASE.format(more=IDENTITIES["comes"][1]))
    project.ok("migrate").says("identity")
    project.ok("upgrade")
    project.database.run("insert into room (id) values (2)")
    assert project.database.run("select n from room order by id") == [(7,), (8,)]


def test_what_becomes_computed_is_said(project):
    project.app(BASE.format(more="c = db.Column(db.Integer)"))
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.app(BASE.format(more="c = db.Column(db.Integer, db.Computed('a + 1', persisted=True))"))
    project.refused("check").says("room: column c", "computed in the models")


@pytest.mark.parametrize(
    ("before", "after"), [("", WITH.format("&&")), (WITH.format("&&"), ""), (WITH.format("="), WITH.format("&&"))]
)
@on("postgresql")
def test_an_exclude_constraint(project, before, after):
    there_and_back(project, *(PERIODS.format(more=each).replace("(,)", "()") for each in (before, after)))


@pytest.mark.parametrize("turned", [False, True])
@on("postgresql")
def test_a_sequence(project, turned):
    models = [
        BASE.format(more="") + line
        for line in (
            "",
            "db.Sequence('invoice', metadata=db.metadata)",
            "db.Sequence('invoice', increment=10, metadata=db.metadata)",
        )
    ]
    there_and_back(project, *(models[1:] if turned else models[:2]))


@on("postgresql")
def test_an_extension(project):
    project.keywords = ", extensions=['plpgsql', 'pg_trgm']"
    there_and_back(project, "", BASE.format(more=""))
    assert project.database.run("select 1 from pg_extension where extname = 'pg_trgm'") == [(1,)]
