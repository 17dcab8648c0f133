"""A view of MySQL or MariaDB uses a table or a column that goes, or gets another name.

The server lets that happen, and says nothing: from then on every query of the view fails with "references invalid table(s) or
column(s)", and so does a dump of the database.

Make the view anew in the same revision, with ``CREATE OR REPLACE VIEW``, or drop it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import Table, shown
from ..rule import Case, Found, Rule
from ._data import later
from ._sql import literal

VIEWS = "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = {schema} ORDER BY 1"


def look(case: Case) -> Iterator[Found]:
    """DropTableOp, RenameTableOp, DropColumnOp, and AlterColumnOp with a new name, where a view stays that uses the old one."""
    op, table, live = case.op, case.table, case.live
    if table is None or live.connection is None or not live.has_rows(table):
        return
    column = None
    if isinstance(op, ops.DropColumnOp) or (isinstance(op, ops.AlterColumnOp) and op.modify_name not in (None, op.column_name)):
        column = live.column_known_as(table, op.column_name)
        if column is None:
            return
    elif not isinstance(op, (ops.DropTableOp, ops.RenameTableOp)) or comes_back(case, table):
        return
    schema = "database()" if table[0] is None else literal(table[0])
    for view, definition in live.some(VIEWS.format(schema=schema)):
        if uses(str(definition), table[1], column) and not is_made_anew(case, view):
            name = f"{shown(table)}.{column}" if column else shown(table)
            yield Found(name, f"the view {view} uses {name}, and cannot be read any more", f"CREATE OR REPLACE VIEW {view} AS …")


def comes_back(case: Case, table: Table) -> bool:
    """Whether the revision makes a table of the same name afterwards."""
    made = (op for op in later(case) if isinstance(op, (ops.CreateTableOp, ops.RenameTableOp)))
    return table[1] in {str(op.new_table_name) if isinstance(op, ops.RenameTableOp) else op.table_name for op in made}


def uses(definition: str, table: str, column: str | None) -> bool:
    """Whether the query of a view, as the server writes it, has a table in it, or a column of it."""
    plain = f"`{table.replace('`', '``')}`"
    found = [alias or plain for alias in re.findall(rf"`\.{re.escape(plain)}(?: (`(?:[^`]|``)+`))?", definition)]
    return bool(found) and (column is None or any(f"{each}.`{column}`" in definition for each in found))


def is_made_anew(case: Case, view: str) -> bool:
    """Whether the revision makes a view again, or drops it."""
    makes = re.compile(rf"\b(CREATE|ALTER|DROP)\b.*\bVIEW\b[^(]*`?\b{re.escape(view)}\b", re.IGNORECASE | re.DOTALL)
    return any(makes.match(sql.strip()) for step in case.planned.steps for sql in step.sql)


rule = Rule(
    code="view-breaks",
    severity="danger",
    why="The server does not look whether a view uses what goes.",
    look=look,
    given=("create or replace view names as select p.id, p.name from person p",),
    bad='op.alter_column("person", "name", new_column_name="full_name", existing_type=sa.String(50), existing_nullable=False)',
    good="""op.alter_column("person", "name", new_column_name="full_name", existing_type=sa.String(50), existing_nullable=False)
    op.execute("CREATE OR REPLACE VIEW names AS SELECT p.id, p.full_name AS name FROM person p")""",
    on=("mysql",),
)
