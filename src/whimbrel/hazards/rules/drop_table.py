"""A table is dropped, and its rows with it.

On PostgreSQL its foreign keys are dropped along, which locks every table that they point to.

Rename the table first (``op.rename_table("person", "person_unused")``) and drop it in a later release, when nobody has
missed it; or take a backup (``upgrade --backup``).
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._data import dependents, in_rows, unless_kept
from ._safe import call


def look(case: Case) -> Iterator[Found]:
    """DropTableOp on a table with rows."""
    if isinstance(case.op, ops.DropTableOp) and case.table is not None and case.live.is_there(case.table):
        rows = in_rows(case.live, case.table)
        if rows:
            message = f"{rows} of {shown(case.table)} would be lost{unless_kept(case, case.op.table_name)}"
            safe = call("rename_table", case.op.table_name, f"{case.op.table_name}_unused", schema=case.op.schema)
            yield Found(shown(case.table), message, safe)
        for child in dependents(case.live, case.table) if rows and deletes_first(case) else ():
            listed = case.live.some(f"PRAGMA foreign_key_list({case.live.quoted(child)})")
            if any(each[6] == "CASCADE" for each in listed) and (rows := in_rows(case.live, child)):
                yield Found(shown(child), f"{rows} of {shown(child)} would be deleted, with those of {shown(case.table)}")


def deletes_first(case: Case) -> bool:
    """Whether DROP TABLE deletes the rows first, as SQLite does where foreign keys are enforced (manual, "Foreign Keys", 5)."""
    return case.live.dialect.kind == "sqlite" and case.live.some("PRAGMA foreign_keys") == [(1,)]


rule = Rule(
    code="drop-table-loses-data",
    severity="danger",
    why="A dropped table takes its rows with it, and no downgrade brings them back.",
    look=look,
    bad='op.drop_table("person")',
    good='op.drop_table("pet")',
    is_watched=True,
)
