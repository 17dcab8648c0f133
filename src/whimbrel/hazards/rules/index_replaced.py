"""An index is dropped before the one that takes its place is built.

Meanwhile every query that needs it reads the whole table. Within one transaction nobody notices, but for the lock; where each
statement is committed by itself, everybody does.

Create the new index first, under another name, and drop the old one then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..rule import Case, Found, Rule
from ._data import later
from ._safe import names


def look(case: Case) -> Iterator[Found]:
    """DropIndexOp outside of a transaction, and CreateIndexOp for the same column afterwards."""
    op, table = case.op, case.table
    if not isinstance(op, ops.DropIndexOp) or table is None or not case.live.has_rows(table):
        return
    if case.live.dialect.ddl_rolls_back and not case.step.outside:
        return
    first = columns_of(case, table, str(op.index_name))[:1]
    made = (each for each in later(case) if isinstance(each, ops.CreateIndexOp) and table_of(each) == table_of(op))
    for each in (each for each in made if each not in case.step.operations):  # one ALTER TABLE does both at once
        if first and names(each.columns)[:1] == first:
            waits = f"queries by {first[0]} read the whole of {shown(table)} until {each.index_name} is built"
            yield Found(f"{shown(table)}.{op.index_name}", f"{op.index_name} goes first: {waits}")
            return


def columns_of(case: Case, table: Table, name: str) -> list[Any]:
    """The columns of an index that is there; none where nobody knows."""
    if case.live.connection is None:
        return []
    found = case.live.inspector.get_indexes(table[1], schema=table[0])
    return next((each["column_names"] for each in found if each["name"] == name), [])


rule = Rule(
    code="index-replaced-late",
    severity="notice",
    asks_database=True,
    why="Between the two statements there is no index.",
    look=look,
    given=("CREATE INDEX ix_old ON person (age)",),
    bad="""with op.get_context().autocommit_block():
        op.drop_index("ix_old", "person", postgresql_concurrently=True)
        op.create_index("ix_new", "person", ["age", "name"], postgresql_concurrently=True)""",
    good="""with op.get_context().autocommit_block():
        op.create_index("ix_new", "person", ["age", "name"], postgresql_concurrently=True)
        op.drop_index("ix_old", "person", postgresql_concurrently=True)""",
    on=("postgresql", "mysql"),
)
