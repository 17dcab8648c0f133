"""An index of a partitioned table, built CONCURRENTLY.

PostgreSQL cannot do that. Create the index ``ON ONLY`` the partitioned table, which is done at once, build one on each partition
``CONCURRENTLY``, and attach them: ``ALTER INDEX ix_visit ATTACH PARTITION ix_visit_1``.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._sql import literal


def look(case: Case) -> Iterator[Found]:
    """CreateIndexOp with CONCURRENTLY on a table with partitions."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.CreateIndexOp) or not op.kw.get("postgresql_concurrently") or table is None:
        return
    if live.some(f"select 1 from pg_class where oid = to_regclass({literal(live.quoted(table))}) and relkind = 'p'"):
        name = op.index_name or "an index"
        message = f"{name} cannot be built CONCURRENTLY: {shown(table)} has partitions"
        yield Found(str(name), message, f"CREATE INDEX {name} ON ONLY {shown(table)} …, then CONCURRENTLY on each partition")


rule = Rule(
    code="partitioned-index-fails",
    severity="danger",
    why="CREATE INDEX CONCURRENTLY is not for partitioned tables.",
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
