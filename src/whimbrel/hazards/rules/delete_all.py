"""Rows are deleted without a condition.

Rows that point to them with ``ON DELETE CASCADE`` go along.

Say which rows shall go (``WHERE …``), and on a large table delete them in batches.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import in_all_rows, taken_along


def look(case: Case) -> Iterator[Found]:
    """DELETE without WHERE on a table with rows."""
    if not (isinstance(case.op, Rows) and case.op.verb == "delete" and not case.op.is_bounded):
        return
    if case.table is not None and case.live.is_there(case.table):
        rows = in_all_rows(case)
        if rows:
            yield Found(shown(case.table), f"{rows} of {shown(case.table)} would be lost")
            for child, _, meets in taken_along(case):
                if child != case.table:
                    along = f"{numbered(meets, 'row')} of {shown(child)} would be lost, with those of {shown(case.table)}"
                    yield Found(shown(child), along)


rule = Rule(
    code="delete-without-condition",
    severity="danger",
    why="A DELETE without WHERE removes every row.",
    look=look,
    bad='op.execute("DELETE FROM person")',
    good='op.execute("DELETE FROM person WHERE id = 1")',
    is_watched=True,
)
