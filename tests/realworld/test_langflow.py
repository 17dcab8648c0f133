"""langflow-base 1.13.0: 162 revisions, 30 of them merges, on an asynchronous engine.

Its env.py takes an advisory lock for the time of one transaction, and begins SQLite's transactions itself. It is run as
its developers run it: in the folder of the package, which has a package ``alembic`` of its own.
"""

from __future__ import annotations

import pytest
from published import Package
from sides import Pair, Side, records

pytestmark = pytest.mark.realworld

LANGFLOW = Package(
    "langflow-base",
    "1.13.0",
    files=("langflow/alembic.ini", "langflow/alembic/*", "langflow/utils/migration.py"),
    stands_in={
        "lfx/log/logger.py": """
            import logging

            logger = logging.getLogger("langflow")
        """,
        # Only `command.check` compares with the models.
        "langflow/services/database/service.py": """
            import sqlalchemy


            class SQLModel:
                metadata = sqlalchemy.MetaData()
        """,
        # For databases that the models had made before there were revisions.
        "langflow/services/database/models/catalog_policy.py": """
            import sqlalchemy


            class CatalogPolicyRule:
                __table__ = sqlalchemy.Table("catalog_policy_rule", sqlalchemy.MetaData())
        """,
        # SQLModel has not been released for SQLAlchemy 2.1; on SQLite and PostgreSQL this is what its type does.
        "sqlmodel/__init__.py": """
            from .sql import sqltypes
            from .sql.sqltypes import AutoString
        """,
        "sqlmodel/sql/sqltypes.py": """
            from sqlalchemy import types


            class AutoString(types.TypeDecorator):
                impl = types.String
                cache_ok = True
        """,
    },
)


TIME = "2025-03-01 12:00:00"
ADA, BO, FOLDER, FLOW, OTHER = (f"{n:032x}" for n in range(1, 6))
USERS = {
    "user": records(
        "id username password is_active is_superuser create_at updated_at",
        (ADA, "Ada", "x", True, True, TIME, TIME),
        (BO, "bo", "y", True, False, TIME, TIME),
    ),
    "folder": records("id name user_id", (FOLDER, "Birds", ADA)),
    "flow": records(
        "id name user_id folder_id data endpoint_name access_type",
        (FLOW, "Tides", ADA, FOLDER, '{"nodes": [], "edges": []}', None, "PRIVATE"),
        (OTHER, "Winds", BO, None, None, "winds", "PUBLIC"),
    ),
    "message": records(
        "id timestamp sender sender_name session_id text flow_id error edit",
        (ADA, TIME, "User", "Ada", "s1", "When is it high?", FLOW, False, False),
        (BO, TIME, "Machine", "AI", "s1", "At six.", FLOW, False, True),
    ),
    "apikey": records("id name api_key user_id created_at total_uses is_active", (ADA, "key", "sk-1", ADA, TIME, 3, True)),
    "variable": records("id name value type user_id created_at", (BO, "TOKEN", "secret", "Credential", BO, TIME)),
    "transaction": records("id timestamp vertex_id status flow_id", (ADA, TIME, "v1", "success", FLOW)),
    "vertex_build": records("build_id id timestamp flow_id valid", (ADA, "v1", TIME, FLOW, True)),
    "file": records("id user_id name path size created_at updated_at", (ADA, ADA, "a.txt", "/a.txt", 3, TIME, TIME)),
}


def prepare(side: Side) -> None:
    side.cwd = side.folder / "langflow"
    url = side.database.url.replace("sqlite:", "sqlite+aiosqlite:")
    side.edit("langflow/alembic.ini", "sqlite+aiosqlite:///./langflow.db", url)


@pytest.fixture
def langflow(kind: str, pair) -> Pair:
    return pair(LANGFLOW, kind, prepare)


def up_three_down_and_up_again(langflow: Pair) -> None:
    first = langflow.run("upgrade", "f3b2d1f1002d").revisions
    langflow.insert(USERS)
    assert first + langflow.run("upgrade", "head").revisions == 162
    langflow.down_three_and_up()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_langflow_on_sqlite_from_base_to_head_three_down_and_up_again(langflow: Pair):
    up_three_down_and_up_again(langflow)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_langflow_on_postgresql_from_base_to_head_three_down_and_up_again(langflow: Pair):
    up_three_down_and_up_again(langflow)
    # This downgrade drops a constraint of another name. Those before it are undone as far as a1b2c9d3e4f5 committed them.
    ours = langflow.stops("downgrade", "base", at="012fb73ac359", because='constraint "flow_folder_id_fkey" of relation "flow"')
    langflow.same()
    assert "the rest of the run was rolled back" in ours.text
    assert ours.code == 3
