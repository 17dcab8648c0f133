"""A view uses a table or a column that goes, or gets another name or type.

PostgreSQL refuses that, or drops the view as well, with ``CASCADE``; SQLite refuses it for a column. MySQL and MariaDB let it
happen, and SQLite for a table: from then on nobody can read the view.

Drop the view before in the same revision, and make it again as it shall be. On MySQL and MariaDB ``CREATE OR REPLACE VIEW``
afterwards will do. For another type on PostgreSQL write ``op.alter_column("person", "name", type_=…)``: that makes the views
again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Written, shown, table_of
from ...plan.words import bare, views_in
from ..rule import Case, Found, Rule
from ._data import comes_back, is_unclear, later
from ._safe import Code, call, execute
from ._sql import cascades, literal


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
            yield found(case, view, name)


def found(case: Case, view: str, name: str) -> Found:
    """What happens to one view of a table or column of that name."""
    live, is_name = case.live, case.live.dialect.kind == "postgresql"  # there it is as it stands in SQL
    is_kept = is_name and live.some(f"select 1 from pg_class where oid = to_regclass({literal(view)}) and relkind = 'm'")
    kind = "materialized view" if is_kept else "view"
    drop = execute(f"DROP {kind.upper()} {view if is_name else live.column(view)}")
    shown_view = view.replace('"', "")
    if isinstance(case.op, ops.AlterColumnOp) and case.op.modify_name is None:
        safe = call("alter_column", case.op.table_name, case.op.column_name, schema=case.op.schema, type_=Code("…"))
        return Found(
            name, f"the {kind} {shown_view} keeps {name} from getting another type", f"{safe}, which makes the view again"
        )
    if cascades(case):
        return Found(name, f"the {kind} {shown_view} goes along with {name}", f"{drop} before, and the new view afterwards")
    return Found(name, f"the {kind} {shown_view} needs {name}", f"{drop} before, and the new view afterwards")


def takes_away(case: Case, op: Any) -> bool:
    """Whether what a view uses is not there any more, under its name or with its type: op.alter_column() cares for that."""
    if isinstance(op, (ops.DropTableOp, ops.DropColumnOp)):
        return True
    if isinstance(op, ops.AlterColumnOp) and isinstance(op.modify_type, Written):
        return case.live.dialect.views_keep_types
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
    why="A view that needs what goes keeps it from going, or cannot be read any more.",
    look=look,
    given=("create view names as select p.id, p.name from person p",),
    bad='op.drop_column("person", "name")',
    good="""op.execute("DROP VIEW names")
    op.drop_column("person", "name")""",
)
