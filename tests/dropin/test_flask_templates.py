"""Projects of Flask-Migrate's four templates, unmodified: they go on under Whimbrel, and back."""

from __future__ import annotations

import pytest
from apps import (
    AIOFLASK,
    AIOFLASK_MULTIDB,
    FIRST,
    FIRST_MULTIDB,
    FLASK,
    FLASK_MULTIDB,
    SECOND,
    SECOND_MULTIDB,
)
from twins import FlaskTwins, on

pytestmark = pytest.mark.dropin

# SQLAlchemy 2.0 removed what this template calls. https://docs.sqlalchemy.org/en/20/changelog/migration_20.html
AS_IN_SQLALCHEMY_1 = """
from sqlalchemy.ext.asyncio import AsyncConnection

AsyncConnection._sync_connection = lambda self: self.sync_connection
"""


def lives(twins: FlaskTwins, template: str, app: str, first: str, second: str) -> None:
    twins.made_by(twins.theirs, f"init -t {template}")
    twins.write("app.py", app + first)
    twins.run("""
        migrate -m first --rev-id a1
        upgrade
    """)
    twins.write("app.py", app + second)
    twins.run("""
        !check
        migrate -m second --rev-id a2
        !migrate -m early
        upgrade
        migrate -m nothing
        check
        downgrade
        current
        upgrade +1
        downgrade base
    """)
    assert twins.tables == twins.version == []
    twins.run("upgrade")
    assert twins.tables == ["author", "book"]
    assert twins.version == ["a2"]


@on("mariadb")
def test_flask(flask_twins):
    lives(flask_twins(FLASK), "flask", FLASK, FIRST, SECOND)


@on("postgresql")
def test_flask_multidb(flask_twins):
    lives(flask_twins(FLASK_MULTIDB, "users"), "flask-multidb", FLASK_MULTIDB, FIRST_MULTIDB, SECOND_MULTIDB)


@on("sqlite")
def test_aioflask(flask_twins):
    lives(flask_twins(AIOFLASK), "aioflask", AIOFLASK, FIRST, SECOND)


@on("postgresql")
def test_aioflask_multidb_where_sqlalchemy_is_as_it_was_written_for(flask_twins):
    app = AIOFLASK_MULTIDB + AS_IN_SQLALCHEMY_1
    lives(flask_twins(app, "users"), "aioflask-multidb", app, FIRST_MULTIDB, SECOND_MULTIDB)


@on("sqlite")
def test_aioflask_multidb_with_sqlalchemy_2_does_not_run_at_home_either(flask_twins):
    twins = flask_twins(AIOFLASK_MULTIDB + FIRST_MULTIDB, "users")
    twins.made_by(twins.theirs, "init -t aioflask-multidb")
    pair = twins.run("!migrate -m first")
    assert "'AsyncConnection' object has no attribute '_sync_connection'" in pair.theirs.err
    assert "'AsyncConnection' object has no attribute '_sync_connection'" in pair.ours.err
