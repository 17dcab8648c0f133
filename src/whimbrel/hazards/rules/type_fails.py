"""A column gets a type that not all of its values fit into.

Whimbrel refuses that when it runs, too; seen here, nothing has run yet. Clean those values first, or convert them into a
new column.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops
from sqlalchemy.exc import CompileError

from ...plan.step import Changed, Table, shown, table_of
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp with another type, and other letters for a whole table, over values that would be cut, rounded or refused."""
    op, table = case.op, case.table
    if table is None or not is_known(case):
        return
    if isinstance(op, Changed) and op.charset:
        for column in case.live.columns_of(table) or ():
            yield from not_surviving(case, table, column, f"LONGTEXT CHARACTER SET {op.charset}", f"CHARACTER SET {op.charset}")
    elif isinstance(op, ops.AlterColumnOp) and (type_ := op.modify_type or op.kw.get("redefines")) is not None:
        type_ = type_() if isinstance(type_, type) else type_
        known = case.live.column_known_as(table_of(op) or table, op.column_name)
        try:
            new = case.live.sqla_dialect.type_compiler_instance.process(type_)
        except CompileError:
            return
        yield from not_surviving(case, table, known, new, new)


def not_surviving(case: Case, table: Table, column: str | None, new: str, called: str) -> Iterator[Found]:
    """The values of a column that have no place in a type. called: what that is for who reads it."""
    live = case.live
    if column is None or live.connection is None or column not in (live.columns_of(table) or {}):
        return
    named, quoted = live.quoted(table), live.column(column)
    using = getattr(case.op, "kw", {}).get("postgresql_using")
    condition = live.dialect.does_not_fit(live.connection, named, table[1], column, table[0], new, using)
    count = live.count(table, f"{quoted} IS NOT NULL AND ({condition})") if condition else 0
    if count:
        some = examples(live, f"SELECT {quoted} FROM {named} WHERE {quoted} IS NOT NULL AND ({condition})")
        name = f"{shown(table)}.{column}"
        yield Found(name, f"{numbered(count, 'value')} of {name} would not survive the change to {called}{some}")


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
