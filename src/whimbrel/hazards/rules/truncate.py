"""A table is emptied with TRUNCATE; with CASCADE, so is every table that points to it.

Delete what shall go with a condition, in batches, and never with CASCADE.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..rule import Case, Found, Rule
from ._data import dependents, in_rows


def look(case: Case) -> Iterator[Found]:
    """TRUNCATE on a table with rows."""
    if isinstance(case.op, Rows) and case.op.verb == "truncate" and case.table is not None and case.live.is_there(case.table):
        rows = in_rows(case.live, case.table)
        if rows:
            yield Found(shown(case.table), f"{rows} of {shown(case.table)} would be lost")
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
