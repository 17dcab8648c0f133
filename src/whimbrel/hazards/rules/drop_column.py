"""A column that holds values is dropped.

The downgrade adds the column again, and not what was in it. Indexes, constraints and views that use the column go along,
or keep it from being dropped.

Take the column out of the models first and let a release run without it; drop it in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops
from sqlalchemy.exc import CompileError

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._data import in_values, unless_kept
from ._safe import rename_column


def look(case: Case) -> Iterator[Found]:
    """DropColumnOp on a column that was there before, and is not null everywhere."""
    if not isinstance(case.op, ops.DropColumnOp) or case.table is None:
        return
    live, name = case.live, case.op.column_name
    known = live.column_known_as(table_of(case.op) or case.table, name)
    columns = live.columns_of(case.table)
    if known is None or (live.connection is not None and known not in (columns or {})) or not live.has_rows(case.table):
        return
    if columns and columns[known].get("computed"):
        return
    if (values := in_values(live, case.table, known)) is not None:
        lost = f"{values} of {shown(case.table)}.{known} would be lost{unless_kept(case, name)}"
        yield Found(f"{shown(case.table)}.{known}", lost, renaming(case, known))


def renaming(case: Case, known: str) -> str | None:
    """A new name for the column, where the revision gives the table one new column, of the same type."""
    column = (case.live.columns_of(case.table) or {}).get(known) if case.table else None
    every = [op for step in case.planned.steps for op in step.operations if table_of(op) == table_of(case.op)]
    added = [op.column for op in every if isinstance(op, ops.AddColumnOp)]
    if column is None or len(added) != 1 or sum(isinstance(op, ops.DropColumnOp) for op in every) != 1:
        return None
    try:
        before, after = (case.live.sqla_dialect.type_compiler_instance.process(each) for each in (column["type"], added[0].type))
    except CompileError:
        return None
    safe = rename_column(case, case.op, str(added[0].name))
    return f"{safe}, if {added[0].name} is the same thing" if before.upper() == after.upper() else None


rule = Rule(
    code="drop-column-loses-data",
    severity="danger",
    why="A dropped column takes its values with it, and no downgrade brings them back.",
    look=look,
    bad='op.drop_column("person", "name")',
    good='op.drop_column("pet", "person_id")',
    on=("sqlite", "postgresql", "mysql"),
    is_watched=True,
)
