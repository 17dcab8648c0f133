"""A revision does not stand in anybody's way for long, and says who stands in its own."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from test_lock import end, start

from kit import Database, Project, on

SERVERS = ("postgresql", "mariadb")
PERSON = "op.create_table('person', sa.Column('id', sa.Integer, primary_key=True), sa.Column('email', sa.String(50)))"
NICK = "op.add_column('person', sa.Column('nick', sa.String(50)))"
SHORT = ("--lock-timeout", "1", "--retry-for", "1")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr("whimbrel.execution.patience.FIRST_PAUSE", 0.1)
    monkeypatch.setattr("whimbrel.execution.patience.LONGEST_PAUSE", 0.1)
    monkeypatch.setattr("whimbrel.execution.patience.LOOK_AFTER", 0.05)  # who blocks is found out in time on any machine
    monkeypatch.setattr("whimbrel.execution.patience.LOOK_EVERY", 0.05)


def people(project: Project, *ups: str) -> None:
    """A table in use, and more revisions that are pending."""
    project.app("")
    project.ok("init")
    project.revision(PERSON)
    project.ok("upgrade")
    project.database.run("insert into person (id, email) values (1, 'a@x')")
    for up in ups:
        project.revision(up)


@contextmanager
def another(database: Database, *statements: str) -> Iterator[sa.Connection]:
    """Another session in a transaction that has executed these statements."""
    with database.engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
        yield connection


# Sessions that wait for a lock, and those that execute a text.
WAITING = {
    "postgresql": "select count(*) from pg_stat_activity where wait_event_type = 'Lock'",
    "mariadb": "select count(*) from information_schema.processlist where state like 'Waiting for%lock'",
}
EXECUTING = {
    "postgresql": "select count(*) from pg_stat_activity where query ilike '%{0}%' and pid <> pg_backend_pid()",
    "mariadb": "select count(*) from information_schema.processlist where info like '%{0}%' and id <> connection_id()",
}


def wait_until(database: Database, sql: str) -> None:
    """Until a query counts something, not for a number of seconds: a machine may be slow."""
    until = time.monotonic() + 100
    while not database.run(sql)[0][0]:
        assert time.monotonic() < until, f"nothing within 100 s: {sql}"
        time.sleep(0.02)


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something in another thread; what goes wrong there goes wrong here."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        yield
        done.result()


@contextmanager
def leaves_after(seconds: float, connection: sa.Connection, database: Database) -> Iterator[None]:
    """The transaction of a connection ends when somebody has waited for it for a while."""

    def leave() -> None:
        try:
            wait_until(database, WAITING[database.kind])
            time.sleep(seconds)
        finally:
            connection.rollback()

    with meanwhile(leave):
        yield


def session(connection: sa.Connection) -> int:
    asks = "select pg_backend_pid()" if connection.dialect.name == "postgresql" else "select connection_id()"
    return int(connection.scalar(sa.text(asks)) or 0)


@on("postgresql")
def test_the_error_names_revision_statement_blocker_and_way_out(project: Project):
    people(project, NICK)
    with another(project.database, "select email from person") as blocker:
        id = session(blocker)
        blocker.execute(sa.text("select email from person"))
        said = project.refused("upgrade", *SHORT)
    lines = said.err.splitlines()
    user = project.database.address.username
    assert lines[0].startswith(
        f"Waiting for a lock. Blocked by process {id}, user {user} from 127.0.0.1, idle in transaction for "
    )
    assert lines[0].endswith(" s: select email from person")
    assert lines[1] == "No lock to be had: giving way, and trying again for up to 1 s."
    assert lines[2] == "Error: Revision 000000000002 (by hand) failed on upgrade: canceling statement due to lock timeout"
    assert lines[3] == "  in: ALTER TABLE person ADD COLUMN nick VARCHAR(50)"
    assert lines[4].startswith(f"Blocked by process {id}, user {user}")
    assert lines[6] == "Nothing of this revision is left in the database."
    assert lines[7] == (
        f"Next: Wait until that transaction has ended, or end it (select pg_terminate_backend({id})), then start again;"
        " or try for longer with --retry-for."
    )


@pytest.mark.parametrize("command", ["plan", "review", "upgrade"])
@on("postgresql")
def test_a_table_that_cannot_be_looked_at(project: Project, command: str):
    people(project, "op.drop_column('person', 'email')")
    with another(project.database, "lock table person in access exclusive mode") as blocker:
        id = session(blocker)
        said = project.flask(command, *SHORT).exits(1)
    said.says(
        "No lock to be had: giving way, and trying again for up to 1 s.",
        "A table that is to be looked at is locked by somebody else.",
        f"Blocked by process {id}",
        f"Next: Wait until that transaction has ended, or end it (select pg_terminate_backend({id})), then start again",
    )
    assert "by hand" in project.ok("plan").out


@pytest.mark.parametrize("command", ["plan", "review"])
@on("mariadb")
def test_a_table_whose_rows_somebody_has_locked(project: Project, command: str):
    people(project, "op.alter_column('person', 'email', existing_type=sa.String(50), nullable=False)", NICK)
    with another(project.database, "lock tables person write") as blocker:
        said = project.flask(command, *SHORT)
        blocker.execute(sa.text("unlock tables"))
    said.says("person.email may be null in some rows, and must not be: that could not be counted in 2 s")


@pytest.mark.parametrize("command", ["plan", "review", "upgrade"])
@on("mariadb")
def test_a_table_whose_structure_is_being_changed(project: Project, command: str):
    people(project, "op.drop_column('person', 'email')")
    project.database.run("create table pet (id int primary key)")
    with another(project.database, "select * from pet"), project.database.engine.connect() as renames:
        id = session(renames)

        def rename() -> None:
            with suppress(sa.exc.OperationalError):  # it is ended below
                renames.execute(sa.text("rename table person to person_2, pet to pet_2"))

        with meanwhile(rename):
            try:
                wait_until(project.database, WAITING["mariadb"])
                said = project.flask(command, *SHORT).exits(1)
            finally:
                project.database.run(f"kill {id}")
    said.says(
        "trying again for up to 1 s.", "A table that is to be looked at is locked by somebody else.", "Perhaps blocked by process"
    )
    assert "by hand" in project.ok("plan").out


@on("mariadb")
def test_the_error_names_who_may_block(project: Project):
    people(project, NICK)
    with another(project.database, "select email from person") as blocker:
        id = session(blocker)
        said = project.refused("upgrade", *SHORT)
    said.says(f"Perhaps blocked by process {id}, user tester from 127.0.0.1", "idle in transaction for", "Lock wait timeout")


@on("mariadb")
def test_the_plugin_of_mariadb_says_for_sure_who_blocks(project: Project):
    people(project, NICK)
    project.database.run("install soname 'metadata_lock_info'")
    try:
        with another(project.database, "select email from person") as blocker:
            id = session(blocker)
            project.refused("upgrade", *SHORT).says(f"\nBlocked by process {id}, user tester", f"end it (KILL {id})")
    finally:
        project.database.run("uninstall soname 'metadata_lock_info'")


@on("mariadb")
def test_who_holds_a_row_lock_is_known(project: Project):
    people(project, "op.execute(\"update person set email = 'b@x'\")")
    with another(project.database, "update person set email = 'c@x'") as blocker:
        id = session(blocker)
        project.refused("upgrade", *SHORT).says(f"\nBlocked by process {id}, user tester")


@on("postgresql")
def test_blockers_in_json(project: Project):
    people(project, NICK)
    with another(project.database, "select email from person"):
        said = project.flask("upgrade", *SHORT, "--format", "json").exits(1)
    found = json.loads(said.out)
    assert found["error"] == "Blocked"
    assert [(one["state"], one["query"]) for one in found["blockers"]] == [("idle in transaction", "select email from person")]


@on(*SERVERS)
def test_it_goes_on_when_the_blocker_leaves(project: Project):
    people(project, NICK)
    with another(project.database, "select email from person") as blocker, leaves_after(2, blocker, project.database):
        project.ok("upgrade", "--lock-timeout", "1").says("trying again for up to 60 s")
    assert "nick" in project.database.columns("person")


@on("postgresql")
def test_a_deadlock_is_tried_again(project: Project):
    other = "op.create_table('other', sa.Column('id', sa.Integer))"
    people(project, other)
    project.ok("upgrade")
    project.revision(f"{NICK}\nop.execute('select pg_sleep(1)')\nop.add_column('other', sa.Column('nick', sa.String(50)))")
    with another(project.database, "set deadlock_timeout = '20s'", "select * from other") as blocker:

        def cross() -> None:
            wait_until(project.database, EXECUTING["postgresql"].format("pg_sleep(1)"))
            blocker.execute(sa.text("select * from person"))
            blocker.rollback()

        with meanwhile(cross):
            project.ok("upgrade", "--lock-timeout", "0").says("trying again")
    assert project.database.version() == [project.head]


@on("mariadb")
def test_rows_that_were_written_before_a_deadlock_are_not_lost_in_silence(project: Project):
    """The server takes them back, so the statement alone must not be repeated."""
    people(project)
    project.database.run("create table other (id int primary key)")
    project.database.run("insert into other values (1)")
    project.revision("""
        op.execute("update person set email = 'b@x'")
        op.execute("do sleep(1)")
        op.execute("update other set id = 2 where id = 1")
    """)
    with another(project.database, "update other set id = 0 where id = 1") as blocker:
        for n in range(20):  # the server takes back the transaction that has written less
            blocker.execute(sa.text(f"insert into other values ({n + 100})"))

        def cross() -> None:
            wait_until(project.database, EXECUTING["mariadb"].format("do sleep(1)"))
            blocker.execute(sa.text("update person set email = 'c@x'"))
            blocker.commit()

        with meanwhile(cross):
            project.flask("upgrade", "--lock-timeout", "20").exits(1).says("Deadlock")
    project.ok("upgrade")
    assert project.database.rows("person")[0][1] == "b@x"


@on("postgresql")
def test_a_revision_that_has_committed_is_not_run_again(project: Project):
    people(
        project,
        f"""
        with op.get_context().autocommit_block():
            op.execute("insert into person (id) values (2)")
        {NICK}
        """,
    )
    with another(project.database, "select email from person"):
        project.flask("upgrade", *SHORT).exits(3).says("Blocked by", "It stopped half-way", "flask db resume")
    assert len(project.database.rows("person")) == 2


@pytest.mark.parametrize("way", [[], ["--back"]])
@on(*SERVERS)
def test_what_goes_on_after_it_stopped_does_not_keep_others_waiting(project: Project, way: list[str]):
    people(
        project,
        f"""
        with op.get_context().autocommit_block():
            {NICK}
        op.execute("insert into gate values (1)")
        op.add_column('person', sa.Column('more', sa.Integer))
        """,
    )
    project.flask("upgrade").exits(3)
    project.database.run("create table gate (id integer)")
    with another(project.database, "select email from person") as blocker:
        said = (
            project.flask("resume", *way, *SHORT).exits(3).says("Waiting for a lock.", "timeout", f"process {session(blocker)}")
        )
        said.says("flask db resume")
    project.ok("resume", *way)
    assert ("more" in project.database.columns("person"), "nick" in project.database.columns("person")) == (not way, not way)


@on("postgresql")
def test_without_a_limit_it_waits(project: Project):
    people(project, NICK)
    project.keywords = ", lock_timeout=1"
    project.app("")
    with another(project.database, "select email from person") as blocker, leaves_after(3, blocker, project.database):
        said = project.ok("upgrade", "--lock-timeout", "0", "--retry-for", "0")
    assert "trying again" not in said.text
    said.says("Waiting for a lock. Blocked by")


SEEN = {
    "postgresql": "select current_setting('lock_timeout')",
    "mariadb": "select concat(@@lock_wait_timeout, ' ', @@innodb_lock_wait_timeout)",
}
AS_SEEN = {"postgresql": ("4s", "1500ms", "7s"), "mariadb": ("4 4", "2 2", "7 4")}
ASKS = "print('seen', op.get_bind().scalar(sa.text({0!r})))"


@on(*SERVERS)
def test_the_time_is_set_for_the_run(project: Project):
    kind = project.database.kind
    people(project, ASKS.format(SEEN[kind]), ASKS.format(SEEN[kind]))
    project.ok("upgrade", "+1").says(f"seen {AS_SEEN[kind][0]}")
    project.ok("upgrade", "+1", "--lock-timeout", "1.5").says(f"seen {AS_SEEN[kind][1]}")


@on(*SERVERS)
def test_a_time_of_env_py_is_kept(project: Project):
    kind = project.database.kind
    people(project, ASKS.format(SEEN[kind]))
    sets = "SET lock_timeout = '7s'" if kind == "postgresql" else "SET SESSION lock_wait_timeout = 7"
    env = project.folder / "migrations" / "env.py"
    changed = env.read_text().replace("context.run_migrations(", f'connection.exec_driver_sql("{sets}"); context.run_migrations(')
    assert changed != env.read_text()
    env.write_text(changed)
    project.ok("upgrade").says(f"seen {AS_SEEN[kind][2]}")


@on(*SERVERS)
def test_the_time_is_as_before_afterwards(project: Project):
    kind = project.database.kind
    project.config = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": sa.pool.StaticPool}'
    people(project, NICK, "raise ValueError('no')")
    before = project.database.run(SEEN[kind])
    project.flask("upgrade").exits(1)
    with project.loaded.app.app_context(), project.loaded.db.engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(sa.text(SEEN[kind]))] == before


@on("postgresql")
def test_a_concurrent_build_waits_as_long_as_it_must(project: Project):
    """It keeps nobody waiting, and would leave an invalid index behind."""
    people(
        project,
        """
        with op.get_context().autocommit_block():
            op.create_index("ix_email", "person", ["email"], postgresql_concurrently=True)
            print('seen', op.get_bind().scalar(sa.text("select current_setting('lock_timeout')")))
        """,
    )
    with another(project.database, "insert into person (id) values (2)") as blocker, leaves_after(2.5, blocker, project.database):
        project.ok("upgrade", *SHORT).says("seen 1s")
    assert project.database.run("select indisvalid from pg_index where indexrelid = 'ix_email'::regclass") == [(True,)]


@on("postgresql")
def test_an_env_py_with_a_transaction_of_its_own_gives_up_at_once(project: Project):
    people(project, NICK)
    project.write(
        "migrations/env.py",
        """
        from alembic import context
        from flask import current_app

        with current_app.extensions["migrate"].db.engine.begin() as connection:
            context.configure(connection=connection)
            context.run_migrations()
        """,
    )
    with another(project.database, "select email from person"):
        said = project.refused("upgrade", "--lock-timeout", "1").says("Blocked by process", "Nothing of this run is left")
    assert "trying again" not in said.text


@dataclass
class Load:
    """Readers and writers of a table, as many as there are threads; how long each statement took."""

    database: Database
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"read": [], "write": []})
    errors: list[Exception] = field(default_factory=list)

    @contextmanager
    def at_work(self, readers: int, writers: int) -> Iterator[None]:
        is_over = threading.Event()
        work = [("read", "select count(email) from person")] * readers
        work += [("write", "update person set email = 'b@x' where id = :id")] * writers
        threads = [threading.Thread(target=self.repeat, args=(kind, sql, is_over)) for kind, sql in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_over.set()
            for thread in threads:
                thread.join()

    def repeat(self, kind: str, sql: str, is_over: threading.Event) -> None:
        try:
            with self.database.engine.connect() as connection:
                while not is_over.is_set():
                    started = time.perf_counter()
                    values: dict[str, Any] = {"id": random.randint(1, 100)} if kind == "write" else {}
                    connection.execute(sa.text(sql), values)
                    connection.commit()
                    self.seconds[kind].append(time.perf_counter() - started)
                    time.sleep(0.005)
        except Exception as error:
            self.errors.append(error)


@on("postgresql")
def test_traffic_goes_on_while_an_upgrade_wants_a_lock(project: Project):
    """Nobody waits for two attempts in a row; the numbers are printed (``-s``)."""
    people(project, NICK)
    project.database.run("insert into person select n, 'a@x' from generate_series(2, 100) n")
    load = Load(project.database)
    with another(project.database, "select email from person"), load.at_work(readers=4, writers=2):
        time.sleep(0.5)
        code, said = end(start(project, "upgrade", "--lock-timeout", "3", "--retry-for", "5"))
    assert code == 1, said
    assert not load.errors
    for kind, seconds in load.seconds.items():
        middle, slowest = statistics.median(seconds), max(seconds)
        print(f"\n{kind}: {len(seconds):,} statements, median {middle * 1000:.1f} ms, slowest {slowest:.3f} s, lock timeout 3 s")  # noqa: T201
        assert slowest < 6
