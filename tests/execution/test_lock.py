"""One run at a time on a database: any number of processes may start, and one after the other does what is left."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from kit import Project, on
from whimbrel.dialects import dialect_of
from whimbrel.dialects._file_lock import FileLock
from whimbrel.events import ignore
from whimbrel.execution.lock import holding

ROUNDS = int(os.environ.get("WHIMBREL_TEST_ROUNDS", "3"))
AT_ONCE = 8

CREATE = "op.create_table('bird', sa.Column('id', sa.Integer, primary_key=True))"
INSERT = "op.execute('insert into bird values (1)')"
# Says that it is at work, and waits until it is let go.
HOLDS = """
import pathlib, time
pathlib.Path("at_work").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


def shop(project: Project, *ups: str) -> None:
    project.app("")
    project.ok("init")
    for up in ups:
        project.revision(up)


def start(project: Project, *args: str) -> subprocess.Popen[str]:
    env = {"FLASK_APP": str(project.folder / "app.py"), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "db", *args],
        cwd=project.folder,
        env=os.environ | env,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=600)
    return process.returncode, out + err


def wait_for(path: Path) -> None:
    until = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < until, f"no {path.name} within 300 s"
        time.sleep(0.02)


def at_work(project: Project, *args: str) -> subprocess.Popen[str]:
    """A run that is in the middle of a revision."""
    process = start(project, *args)
    wait_for(project.folder / "at_work")
    return process


def lock_files(project: Project) -> list[Path]:
    folder = Path(str(project.database.address.database)).parent
    return list(folder.glob("*.whimbrel-lock"))


def test_eight_upgrades_of_a_fresh_database(project: Project, new_database):
    """Nobody fails, and what changes data happens once."""
    shop(project, CREATE, INSERT)
    kind = project.database.kind
    for _ in range(ROUNDS):
        project.database = new_database(kind)
        project.app("")
        results = [end(process) for process in [start(project, "upgrade") for _ in range(AT_ONCE)]]
        assert [said for code, said in results if code] == []
        assert project.database.version() == [project.head]
        assert project.database.rows("bird") == [(1,)]
        assert kind != "sqlite" or lock_files(project) == []


@on("sqlite")
def test_eight_upgrades_of_a_file_in_wal_mode_and_without_patience_of_the_driver(project: Project):
    project.config = 'app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 0}}'
    shop(project, CREATE, INSERT)
    project.database.run("pragma journal_mode = wal")
    results = [end(process) for process in [start(project, "upgrade") for _ in range(AT_ONCE)]]
    assert [said for code, said in results if code] == []
    assert project.database.rows("bird") == [(1,)]


def test_who_waits_says_for_whom_and_finds_nothing_left(project: Project):
    shop(project, CREATE, HOLDS)
    first = at_work(project, "upgrade")
    second = start(project, "upgrade")
    said = second.stderr.readline()
    (project.folder / "go").touch()
    assert end(first)[0] == 0
    assert end(second) == (0, "")
    who = r"session \d+ of user tester from .+" if project.database.kind == "mariadb" else rf"process {first.pid} on .+"
    assert re.fullmatch(
        rf"Another run is at work on this database: {who}, since \d\d:\d\d:\d\d\. Waiting for it to end\.", said.strip()
    )


def test_who_has_waited_long_enough_names_the_way_out(project: Project):
    shop(project, CREATE, HOLDS)
    first = at_work(project, "upgrade")
    said = project.refused("upgrade", "--wait", "0.2").says(
        "Another run is at work on this database, and has not ended within 0.2 s:", "Wait for it longer with --wait SECONDS."
    )
    ends = {"sqlite": f"end process {first.pid}", "postgresql": "select pg_terminate_backend(", "mariadb": "KILL "}
    said.says(ends[project.database.kind])
    (project.folder / "go").touch()
    assert end(first)[0] == 0


@pytest.mark.parametrize("command", ["downgrade", "stamp", "ensure-version"])
@on("sqlite", "postgresql", "mariadb")
def test_whoever_writes_the_version_table_waits(project: Project, command):
    shop(project, CREATE, HOLDS)
    first = at_work(project, "upgrade")
    arguments = ["--wait", "0", *(["base"] if command == "downgrade" else [])]
    project.flask(command, *arguments).exits(1).says("Another run is at work")
    (project.folder / "go").touch()
    assert end(first)[0] == 0


def test_who_only_reads_does_not_wait(project: Project):
    shop(project, CREATE, HOLDS)
    project.ok("upgrade", "+1")
    first = at_work(project, "upgrade")
    project.ok("current")
    project.ok("upgrade", "000000000001", "--wait", "0")
    (project.folder / "go").touch()
    assert end(first)[0] == 0


def test_a_crash_gives_the_lock_back(project: Project):
    shop(project, CREATE, HOLDS)
    first = at_work(project, "upgrade")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (project.folder / "go").touch()
    assert end(start(project, "upgrade", "--wait", "30"))[0] == 0
    assert project.database.version() == [project.head]


def test_two_version_tables_are_independent(project: Project):
    project.keywords = ", version_table='other_version'"
    shop(project, HOLDS)
    first = at_work(project, "upgrade")
    project.keywords = ""
    project.app("")
    project.ok("stamp", "--unchecked", "--wait", "0")
    (project.folder / "go").touch()
    assert end(first)[0] == 0


