"""A column that holds values is dropped.

The downgrade adds the column again, and not what was in it. Indexes, constraints and views that use the column go along,
or keep it from being dropped.

Take the column out of the models first and let a release run without it; drop it in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._data import in_values, unless_kept


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
        yield Found(f"{shown(case.table)}.{known}", lost)


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
