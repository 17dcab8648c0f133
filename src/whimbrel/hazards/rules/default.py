"""The default of a column goes, and the column must not be null.

An INSERT that leaves the column out fails from then on: that of programs that rely on the default, or, where the column is new,
of all that do not know it yet.

MODIFY and CHANGE of MySQL and MariaDB drop a default or AUTO_INCREMENT that they don't name, and so does ``op.alter_column()``
without ``existing_server_default=`` or ``autoincrement=``.

Let the programs write a value first; drop the default in a later release.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp without a default any more, on a column of a table with rows that stays NOT NULL."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or op.modify_server_default is not None:
        return
    if table is None or not live.is_there(table) or not live.has_rows(table) or is_numbered(op):
        return
    if is_required(case, table):
        name = f"{shown(table)}.{op.column_name}"
        yield Found(name, f"programs that leave {name} out of an INSERT fail")


def is_numbered(op: ops.AlterColumnOp) -> bool:
    """Whether it is an identity, an expression or a sequence that goes."""
    return isinstance(op.existing_server_default, (sa.Identity, sa.Computed, sa.Sequence))


def is_required(case: Case, table: Table) -> bool:
    """Whether the column is NOT NULL and has a default, now or as the same revision adds it."""
    op, live = case.op, case.live
    steps = [each for step in case.earlier for each in step.operations if table_of(each) == table_of(op)]
    for each in reversed(steps):
        if isinstance(each, ops.AddColumnOp) and each.column.name == op.column_name:
            return not each.column.nullable and each.column.server_default is not None
    known = live.column_known_as(table_of(op) or table, op.column_name)
    if known is None or (op.modify_nullable is True and known not in live.primary_key(table)):
        return False
    redefines = "redefines" in op.kw  # which says of every column what it shall be from now on
    if live.connection is None:
        return not redefines and (op.modify_nullable is False or op.existing_nullable is False)
    there = (live.columns_of(table) or {}).get(known)
    if there is None:
        return False
    is_numbered_now = redefines and there.get("autoincrement") is True
    is_filled = there["default"] is not None or is_numbered_now or (op.modify_nullable is False and not redefines)
    return is_filled and not (there["nullable"] and op.modify_nullable is not False)


rule = Rule(
    code="default-breaks-programs",
    severity="notice",
    why="There is nothing to put in where an INSERT does not name the column.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(50), existing_nullable=False, server_default=None)""",
    good="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(50), existing_nullable=False, server_default="nobody")""",
    gives_way=True,
)
