"""An index is built while nobody may write.

Build it ``CONCURRENTLY`` (``postgresql_concurrently=True``), in an ``autocommit_block()``: Whimbrel runs it outside of
the transaction by itself, and repairs an index that was left invalid.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic.operations import ops

from ..rule import Case, Rule
from ._lock import waits
from ._safe import execute, index, of_step

REINDEX = re.compile(r"\s*(REINDEX\s+(?:\([^)]*\)\s*)?(?:TABLE|INDEX|SCHEMA|DATABASE|SYSTEM))\s+(.*)", re.IGNORECASE | re.DOTALL)


def instead(case: Case) -> str:
    """The same, online."""
    if found := next(filter(None, map(REINDEX.match, case.step.sql)), None):
        return execute(f"{found[1]} CONCURRENTLY {found[2]}".rstrip("; \n"))
    op = of_step(case, ops.CreateIndexOp)
    if op is None or not op.columns:
        return "op.create_index(…, postgresql_concurrently=True)"
    table = (op.schema, op.table_name)
    kw = {name: value for name, value in op.kw.items() if name not in ("postgresql_concurrently", "if_not_exists") and value}
    where = kw.get("postgresql_where")
    more = kw | ({"postgresql_where": sa.text(str(where))} if where is not None else {})
    return index(case, str(op.index_name or f"ix_{op.table_name}"), table, op.columns, unique=op.unique or None, **more)


rule = Rule(
    code="index-blocks-writes",
    severity="lock",
    why="CREATE INDEX holds SHARE, and who writes waits for it to end; REINDEX keeps out who reads, too.",
    look=waits("create index", "reindex", safe=instead),
    bad="""op.create_index("ix_person_name", "person", ["name"])""",
    good="""with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name"], postgresql_concurrently=True)""",
    on=("postgresql",),
)
