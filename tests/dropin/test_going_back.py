"""Projects that Whimbrel made: the real Flask-Migrate and Alembic can take over on any day, without Whimbrel."""

from __future__ import annotations

import pytest
from apps import (
    AIOFLASK,
    AIOFLASK_MULTIDB,
    EXAMPLE_URL,
    FIRST,
    FIRST_MULTIDB,
    FLASK,
    FLASK_MULTIDB,
    PLAIN_FIRST,
    PLAIN_WIDER,
    SECOND,
    SECOND_MULTIDB,
)
from twins import FlaskTwins, on

pytestmark = pytest.mark.dropin

ALCHEMICAL = AIOFLASK.replace("from alchemical.aio import", "from alchemical import")


def lives(twins: FlaskTwins, app: str, first: str, second: str, *options: str) -> None:
    twins.write("app.py", app + first)
    twins.made_by(twins.ours, " ".join(["init", *options]))
    twins.run("""
        revision -m by-hand --rev-id a0
        upgrade
        migrate -m first --rev-id a1
        upgrade
    """)
    twins.write("app.py", app + second)
    twins.run("""
        !check
        migrate -m second --rev-id a2
        upgrade
        check
        current
        downgrade
        upgrade head
    """)
    assert twins.version == ["a2"]
    assert twins.tables == ["author", "book"]
    twins.run("downgrade base")
    assert twins.tables == twins.version == []


def test_one_database(flask_twins):
    lives(flask_twins(FLASK), FLASK, FIRST, SECOND)


@on("sqlite", "mariadb")
def test_two_databases(flask_twins):
    lives(flask_twins(FLASK_MULTIDB, "users"), FLASK_MULTIDB, FIRST_MULTIDB, SECOND_MULTIDB, "--multidb")


@on("sqlite")
def test_alchemical(flask_twins):
    lives(flask_twins(ALCHEMICAL), ALCHEMICAL, FIRST, SECOND)


@on("postgresql")
def test_an_asynchronous_engine(flask_twins):
    lives(flask_twins(AIOFLASK), AIOFLASK, FIRST, SECOND, "-t aioflask")


@on("sqlite")
def test_two_asynchronous_engines(flask_twins):
    lives(flask_twins(AIOFLASK_MULTIDB, "users"), AIOFLASK_MULTIDB, FIRST_MULTIDB, SECOND_MULTIDB, "-t aioflask-multidb")


def test_without_flask(plain_twins):
    twins = plain_twins()
    twins.made_by(twins.ours, "init migrations")
    twins.edit("alembic.ini", EXAMPLE_URL, "$URL\n")
    twins.edit("migrations/env.py", "# from myapp.models import Base\ntarget_metadata = None", "from models import Base")
    twins.edit("migrations/env.py", "target_metadata=target_metadata", "target_metadata=Base.metadata")
    twins.write("models.py", PLAIN_FIRST)
    twins.run("""
        revision --autogenerate -m first --rev-id a1
        upgrade head
    """)
    twins.write("models.py", PLAIN_WIDER)
    twins.run("""
        !check
        revision --autogenerate -m second --rev-id a2
        upgrade head
        check
        downgrade -1
        downgrade base
    """)
    assert twins.version == twins.tables == []
