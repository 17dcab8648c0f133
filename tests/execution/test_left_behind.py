"""A statement of PostgreSQL that is several transactions, interrupted: what is said to be left is left, and the way out works."""

from __future__ import annotations

import signal

import pytest
from test_lock import end, start
from test_patience import another, meanwhile, wait_until

from kit import Database, Project, on

pytestmark = on("postgresql")

WRITES, READS = "update bird set name = name", "select * from flock"
INDEX = "create index ix on bird (name)"
PARTS = "create table flock (id integer) partition by range (id); create table part partition of flock for values from (0) to (9)"
# The statement, what is there before, the transaction that it has to wait for, what it leaves behind.
INTERRUPTED = {
    "a build": ("create index concurrently ix on bird (name)", "select 1", WRITES, "the index public.ix, which is not valid; "),
    "capitals": ("create index concurrently IX on bird (name)", "select 1", WRITES, "the index public.ix, which is not valid; "),
    "a build without a name": (
        "create index concurrently on bird (name)",
        "select 1",
        WRITES,
        "the index public.bird_name_idx, which is not valid: drop it",
    ),
    "a drop": ("drop index concurrently ix", INDEX, WRITES, "the index public.ix, which is not valid; the next attempt drops it"),
    "a rebuild": ("reindex index concurrently ix", INDEX, WRITES, "the index public.ix_ccnew, which is not valid; "),
    "rebuilds": (
        "reindex (verbose) table concurrently bird",
        INDEX,
        WRITES,
        "the indexes public.bird_pkey_ccnew, public.ix_ccnew, which are not valid; the next attempt drops them",
    ),
    "a detachment": (
        "alter table flock detach partition part concurrently",
        PARTS,
        READS,
        "a partition whose detachment is pending; the next attempt completes it",
    ),
}
HOWS = {
    "alone": "op.execute('{0}')",
    "in a block": "with op.get_context().autocommit_block():\n    op.execute('{0}')",
    "after a commit": "op.execute('COMMIT')\nop.execute('{0}')",
}
ENDS = {"cancelled": "pg_cancel_backend", "ended": "pg_terminate_backend"}
IS_HALF = """
    select not indisvalid from pg_index where not indisvalid union all select inhdetachpending from pg_inherits
    where inhdetachpending
"""


@pytest.fixture
def birds(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr("whimbrel.dialects._postgresql_alone.CLEARS_WITHIN", "200ms")
    project.app("")
    project.ok("init")
    project.revision("op.create_table('bird', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.Text))")
    project.ok("upgrade")
    return project


IN_THE_MIDDLE = "pid <> pg_backend_pid() and wait_event_type = 'Lock' and query ~* 'concurrently'"


def interrupt(database: Database, end: str) -> None:
    """End a statement that waits for a transaction, in its middle."""
    wait_until(database, f"select count(*) from pg_stat_activity where {IN_THE_MIDDLE}")
    database.run(f"select {end}(pid) from pg_stat_activity where {IN_THE_MIDDLE}")


def is_interrupted(birds: Project, what: str, up: str, end: str = "pg_cancel_backend") -> None:
    """Upgrade with a revision that is interrupted, and with one that is not; what it says is left, and nothing in the end."""
    statement, before, blocks, left = INTERRUPTED[what]
    for each in before.split("; "):
        birds.database.run(each)
    birds.revision(up.format(statement))
    with another(birds.database, blocks) as blocker:
        with meanwhile(lambda: interrupt(birds.database, end)):
            failed = birds.flask("upgrade", "--lock-timeout", "0")
        failed.exits(3 if "nest" in up else 1).says(
            f"left behind {left}" if "nest" in up else f"is left in the database, but {left}"
        )
        assert birds.database.run(IS_HALF)
        blocker.rollback()
    if "drop it" in left:
        birds.database.run("drop index bird_name_idx")
    birds.ok("resume" if "nest" in up else "upgrade")
    assert birds.database.version() == [birds.head]
    assert birds.database.run(IS_HALF) == []
    there = "select count(*) from pg_class where relname in ('ix', 'bird_name_idx') union all select count(*) from pg_inherits"
    assert birds.database.run(there) == [(0 if what in ("a drop", "a detachment") else 1,), (0,)]


@pytest.mark.parametrize("what", INTERRUPTED)
def test_what_is_said_to_be_left_is_left_and_gone_after_the_next_attempt(birds: Project, what: str):
    is_interrupted(birds, what, HOWS["alone"])


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("how", HOWS)
def test_however_it_stands_in_the_revision_and_however_it_ends(birds: Project, how: str, end: str):
    is_interrupted(birds, "a drop", HOWS[how], ENDS[end])


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("how", HOWS)
def test_what_is_left_beside_what_stays(birds: Project, how: str, end: str):
    is_interrupted(birds, "a rebuild", f"op.create_table('nest', sa.Column('id', sa.Integer))\n{HOWS[how]}", ENDS[end])


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("before", ["", "op.create_table('nest', sa.Column('id', sa.Integer))\n"])
def test_an_interruption_by_the_user(birds: Project, how: str, before: str):
    statement, _, blocks, left = INTERRUPTED["a build"]
    birds.revision(before + HOWS[how].format(statement))
    with another(birds.database, blocks):
        run = start(birds, "upgrade", "--lock-timeout", "0")
        wait_until(birds.database, f"select count(*) from pg_stat_activity where {IN_THE_MIDDLE}")
        run.send_signal(signal.SIGINT)
        code, said = end(run)
    assert "failed on upgrade: interrupted" in said
    assert left in said
    assert (code, "stays (1 statement)" in said) == ((3, True) if before else (1, False)), said
    birds.ok("resume" if before else "upgrade")
    assert birds.database.run(IS_HALF) == []


def test_an_interruption_by_the_user_that_leaves_nothing(birds: Project):
    birds.revision("op.execute('update bird set id = id + 1')\nop.execute('lock table bird')")
    with another(birds.database, "select * from bird"):
        run = start(birds, "upgrade", "--lock-timeout", "0")
        wait_until(birds.database, "select count(*) from pg_stat_activity where query = 'lock table bird'")
        run.send_signal(signal.SIGINT)
        code, said = end(run)
    assert (code, said.strip().splitlines()[-1]) == (1, "Aborted!")
    birds.ok("upgrade")