def test_a_process_does_not_wait_for_itself(project: Project):
    """Two binds may be one database, and a revision may run another command."""
    table = sa.Table("alembic_version", sa.MetaData())
    dialect = dialect_of(project.database.engine.dialect.name)
    engine = project.database.engine
    with engine.connect() as one, engine.connect() as other, holding(dialect.lock(one, table), 0, ignore):
        with holding(dialect.lock(other, table), 0, ignore):
            pass
        assert not dialect.lock(other, table).take()


@on("postgresql")
def test_tenants_in_schemas_of_their_own_are_independent(project: Project):
    shop(project, CREATE)
    table = sa.Table("alembic_version", sa.MetaData())
    with project.database.engine.connect() as one, project.database.engine.connect() as other:
        for connection, schema in ((one, "a"), (other, "b")):
            project.database.run(f"create schema {schema}")
            connection.execute(sa.text(f"set search_path to {schema}"))
        postgresql = dialect_of("postgresql")
        locks = [postgresql.lock(connection, table) for connection in (one, other, other)]
        assert [lock.take() for lock in locks] == [True, True, False]
        for lock in locks:
            lock.release()


@on("postgresql")
@pytest.mark.parametrize("pool", ["NullPool", "StaticPool", "AssertionPool", "SingletonThreadPool"])
def test_any_pool_gives_a_second_connection(project: Project, pool):
    project.config = f"""
        import sqlalchemy.pool
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {{"poolclass": sqlalchemy.pool.{pool}}}
    """
    shop(project, CREATE)
    project.ok("upgrade")


@on("postgresql")
def test_a_pool_of_one_whose_connections_a_function_makes(project: Project):
    address = project.database.address
    dsn = address.set(drivername="postgresql").render_as_string(hide_password=False)
    project.config = f"""
        import psycopg
        app.config["SQLALCHEMY_DATABASE_URI"] = {address.set(password="wrong").render_as_string(hide_password=False)!r}
        options = {{"pool_size": 1, "max_overflow": 0, "pool_timeout": 1, "creator": lambda: psycopg.connect({dsn!r})}}
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    """
    shop(project, CREATE)
    project.ok("upgrade")


@on("postgresql")
def test_an_asynchronous_engine(project: Project):
    url = project.database.address.set(drivername="postgresql+psycopg_async").render_as_string(hide_password=False)
    shop(project, CREATE, HOLDS)
    project.write(
        "migrations/env.py",
        f"""
        import asyncio
        from alembic import context
        from sqlalchemy.ext.asyncio import create_async_engine

        def run(connection):
            context.configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()

        async def main():
            engine = create_async_engine({url!r})
            async with engine.connect() as connection:
                await connection.run_sync(run)
            await engine.dispose()

        asyncio.run(main())
        """,
    )
    first = at_work(project, "upgrade")
    project.flask("upgrade", "--wait", "0").exits(1).says(f"process {first.pid} on")
    (project.folder / "go").touch()
    assert end(first)[0] == 0
    assert project.database.version() == [project.head]


def test_nothing_pending_needs_no_lock(project: Project, monkeypatch):
    shop(project, CREATE)
    project.ok("upgrade")
    monkeypatch.setattr("whimbrel.execution.runner.take_lock", lambda *args: pytest.fail("took a lock"))
    project.ok("upgrade")
    project.ok("stamp", "--unchecked")


@on("mariadb")
def test_state_is_read_again_in_a_transaction_that_is_older_than_the_lock(project: Project):
    """What a transaction of env.py saw before it waited is old."""
    shop(project, CREATE)
    project.ok("upgrade")
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
    project.revision(f"{HOLDS}\n{INSERT}")
    first = at_work(project, "upgrade")
    second = start(project, "upgrade")
    assert "Another run is at work" in second.stderr.readline()
    (project.folder / "go").touch()
    assert end(first)[0] == 0
    assert end(second) == (0, "")
    assert project.database.rows("bird") == [(1,)]


@on("sqlite")
def test_a_lock_file_that_a_crash_left_is_nobodys(project: Project):
    shop(project, CREATE)
    path = Path(f"{os.path.realpath(str(project.database.address.database))}.whimbrel-lock")
    path.write_text("1 2026-01-01T00:00:00+00:00 elsewhere\n")
    project.ok("upgrade", "--wait", "0")
    assert not path.exists()


@on("sqlite")
def test_a_lock_file_that_is_removed_while_somebody_waits_for_it(project: Project, tmp_path):
    path = tmp_path / "lock"
    first, second, third = (FileLock(str(path)) for _ in range(3))
    assert first.take()
    with closing(path.open("rb")) as waiting:
        first.release()
        assert second.take()
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of a file that nobody can find any more
        assert not third.take()
    second.release()
    assert third.take()
    third.release()


@on("sqlite")
def test_memory_needs_no_lock(project: Project):
    project.config = 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"'
    shop(project, CREATE)
    project.ok("upgrade")
    assert lock_files(project) == []


@on("sqlite")
def test_where_a_file_cannot_be_locked_it_is_said_and_the_run_goes_on(project: Project, monkeypatch: pytest.MonkeyPatch):
    def no_locks(file: int) -> bool:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("whimbrel.dialects._file_lock.try_to_lock", no_locks)
    project.app("")
    project.ok("init")
    project.revision("op.execute('create table a (id integer)')")
    project.ok("upgrade").says("No lock could be taken", "Operation not supported")
    assert project.database.tables() == ["a"]
