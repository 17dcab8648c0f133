"""The two tools, and pairs of projects for them to work on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("twins")

from tool import Tool  # noqa: E402
from twins import FlaskTwins, PlainTwins, Side, Twins  # noqa: E402

from kit import EVERY  # noqa: E402
from kit.environments import flask_migrate_python  # noqa: E402

OURS = ("whimbrel.cli", "whimbrel.extension", "whimbrel.execution.runner", "whimbrel.autogenerate.write")


@pytest.fixture(scope="session")
def theirs() -> Iterator[Tool]:
    """The real Flask-Migrate and Alembic, where Whimbrel is not installed."""
    tool = Tool("flask_migrate", "alembic", flask_migrate_python(), "flask_migrate.cli")
    yield tool
    tool.close()


@pytest.fixture(scope="session")
def ours() -> Iterator[Tool]:
    tool = Tool("whimbrel", "whimbrel", sys.executable, *OURS)
    yield tool
    tool.close()


@pytest.fixture(params=EVERY)
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind of database, or the kinds that @on() names."""
    return request.param


@pytest.fixture
def make_twins(theirs: Tool, ours: Tool, new_database, kind: str, tmp_path: Path) -> Iterator[Callable[..., Twins]]:
    sides: list[Side] = []

    def make(cls: type[Twins], names: tuple[str, ...]) -> Twins:
        for n in range(2):
            folder = tmp_path / f"side{n}"
            folder.mkdir()
            sides.append(Side(folder, {name: new_database(kind) for name in ("", *names)}))
        return cls(theirs, ours, (sides[0], sides[1]))

    yield make
    for side in sides:
        side.close()


@pytest.fixture
def flask_twins(make_twins) -> Callable[..., FlaskTwins]:
    """Makes two copies of a Flask project. app: its app.py. names: of the databases that it has besides the default one."""

    def make(app: str, *names: str) -> FlaskTwins:
        twins = make_twins(FlaskTwins, names)
        twins.write("app.py", app)
        return twins

    return make


@pytest.fixture
def plain_twins(make_twins) -> Callable[..., PlainTwins]:
    """Makes two copies of a project without Flask."""
    return lambda *names: make_twins(PlainTwins, names)
