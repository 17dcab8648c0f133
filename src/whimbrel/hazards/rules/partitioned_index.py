"""An index of a partitioned table, built or dropped CONCURRENTLY.

PostgreSQL cannot do that. Create the index ``ON ONLY`` the partitioned table, which is done at once, build one on each partition
``CONCURRENTLY``, and attach them: ``ALTER INDEX ix_visit ATTACH PARTITION ix_visit_1``. Drop it without CONCURRENTLY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._safe import index
from ._sql import is_partitioned, literal, statements

DROP = re.compile(r"DROP INDEX CONCURRENTLY", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """CreateIndexOp with CONCURRENTLY on a table with partitions, and DropIndexOp of such an index."""
    op, table, live = case.op, case.table, case.live
    if isinstance(op, ops.DropIndexOp) and any(map(DROP.match, statements(case))):
        named = live.quoted((op.schema, str(op.index_name)))
        if live.some(f"select 1 from pg_class where oid = to_regclass({literal(named)}) and relkind = 'I'"):
            yield Found(str(op.index_name), f"{op.index_name} cannot be dropped CONCURRENTLY: its table has partitions")
        return
    if not isinstance(op, ops.CreateIndexOp) or not op.kw.get("postgresql_concurrently") or table is None:
        return
    if is_partitioned(live, table):
        name = op.index_name or "an index"
        message = f"{name} cannot be built CONCURRENTLY: {shown(table)} has partitions"
        yield Found(
            str(name), message, index(case, str(op.index_name or f"ix_{op.table_name}"), table_of(op) or table, op.columns)
        )


rule = Rule(
    code="partitioned-index-fails",
    severity="danger",
    why="CREATE and DROP INDEX CONCURRENTLY are not for partitioned tables.",
    look=look,
    given=(
        "CREATE TABLE visit (id integer) PARTITION BY RANGE (id)",
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (100)",
    ),
    bad="""with op.get_context().autocommit_block():
        op.create_index("ix_visit", "visit", ["id"], postgresql_concurrently=True)""",
    good="""op.execute("CREATE INDEX ix_visit ON ONLY visit (id)")
    with op.get_context().autocommit_block():
        op.create_index("ix_visit_1", "visit_1", ["id"], postgresql_concurrently=True)""",
    on=("postgresql",),
)
