"""A table or a column gets another name.

Applications that run while this is deployed still use the old one, and fail. On PostgreSQL and MariaDB a view with the old
name helps them for a table; a column is better added, filled, and dropped in a later release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._data import later


def look(case: Case) -> Iterator[Found]:
    """RenameTableOp, and AlterColumnOp with a new name; not where the old name is back in the end."""
    if case.table is None or not case.live.is_there(case.table):
        return
    if isinstance(case.op, ops.RenameTableOp):
        if not is_there_afterwards(case, case.table[1]):
            yield Found(shown(case.table), f"programs that use {shown(case.table)} fail until they know {case.op.new_table_name}")
    elif isinstance(case.op, ops.AlterColumnOp) and case.op.modify_name and case.op.modify_name != case.op.column_name:
        known = case.live.column_known_as(table_of(case.op) or case.table, case.op.column_name)
        if known in (None, case.op.modify_name) or is_replaced(case):
            return
        name = f"{shown(case.table)}.{case.op.column_name}"
        yield Found(name, f"programs that use {name} fail until they know {case.op.modify_name}")


def is_there_afterwards(case: Case, old: str) -> bool:
    """Whether a table gets its old name again, or a view or another table has it, before the revision ends."""
    view = re.compile(rf"\s*CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+([\w\"`]+\.)?[\"`]?{re.escape(old)}\b", re.IGNORECASE)
    renamed = [str(op.new_table_name) for op in later(case) if isinstance(op, ops.RenameTableOp)]
    made = [op.table_name for op in later(case) if isinstance(op, ops.CreateTableOp)]
    return old in renamed + made or any(view.match(sql) for step in case.planned.steps for sql in step.sql)


def is_replaced(case: Case) -> bool:
    """Whether another column gets the old name of a column before the revision ends."""
    added = [op for op in later(case) if isinstance(op, ops.AddColumnOp) and table_of(op) == table_of(case.op)]
    return any(op.column.name == case.op.column_name for op in added)


rule = Rule(
    code="rename-breaks-programs",
    severity="notice",
    why="The old name is gone at once, the programs that use it are not.",
    look=look,
    bad='op.rename_table("person", "people")',
    good='op.add_column("person", sa.Column("nick", sa.String(20)))',
)
