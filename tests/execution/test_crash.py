"""A run that is killed at any moment can be finished, and then everything is as if nothing had happened."""

from __future__ import annotations

import os
import signal
from itertools import count

import pytest
import sqlalchemy as sa

from kit import Project
from whimbrel.dialects import dialect_of

EVERY_POINT = int(os.environ.get("WHIMBREL_TEST_EVERY_POINT", "7"))  # each takes a while
FIRST = """
op.create_table("item", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.create_table("ledger", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
op.bulk_insert(sa.table("item", sa.column("id"), sa.column("name")), [{"id": n, "name": f"item {n}"} for n in range(1, 6)])
"""
UP = {
    "data, then structure, and so on": """
        op.execute("insert into ledger (id, n) values (1, 10)")
        op.add_column("item", sa.Column("weight", sa.Integer))
        op.execute("update item set weight = id * 2")
        op.execute("update ledger set n = n + 1")
        op.create_table("parcel", sa.Column("id", sa.Integer, primary_key=True))
        op.execute("insert into parcel (id) values (7)")
        op.create_index("ix_item_name", "item", ["name"])
        bind = op.get_bind()
        for row in bind.execute(sa.text("select id from item order by id")).all():
            bind.execute(sa.text("update item set weight = weight + 1 where id = :id"), {"id": row.id})
        op.drop_table("parcel")
        op.execute("insert into ledger (id, n) values (2, 20)")
    """,
    "parts that commit by themselves": """
        op.execute("insert into ledger (id, n) values (1, 10)")
        with op.get_context().autocommit_block():
            op.create_index("ix_item_name", "item", ["name"], postgresql_concurrently=True)
        op.add_column("item", sa.Column("weight", sa.Integer))
        op.execute("update item set weight = id * 2")
        op.execute("COMMIT")
        op.create_index("ix_item_weight", "item", ["weight"], postgresql_concurrently=True)
        op.execute("update ledger set n = n + 1")
    """,
}
SECOND = 'op.execute("update ledger set n = n * 100")'


@pytest.fixture(params=[*UP])
def killed(request: pytest.FixtureRequest, project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(FIRST, id="aaaa")
    project.revision(UP[request.param], "op.drop_column('item', 'weight')", id="bbbb")
    project.revision(SECOND, id="cccc")
    return project


def test_a_run_that_is_killed_is_finished_by_what_the_message_names(killed: Project, capsys: pytest.CaptureFixture[str]):
    start(killed)
    killed.ok("upgrade")
    undisturbed = killed.database.state()
    points = half = 0
    for point in count(0, EVERY_POINT):
        start(killed)
        if not is_killed(killed, point):
            break
        points += 1
        result = killed.flask("upgrade")
        if result.code == 3:
            half += 1
            result.says("flask db resume")
            killed.ok("resume")
            killed.ok("upgrade")
        else:
            result.exits(0)
        assert killed.database.state() == undisturbed, f"killed at point {point}"
    assert points > 60 // EVERY_POINT
    with capsys.disabled():
        print(f"\n  {killed.database.kind}: killed at {points} points, {half} of them half-way", end="")  # noqa: T201


def start(project: Project) -> None:
    """A database with some rows, and two revisions to run."""
    with project.database.engine.begin() as connection:
        dialect_of(connection.dialect.name).drop_all(connection)
    project.ok("upgrade", "aaaa")


def is_killed(project: Project, point: int) -> bool:
    """Run an upgrade in another process that is killed at its n-th point; False where it ends before."""
    project.database.engine.dispose()
    app = project.loaded
    with app.app.app_context():
        for engine in app.db.engines.values():
            engine.dispose()
    child = os.fork()
    if not child:
        code = 9
        try:
            kill_at(point)
            code = project.flask("upgrade").code
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def kill_at(point: int) -> None:
    """Kill this process before or after a statement or a commit: the points are counted from 0."""
    left = point

    def pass_point(*_: object) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    for name in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
        sa.event.listen(sa.Engine, name, pass_point)
