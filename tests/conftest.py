"""Fixtures: servers for the session, a fresh database and a project for each test."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("kit")

from kit import (  # noqa: E402
    EVERY,
    Database,
    Project,
    servers,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--realworld", action="store_true", help="run the histories of published packages, too")


def pytest_configure(config: pytest.Config) -> None:
    """Have tests write into memory, where there is room: a disk takes several times as long to make and drop their files."""
    if config.option.basetemp is None and (place := servers.memory()):
        config.option.basetemp = tempfile.mkdtemp(prefix="whimbrel-tests-", dir=place)
        config.add_cleanup(lambda: shutil.rmtree(config.option.basetemp, ignore_errors=True))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Leave the cache of whoever runs the tests alone, but for what pip has downloaded."""
    home = tempfile.mkdtemp(prefix="whimbrel-cache-")
    session.config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ.setdefault("PIP_CACHE_DIR", os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pip"))
    os.environ["XDG_CACHE_HOME"] = home


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is downloaded, unless it is asked for; and one of the servers, where they take turns."""
    left_out = set() if config.getoption("--realworld") else {item for item in items if item.get_closest_marker("realworld")}
    if os.environ.get("WHIMBREL_TEST_SERVERS") == "by turns":
        left_out |= {item for item in items if is_for_the_other_server(item)}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    kept = [item for item in items if item not in left_out]
    items[:] = sorted(kept, key=lambda item: item.get_closest_marker("realworld") is None)  # what takes longest comes first


def pytest_collection_finish() -> None:
    """What has been loaded stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def is_for_the_other_server(item: pytest.Item) -> bool:
    """Whether a test that runs on every database leaves out the server that this one is for: one of the two, by its name."""
    kind = getattr(getattr(item, "callspec", None), "params", {}).get("database")
    has_chosen = any("database" in str(marker.args[0]).split(",") for marker in item.iter_markers("parametrize"))
    if kind not in ("postgresql", "mariadb") or has_chosen:
        return False
    turn = zlib.crc32(item.nodeid.replace(kind, "").encode()) % 2
    return kind != ("postgresql", "mariadb")[turn]


class Server:
    """A server, and who makes databases on it.

    A database is dropped after the next one has been made: PostgreSQL waits for the sessions that are still about to end.
    """

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self.done_with: list[str] = []

    def run(self, sql: str) -> None:
        with self.admin.connect() as connection:
            connection.execute(sa.text(sql))

    def new(self, name: str) -> sa.URL:
        self.run(f"create database {name}")
        self.drop()
        return self.url.set(database=name)

    def drop(self) -> None:
        force = " with (force)" if self.url.get_backend_name() == "postgresql" else ""
        while self.done_with:
            self.run(f"drop database {self.done_with.pop()}{force}")


@contextmanager
def server(kind: str) -> Iterator[Server]:
    with getattr(servers, kind)() as url:
        made = Server(url)
        yield made
        made.drop()
        made.admin.dispose()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with server("postgresql") as made:
        yield made


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    with server("mariadb") as made:
        yield made


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path):
    """Call it with a kind of database to get a fresh one."""
    made: list[tuple[Server, Database]] = []

    def make(kind: str, suffix: str = "") -> Database:
        name = f"w_{uuid.uuid4().hex[:12]}{suffix}"
        if kind == "sqlite":
            return Database(kind, sa.URL.create("sqlite", database=str(tmp_path / f"{name}.db")))
        server: Server = request.getfixturevalue(f"{kind}_server")
        made.append((server, Database(kind, server.new(name))))
        return made[-1][1]

    yield make
    for server, database in made:
        database.engine.dispose()
        server.done_with.append(str(database.address.database))


@pytest.fixture(params=EVERY)
def database(request: pytest.FixtureRequest, new_database) -> Database:
    """A fresh database of every kind, or of the kinds that @on() names."""
    return new_database(request.param)


@pytest.fixture
def project(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty folder, which is also the working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = Project(folder, database)
    yield made
    made.close()
