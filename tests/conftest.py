"""Fixtures: servers for the session, a fresh database and a project for each test."""

from __future__ import annotations

import os
import sys
import uuid
import zlib
from collections.abc import Iterator
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is downloaded, unless it is asked for; and one of the servers, where they take turns."""
    left_out = set() if config.getoption("--realworld") else {item for item in items if item.get_closest_marker("realworld")}
    if os.environ.get("WHIMBREL_TEST_SERVERS") == "by turns":
        left_out |= {item for item in items if is_for_the_other_server(item)}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def is_for_the_other_server(item: pytest.Item) -> bool:
    """Whether a test that runs on every database leaves out the server that this one is for: one of the two, by its name."""
    kind = getattr(getattr(item, "callspec", None), "params", {}).get("database")
    has_chosen = any("database" in str(marker.args[0]).split(",") for marker in item.iter_markers("parametrize"))
    if kind not in ("postgresql", "mariadb") or has_chosen:
        return False
    turn = zlib.crc32(item.nodeid.replace(kind, "").encode()) % 2
    return kind != ("postgresql", "mariadb")[turn]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[sa.URL]:
    with servers.mariadb() as url:
        yield url


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path):
    """Call it with a kind of database to get a fresh one."""
    made: list[Database] = []

    def make(kind: str, suffix: str = "") -> Database:
        name = f"w_{uuid.uuid4().hex[:12]}{suffix}"
        if kind == "sqlite":
            return Database(kind, sa.URL.create("sqlite", database=str(tmp_path / f"{name}.db")))
        server: sa.URL = request.getfixturevalue(f"{kind}_server")
        admin = sa.create_engine(server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
        made.append(Database(kind, server.set(database=name)))
        return made[-1]

    yield make
    for database in made:
        database.engine.dispose()
        admin = sa.create_engine(request.getfixturevalue(f"{database.kind}_server"), isolation_level="AUTOCOMMIT")
        force = " with (force)" if database.kind == "postgresql" else ""
        with admin.connect() as connection:
            connection.execute(sa.text(f"drop database {database.address.database}{force}"))
        admin.dispose()


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
    if made.module is not None:
        with made.module.app.app_context():
            for engine in made.module.db.engines.values():
                engine.dispose()
