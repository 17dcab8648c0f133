"""A view uses a table or a column that goes, or gets another name.

PostgreSQL refuses that, and so does SQLite for a column. MySQL and MariaDB let it happen, and SQLite for a table: from then on
nobody can read the view.

Drop the view before in the same revision, and make it again as it shall be. On MySQL and MariaDB ``CREATE OR REPLACE VIEW``
afterwards will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import shown, table_of
from ...plan.words import bare, views_in
from ..rule import Case, Found, Rule
from ._data import comes_back, is_unclear, later


def look(case: Case) -> Iterator[Found]:
    """DropTableOp and DropColumnOp, and a new name where views do not follow it, where a view needs what is there."""
    op, table, live = case.op, case.table, case.live
    if table is None or live.connection is None or is_unclear(case) or not takes_away(case, op) or not live.is_there(table):
        return
    column = live.column_known_as(table, op.column_name) if hasattr(op, "column_name") else None
    if (column is None) == hasattr(op, "column_name"):
        return
    name = f"{shown(table)}.{column}" if column else shown(table)
    made = {view for step in case.planned.steps for sql in step.sql for view in views_in(sql)}
    is_replaced = bare(table[1]) in made and not live.dialect.keeps_used_tables  # by a view of the same name
    if column_comes_back(case, column) if column else is_replaced or comes_back(case, table):
        return
    for view in live.views_on(table, column):
        if bare(view) not in made and (live.has_rows(table) or live.has_rows((table[0], view.strip('"')))):
            yield Found(
                name, f"the view {view} needs {name}", f'op.execute("DROP VIEW {view}") before, and the new view afterwards'
            )


def takes_away(case: Case, op: Any) -> bool:
    """Whether what a view may use is not there any more, under its name; with CASCADE the view goes along, which others tell."""
    if isinstance(op, (ops.DropTableOp, ops.DropColumnOp)):
        return not any("CASCADE" in sql.upper() for sql in case.step.sql)
    is_renamed = isinstance(op, ops.RenameTableOp) or (
        isinstance(op, ops.AlterColumnOp) and op.modify_name not in (None, op.column_name)
    )
    return is_renamed and not case.live.dialect.views_follow_names


def column_comes_back(case: Case, column: str) -> bool:
    """Whether the revision makes a column of the same name, in whatever letters, where nothing keeps the old one till then."""
    names = [
        str(op.column.name if isinstance(op, ops.AddColumnOp) else op.modify_name).lower()
        for op in later(case)
        if isinstance(op, (ops.AddColumnOp, ops.AlterColumnOp)) and table_of(op) == table_of(case.op)
    ]
    return column.lower() in names and not case.live.dialect.views_follow_names


rule = Rule(
    code="view-breaks",
    severity="danger",
    asks_database=True,
    why="A view that needs what goes keeps it from going, or cannot be read any more.",
    look=look,
    given=("create view names as select p.id, p.name from person p",),
    bad='op.drop_column("person", "name")',
    good="""op.execute("DROP VIEW names")
    op.drop_column("person", "name")""",
)
