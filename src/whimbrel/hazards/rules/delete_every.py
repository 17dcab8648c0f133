"""Rows are deleted under a condition that every row meets.

On this database, now, nothing would be left of the table. That is looked at before the run, and not again while it runs: rows
that are deleted in batches go on until none is left.

Change the condition, or agree that all of them go.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import deleted_along, met


def look(case: Case) -> Iterator[Found]:
    """DELETE … WHERE …, after which the table is empty."""
    if not isinstance(case.op, Rows) or case.op.verb != "delete" or case.table is None:
        return
    every, meets = met(case) or (0, 0)
    if 0 < every == meets:
        yield Found(
            shown(case.table), f"all {numbered(every, 'row')} of {shown(case.table)} meet the condition and would be lost"
        )
        for child in deleted_along(case):
            yield Found(shown(child), f"rows of {shown(child)} would be deleted, with those of {shown(case.table)}")


rule = Rule(
    code="delete-meets-every-row",
    severity="danger",
    why="A DELETE whose condition every row meets leaves none.",
    look=look,
    bad='op.execute("DELETE FROM person WHERE id > 0")',
    good='op.execute("DELETE FROM person WHERE id = 1")',
)
