"""A column gets a type that not all of its values fit into.

Whimbrel refuses that when it runs, too; seen here, nothing has run yet. Clean those values first, or convert them into a
new column.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops
from sqlalchemy.exc import CompileError

from ...plan.step import shown, table_of
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp with another type over values that would be cut, rounded or refused."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or op.modify_type is None or table is None or not is_known(case):
        return
    column = live.column_known_as(table_of(op) or table, op.column_name)
    if column is None or live.connection is None or column not in (live.columns_of(table) or {}):
        return
    type_ = op.modify_type() if isinstance(op.modify_type, type) else op.modify_type
    try:
        new = live.sqla_dialect.type_compiler_instance.process(type_)
    except CompileError:
        return
    named, quoted = live.quoted(table), live.column(column)
    using = op.kw.get("postgresql_using")
    condition = live.dialect.does_not_fit(live.connection, named, table[1], column, table[0], new, using)
    count = live.count(table, f"{quoted} IS NOT NULL AND ({condition})") if condition else 0
    if count:
        some = examples(live, f"SELECT {quoted} FROM {named} WHERE {quoted} IS NOT NULL AND ({condition})")
        name = f"{shown(table)}.{column}"
        yield Found(name, f"{numbered(count, 'value')} of {name} would not survive the change to {new}{some}")


rule = Rule(
    code="type-change-fails",
    severity="danger",
    why="The server refuses such values, cuts them off or rounds them.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("name", existing_type=sa.String(50), type_=sa.Integer())""",
    good="""with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("age", existing_type=sa.Integer(), type_=sa.String(20))""",
    is_watched=True,
)
