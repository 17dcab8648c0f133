"""A NOT NULL column without a default, on a table with rows.

PostgreSQL and SQLite refuse it. MySQL and MariaDB fill in 0 or an empty text, even in strict mode: values that nobody has chosen.
Applications that run meanwhile and don't know the column cannot add rows.

Add it nullable, fill it, then make it NOT NULL (``migrate --fill`` writes that); or give it a ``server_default``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._data import later
from ._safe import Code, call, text


def look(case: Case) -> Iterator[Found]:
    """AddColumnOp, NOT NULL, with nothing to put in."""
    if not isinstance(case.op, ops.AddColumnOp) or case.table is None or not case.is_untouched:
        return
    column = case.op.column
    numbered = column.identity is not None or column.primary_key or column.autoincrement is True
    if column.nullable or column.server_default is not None or column.computed is not None or numbered:
        return
    if numbers_rows(case, column):
        return
    if case.live.is_there(case.table) and case.live.has_rows(case.table):
        yield Found(
            f"{shown(case.table)}.{column.name}",
            f"{shown(case.table)} has rows, and {column.name} is NOT NULL without a value for them",
            call(
                "add_column",
                case.op.table_name,
                Code(f"sa.Column({text(column.name)}, …, server_default=…)"),
                schema=case.op.schema,
            ),
        )


def numbers_rows(case: Case, column: sa.Column[Any]) -> bool:
    """Whether the same revision makes the column the one by which the server numbers the rows that are there."""
    steps = case.planned.steps[case.planned.steps.index(case.step) :]
    modified = re.compile(rf"\bMODIFY\b[^,]*\b{re.escape(column.name)}\b[^,]*\bAUTO_INCREMENT\b", re.IGNORECASE)
    if any(modified.search(sql) for step in steps for sql in step.sql):
        return True
    if not (case.live.dialect.rebuilds_tables and isinstance(column.type, sa.Integer)):
        return False
    keys = (op for op in later(case) if isinstance(op, ops.CreatePrimaryKeyOp) and op.table_name == case.op.table_name)
    return any([str(getattr(each, "name", each)) for each in key.columns] == [column.name] for key in keys)


rule = Rule(
    code="new-column-without-value",
    severity="danger",
    why="There is no value for the rows that are there: the statement fails, or MySQL makes one up.",
    look=look,
    bad='op.add_column("person", sa.Column("rank", sa.Integer(), nullable=False))',
    good='op.add_column("person", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))',
)
