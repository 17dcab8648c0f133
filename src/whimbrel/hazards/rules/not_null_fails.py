"""A column shall be NOT NULL, or part of the primary key, and has nulls.

Fill them first, in the same revision: ``op.execute("UPDATE person SET age = 0 WHERE age IS NULL")``. ``migrate --fill`` writes
that for you.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import is_known, unknown, which
from ._safe import column, execute, quoted


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp with nullable=False, and CreatePrimaryKeyOp, over nulls that no step before has filled."""
    op, live, table = case.op, case.live, case.table
    if table is None or not is_known(case):
        return
    for each in columns_of(case):
        known = live.column_known_as(table_of(op) or table, each)
        if known is None or known not in (live.columns_of(table) or {}):
            continue
        is_null = f"{live.column(known)} IS NULL"
        count = live.count(table, is_null)
        name = f"{shown(table)}.{known}"
        yield from unknown(live, live.counting(table, is_null), name, f"{name} may be null in some rows, and must not be")
        if count:
            nulls = column(case, each)
            fill = execute(f"UPDATE {quoted(case)} SET {nulls} = … WHERE {nulls} IS NULL") + " before"
            yield Found(name, f"{name} is null in {numbered(count, 'row')}{which(live, table, is_null)}, and must not be", fill)


def columns_of(case: Case) -> list[str]:
    """The columns that must not be null from now on."""
    op = case.op
    if isinstance(op, ops.CreatePrimaryKeyOp) and not case.live.dialect.keys_may_be_null:
        return [str(getattr(each, "name", each)) for each in op.columns]
    return [op.column_name] if isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False else []


rule = Rule(
    code="not-null-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on a null; MySQL in a mode that is not strict puts 0 or '' in its place.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("age", existing_type=sa.Integer(), nullable=False)""",
    good="""op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("age", existing_type=sa.Integer(), nullable=False)""",
)
