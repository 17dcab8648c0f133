"""A session that is ended at any moment: what is said is true, and what it names goes on."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from test_lock import end, start
from test_patience import WAITING, another, wait_until

from kit import Project, Result, on

EVERY_POINT = int(os.environ.get("WHIMBREL_TEST_EVERY_POINT", "11"))  # each takes a while
FIRST = """
op.create_table("item", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))
op.create_table("ledger", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
op.bulk_insert(sa.table("item", sa.column("id"), sa.column("name")), [{"id": n, "name": f"item {n}"} for n in range(1, 6)])
"""
UP = """
op.execute("insert into ledger (id, n) values (1, 10)")
with op.get_context().autocommit_block():
    op.create_index("ix_item_name", "item", ["name"], postgresql_concurrently=True)
op.add_column("item", sa.Column("weight", sa.Integer))
op.execute("update item set weight = id * 2")
op.execute("COMMIT")
op.create_index("ix_item_weight", "item", ["weight"], postgresql_concurrently=True)
op.execute("update ledger set n = n + 1")
"""


class Ended:
    """Ends the first session that comes to its n-th point: before or after a statement, at a commit or the beginning."""

    def __init__(self, project: Project, point: int) -> None:
        self.database = project.database
        self.left = point
        self.engine: sa.Engine | None = None
        self.is_postgresql = self.database.kind == "postgresql"

    def pass_point(self, connection: sa.Connection, *_: Any) -> None:
        self.engine = self.engine or connection.engine
        if connection.engine is self.engine:
            if not self.left:
                driver: Any = connection.connection.dbapi_connection
                self.end(driver.info.backend_pid if self.is_postgresql else driver.thread_id())
            self.left -= 1

    def end(self, id: int) -> None:
        with sa.create_engine(self.database.address, poolclass=sa.NullPool).connect() as other:
            other.exec_driver_sql(f"select pg_terminate_backend({id}, 5000)" if self.is_postgresql else f"kill {id}")


def upgrade(project: Project, point: int) -> Result | None:
    """Upgrade with a session that is ended there; None where the run has ended before."""
    ended = Ended(project, point)
    names = ("before_cursor_execute", "after_cursor_execute", "commit", "begin")
    for name in names:
        sa.event.listen(sa.Engine, name, ended.pass_point)
    try:
        result = project.flask("upgrade")
    finally:
        for name in names:
            sa.event.remove(sa.Engine, name, ended.pass_point)
    return result if ended.left < 0 else None


@on("postgresql", "mariadb")
def test_a_session_that_is_ended_at_any_moment(project: Project, new_database):
    project.app("")
    project.ok("init")
    project.revision(FIRST, id="aaaa")
    project.revision(UP, id="bbbb")
    kind, states = project.database.kind, {}
    for revision in ("aaaa", "bbbb"):
        project.ok("upgrade", revision)
        states[revision] = project.database.state()
    halves = 0
    for point in count(0, EVERY_POINT):
        project.database = new_database(kind)
        project.app("")
        project.ok("upgrade", "aaaa")
        result = upgrade(project, point)
        if result is None:
            break
        assert "unexpected" not in result.text, f"point {point}: {result}"
        assert result.code in (0, 1, 2, 3), f"point {point}: {result}"
        if "Nothing of this revision is left" in result.text:
            assert project.database.state() == states["aaaa"], f"point {point}: {result}"
        is_half = result.code == 3
        halves += is_half
        project.flask("resume" if is_half else "upgrade").exits(0)
        assert project.database.state() == states["bbbb"], f"point {point}: {result}"
    assert halves


# A statement that waits for the rows of another session, and the server does not notice that nobody waits for it.
WAITS = {
    "postgresql": "create index concurrently ix on item (name)",
    "mariadb": "create table parcel as select * from item lock in share mode",
}
ENDS = {"postgresql": "select pg_terminate_backend(", "mariadb": "KILL "}
EXECUTING = {
    "postgresql": "select count(*) = 0 from pg_stat_activity where query = '{0}' and state = 'active'",
    "mariadb": "select count(*) = 0 from information_schema.processlist where info = '{0}'",
}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@on("postgresql", "mariadb")
def test_a_statement_that_goes_on_after_its_process_has_gone(project: Project, number: int):
    database, kind = project.database, project.database.kind
    project.app("")
    project.ok("init")
    project.revision(FIRST)
    project.ok("upgrade")
    project.revision(f"op.execute('{WAITS[kind]}')\nop.create_table('last', sa.Column('id', sa.Integer))")
    with another(database, "update item set name = 'x'") as blocker:
        run = start(project, "upgrade", "--lock-timeout", "300")
        wait_until(database, WAITING[kind] if kind == "postgresql" else f"select not ({EXECUTING[kind].format(WAITS[kind])})")
        run.send_signal(number)
        end(run)
        project.flask("resume").exits(3).says("the database still executes its statement", f"or end it ({ENDS[kind]}")
        blocker.rollback()
    wait_until(database, EXECUTING[kind].format(WAITS[kind]))
    project.ok("resume")
    assert database.version() == [project.head]
    assert "last" in database.tables()


@on("mariadb")
def test_an_interruption_by_the_user_leaves_a_statement_to_the_server(project: Project):
    project.app("")
    project.ok("init")
    project.revision(FIRST)
    project.ok("upgrade")
    project.revision(f"op.create_table('first', sa.Column('id', sa.Integer))\nop.execute('{WAITS['mariadb']}')")
    with another(project.database, "update item set name = 'x'") as blocker:
        run = start(project, "upgrade", "--lock-timeout", "300")
        wait_until(project.database, f"select not ({EXECUTING['mariadb'].format(WAITS['mariadb'])})")
        run.send_signal(signal.SIGINT)
        code, said = end(run)
        blocker.rollback()
    assert code == 3, said
    assert "failed on upgrade: interrupted" in said
    assert "It has also left behind a session that still executes the last of them (KILL " in said
    wait_until(project.database, EXECUTING["mariadb"].format(WAITS["mariadb"]))
    project.ok("resume")
    assert project.database.version() == [project.head]
