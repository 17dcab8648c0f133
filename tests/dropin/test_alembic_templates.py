"""Projects of Alembic's five templates, without Flask: they go on under ``whimbrel …``, and back."""

from __future__ import annotations

import pytest
from apps import EXAMPLE_URL, OTHER, PLAIN_FIRST, PLAIN_WIDER
from twins import PlainTwins, on

pytestmark = pytest.mark.dropin


def lives(twins: PlainTwins, template: str, url: str = "$URL", more: str = "") -> None:
    twins.made_by(twins.theirs, f"init -t {template} migrations")
    twins.edit("alembic.ini", EXAMPLE_URL, f"{url}\n")
    if more:
        twins.edit("alembic.ini", EXAMPLE_URL.replace("dbname", "dbname2"), "$SECOND_URL\n")
        twins.edit("migrations/env.py", "target_metadata = {}\n", "from models import metadata as target_metadata\n")
    else:
        twins.edit("migrations/env.py", "target_metadata = None\n", "from models import Base\ntarget_metadata = Base.metadata\n")
    twins.write("models.py", PLAIN_FIRST + more)
    twins.run("""
        revision --autogenerate -m first --rev-id a1
        upgrade head
    """)
    twins.write("models.py", PLAIN_WIDER + more)
    twins.run("""
        !check
        revision --autogenerate -m second --rev-id a2
        upgrade +1
        check
        current -v
        downgrade -1
        stamp head
        stamp a1
        upgrade heads
        downgrade base
    """)
    assert twins.tables == twins.version == []


@on("postgresql")
def test_generic(plain_twins):
    lives(plain_twins(), "generic")


@on("sqlite")
def test_multidb(plain_twins):
    lives(plain_twins("second"), "multidb", more=OTHER)


@on("postgresql")
def test_async(plain_twins):
    lives(plain_twins(), "async", "$ASYNC_URL")


@on("mariadb")
def test_pyproject(plain_twins):
    lives(plain_twins(), "pyproject")


@on("sqlite")
def test_pyproject_async(plain_twins):
    lives(plain_twins(), "pyproject_async", "$ASYNC_URL")
