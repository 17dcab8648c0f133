"""A column that holds values becomes null in every row.

Say which rows are meant (``WHERE …``), or leave the column alone and drop it in a later release.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown, table_of
from ..rule import Case, Found, Rule
from ._data import in_values


def look(case: Case) -> Iterator[Found]:
    """UPDATE … SET … = NULL without WHERE, or = DEFAULT where that is null, of a column that has values now."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, Rows) or op.verb != "update" or op.is_bounded or table is None or not live.has_rows(table):
        return
    for name in (*op.emptied, *op.reset):
        known = live.column_known_as(table_of(op) or table, name)
        column = (live.columns_of(table) or {}).get(known or "")
        if column is None or (name in op.reset and any(column.get(each) for each in ("default", "computed", "identity"))):
            continue
        if (values := in_values(live, table, column["name"])) is not None:
            yield Found(f"{shown(table)}.{column['name']}", f"{values} of {shown(table)}.{column['name']} would be lost")


rule = Rule(
    code="update-loses-data",
    severity="danger",
    asks_database=True,
    why="An UPDATE without WHERE leaves nothing of what was in the column.",
    look=look,
    bad='op.execute("UPDATE person SET name = NULL")',
    good='op.execute("UPDATE person SET name = NULL WHERE id = 1")',
    is_watched=True,
)
