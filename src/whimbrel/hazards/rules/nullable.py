"""A column may be null from now on.

Programs that run while this is deployed have never met a null there. MODIFY and CHANGE of MySQL and MariaDB do that wherever they
don't say NOT NULL, and so does ``op.alter_column()`` without ``existing_nullable=False``.

Release programs that can read nulls first.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp with nullable=True on a column that is NOT NULL in a table with rows."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or op.modify_nullable is not True or table is None or not live.has_rows(table):
        return
    known = live.column_known_as(table_of(op) or table, op.column_name)
    there = live.columns_of(table) or {}
    if live.connection is None:
        is_new = "redefines" not in op.kw  # which says it of every column, also of those that may be null
    else:
        is_new = known in there and not there[known]["nullable"] and known not in live.primary_key(table)
    if known is not None and is_new:
        name = f"{shown(table)}.{known}"
        yield Found(name, f"programs that read {name} meet nulls as soon as somebody writes one")


rule = Rule(
    code="null-breaks-programs",
    severity="notice",
    why="The programs that run were written for a column that always has a value.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(50), nullable=True)""",
    good="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("age", existing_type=sa.Integer(), nullable=True)""",
    gives_way=True,
)
