"""A published package, unpacked twice: once for Whimbrel, once for today's tool."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

pytest.register_assert_rewrite("sides")

from published import Package  # noqa: E402
from sides import Pair, Side  # noqa: E402

from kit.environments import flask_migrate_python  # noqa: E402


@pytest.fixture
def pair(new_database, tmp_path: Path) -> Callable[..., Pair]:
    """Makes both sides for a package, on databases of one kind.

    prepare: configures a side, as the application's user does it. databases: their names.
    """

    def make(package: Package, kind: str, prepare: Callable[[Side], None], databases: Collection[str] = ("",)) -> Pair:
        sides = []
        for tool, python in (("alembic", flask_migrate_python()), ("whimbrel", Path(sys.executable))):
            side = Side(tool, python, tmp_path / tool, {name: new_database(kind) for name in databases})
            package.unpack(side.folder)
            prepare(side)
            sides.append(side)
        return Pair(*sides)

    return make
