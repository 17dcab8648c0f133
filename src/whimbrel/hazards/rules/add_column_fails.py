"""SQLite cannot add a column of this kind to a table that has rows.

A default that is computed (``CURRENT_TIMESTAMP``, or an expression) and a stored computed column work as long as the table is
empty, so that tests pass. A unique column is refused in any case.

Do it in a batch, which builds the table anew:

``with op.batch_alter_table("person") as batch_op: batch_op.add_column(…)``
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._safe import call
from ._sql import statements

ADDS = re.compile(r"ALTER TABLE .*? ADD ", re.IGNORECASE)
REASONS = {
    "its default is no constant": re.compile(r"\bDEFAULT (CURRENT_(TIME|DATE|TIMESTAMP)\b|\()", re.IGNORECASE),
    "it is computed and stored": re.compile(r"\bAS \(.*\) STORED\b", re.IGNORECASE),
    "it is unique": re.compile(r"\bUNIQUE\b", re.IGNORECASE),
}


def look(case: Case) -> Iterator[Found]:
    """AddColumnOp that is no batch's, on a table with rows."""
    if not isinstance(case.op, ops.AddColumnOp) or case.table is None or case.step.is_batch:
        return
    if not case.is_untouched or not case.live.has_rows(case.table):
        return
    adds = [re.sub(r"'[^']*'", "''", each) for each in statements(case) if ADDS.match(each)]
    name = f"{shown(case.table)}.{case.op.column.name}"
    for why in (why for why, words in REASONS.items() if any(map(words.search, adds))):
        safe = f"with {call('batch_alter_table', case.op.table_name, schema=case.op.schema)} as batch_op: batch_op.add_column(…)"
        yield Found(name, f"SQLite cannot add {name} to a table with rows: {why}", safe)


rule = Rule(
    code="add-column-fails",
    severity="danger",
    why="ALTER TABLE … ADD COLUMN of SQLite does not look at the rows that are there.",
    look=look,
    bad='op.add_column("person", sa.Column("since", sa.DateTime(), server_default=sa.func.now()))',
    good="""with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("since", sa.DateTime(), server_default=sa.func.now()))""",
    on=("sqlite",),
)
