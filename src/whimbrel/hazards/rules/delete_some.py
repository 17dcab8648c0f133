"""Rows are deleted, where that is not all of them.

That may be what the revision is for. How many there are on this database is told, and which, so that nobody is surprised.

Where another number was expected, change the condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import deleted_along, met


def look(case: Case) -> Iterator[Found]:
    """DELETE … WHERE …, after which the table is not empty, as far as is known."""
    op, table = case.op, case.table
    if not (isinstance(op, Rows) and op.verb == "delete" and op.is_bounded) or table is None or not case.live.has_rows(table):
        return
    found = met(case)
    if found is not None and not 0 < found[1] < found[0]:
        return
    children = ", ".join(map(shown, deleted_along(case)))
    along = f", and those of {children} that point to them" if children else ""
    if found is None:
        yield Found(
            shown(table), f"rows of {shown(table)} that meet a condition would be deleted{along}; how many is not known ahead"
        )
    else:
        yield Found(shown(table), f"{found[1]:,} of the {numbered(found[0], 'row')} of {shown(table)} would be deleted{along}")


rule = Rule(
    code="rows-deleted",
    severity="notice",
    why="The condition of a DELETE decides about rows that nothing brings back.",
    look=look,
    bad='op.execute("DELETE FROM person WHERE id = 1")',
    good='op.execute("DELETE FROM person WHERE id = -1")',
)
