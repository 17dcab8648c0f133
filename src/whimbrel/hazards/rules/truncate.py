"""A table or a partition is emptied with TRUNCATE; with CASCADE, so is every table that points to it.

So is what goes with a partition that is dropped, with the file of a table (DISCARD TABLESPACE), or with its history.

Delete what shall go with a condition, in batches, and never with CASCADE.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..rule import Case, Found, Rule
from ._data import dependents, in_all_rows, in_rows


def look(case: Case) -> Iterator[Found]:
    """TRUNCATE on a table with rows."""
    if isinstance(case.op, Rows) and case.op.verb == "truncate" and case.table is not None and case.live.is_there(case.table):
        what = f"the history of {shown(case.table)}" if case.op.is_history else shown(case.table)
        if rows := in_all_rows(case):
            yield Found(shown(case.table), f"{rows} of {what} would be lost")
        for child in dependents(case.live, case.table) if case.op.cascades else ():
            if rows := in_rows(case.live, child):
                yield Found(shown(child), f"{rows} of {shown(child)} would be lost, with those of {shown(case.table)}")


rule = Rule(
    code="truncate-loses-data",
    severity="danger",
    why="TRUNCATE removes every row at once.",
    look=look,
    bad='op.execute("TRUNCATE TABLE person")',
    good='op.execute("TRUNCATE TABLE pet")',
    on=("postgresql", "mysql"),
    is_watched=True,
)
