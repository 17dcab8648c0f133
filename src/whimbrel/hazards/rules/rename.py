"""A table or a column gets another name.

Applications that run while this is deployed still use the old one, and fail. On PostgreSQL and MariaDB a view with the old
name helps them for a table; a column is better added, filled, and dropped in a later release.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """RenameTableOp, and AlterColumnOp with a new name."""
    if case.table is None or not case.live.is_there(case.table):
        return
    if isinstance(case.op, ops.RenameTableOp):
        yield Found(shown(case.table), f"programs that use {shown(case.table)} fail until they know {case.op.new_table_name}")
    elif isinstance(case.op, ops.AlterColumnOp) and case.op.modify_name and case.op.modify_name != case.op.column_name:
        name = f"{shown(case.table)}.{case.op.column_name}"
        yield Found(name, f"programs that use {name} fail until they know {case.op.modify_name}")


rule = Rule(
    code="rename-breaks-programs",
    severity="notice",
    why="The old name is gone at once, the programs that use it are not.",
    look=look,
    bad='op.rename_table("person", "people")',
    good='op.add_column("person", sa.Column("nick", sa.String(20)))',
)
