"""Rows are deleted that meet a condition: not all of them, or all in a downgrade.

That may be what the revision is for. How many there are on this database is told, and which, so that nobody is surprised.

Where another number was expected, change the condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import is_undoing, met, taken_along


def look(case: Case) -> Iterator[Found]:
    """DELETE … WHERE …, but for what another rule tells."""
    op, table = case.op, case.table
    if not (isinstance(op, Rows) and op.verb == "delete" and op.is_bounded) or table is None or not case.live.has_rows(table):
        return
    found = met(case)
    if found is None:
        yield Found(shown(table), f"rows of {shown(table)} that meet a condition would be deleted; how many is not known ahead")
    elif found[1] > 0 and (found[1] < found[0] or is_undoing(case)):
        yield Found(shown(table), f"{found[1]:,} of the {numbered(found[0], 'row')} of {shown(table)} would be deleted")
    for child, every, goes in taken_along(case) if found and found[1] else ():
        if goes < every or is_undoing(case):
            words = f"{goes:,} of the {numbered(every, 'row')} of {shown(child)} would be deleted, with those of {shown(table)}"
            yield Found(shown(child), words)


rule = Rule(
    code="rows-deleted",
    severity="notice",
    why="The condition of a DELETE decides about rows that nothing brings back.",
    look=look,
    bad='op.execute("DELETE FROM person WHERE id = 1")',
    good='op.execute("DELETE FROM person WHERE id = -1")',
)
