"""Rows are deleted without a condition.

Rows that point to them through ON DELETE CASCADE go along.

Say which rows shall go (``WHERE …``), and on a large table delete them in batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..rule import Case, Found, Rule
from ._data import deleted_along, in_rows


def look(case: Case) -> Iterator[Found]:
    """DELETE without WHERE on a table with rows."""
    if not (isinstance(case.op, Rows) and case.op.verb == "delete" and not case.op.is_bounded):
        return
    if case.table is not None and case.live.is_there(case.table):
        rows = in_rows(case.live, case.table)
        if rows:
            yield Found(shown(case.table), f"{rows} of {shown(case.table)} would be lost")
            for child in deleted_along(case):
                yield Found(shown(child), f"rows of {shown(child)} would be deleted, with those of {shown(case.table)}")


rule = Rule(
    code="delete-without-condition",
    severity="danger",
    why="A DELETE without WHERE removes every row.",
    look=look,
    bad='op.execute("DELETE FROM person")',
    good='op.execute("DELETE FROM person WHERE id = 1")',
    is_watched=True,
)
