"""Rows are deleted under a condition that every row meets.

On this database, now, nothing would be left of the table. That is looked at before the run, and not again while it runs: rows
that are deleted in batches go on until none is left. A downgrade that deletes what its upgrade has inserted is not meant.

Change the condition, or agree that all of them go.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import is_undoing, met, taken_along


def look(case: Case) -> Iterator[Found]:
    """DELETE … WHERE …, after which the table is empty, in an upgrade."""
    table = case.table
    every, meets = met(case) or (0, 0)
    if (
        not isinstance(case.op, Rows)
        or case.op.verb != "delete"
        or table is None
        or is_undoing(case)
        or not (meets and case.op.is_bounded)
    ):
        return
    is_all = every == meets
    if is_all:
        yield Found(shown(table), f"all {numbered(every, 'row')} of {shown(table)} meet the condition and would be lost")
    for child, every, goes in taken_along(case):
        if every == goes and not (is_all and child == table):
            yield Found(
                shown(child), f"all {numbered(every, 'row')} of {shown(child)} would be lost, with those of {shown(table)}"
            )


rule = Rule(
    code="delete-meets-every-row",
    severity="danger",
    why="A DELETE whose condition every row meets leaves none.",
    look=look,
    bad='op.execute("DELETE FROM person WHERE id > 0")',
    good='op.execute("DELETE FROM person WHERE id = 1")',
)
