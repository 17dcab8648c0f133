"""A column that holds values gets one value in every row.

What was there is gone, and no downgrade brings it back. A new column is filled so without a word.

Say which rows are meant (``WHERE …``), or put the old values away first.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown, table_of
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples


def look(case: Case) -> Iterator[Found]:
    """UPDATE … SET … = a value, without WHERE, of a column that holds others now."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, Rows) or table is None or op.is_bounded or live.connection is None or live.is_uncertain:
        return
    for name, value in op.constants:
        known = live.column_known_as(table_of(op) or table, name)
        if known not in (live.columns_of(table) or {}) or not is_as_now(case, name):
            continue
        column, others = live.column(str(known)), f"{live.quoted(table)} WHERE {live.column(str(known))} <> {value}"
        if count := live.number(f"SELECT count(*) FROM {others}"):
            some = examples(live, f"SELECT DISTINCT {column} FROM {others}", names=True)
            yield Found(
                f"{shown(table)}.{known}", f"{numbered(count, 'value')} of {shown(table)}.{known} would become {value}{some}"
            )


def is_as_now(case: Case, column: str) -> bool:
    """Whether the run has left a column as the database has it now."""
    key = case.live.key(table_of(case.op) or (None, ""))
    return key not in case.live.written or column.lower() not in case.live.filled.get(key, {column.lower()})


rule = Rule(
    code="update-replaces-values",
    severity="notice",
    asks_database=True,
    why="An UPDATE without WHERE leaves nothing of what was in the column.",
    look=look,
    bad='op.execute("UPDATE person SET age = 1")',
    good='op.execute("UPDATE person SET age = 1 WHERE id = 1")',
)
