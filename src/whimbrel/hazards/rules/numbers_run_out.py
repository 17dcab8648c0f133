"""The numbers of a key are near the end of its type.

When they have run out, no row can be added any more; and on a large table another type takes long.

Make it a BIGINT while there is time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..rule import Case, Found, Rule
from ._sql import literal

BYTES = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}
ENOUGH = 0.8
"""The part of all numbers that may be given out before it is said."""


def look(case: Case) -> Iterator[Found]:
    """An operation on a table whose AUTO_INCREMENT is far, said once for the table in a revision."""
    table, live, listed = case.table, case.live, case.planned.steps
    if table is None or live.connection is None:
        return
    first = next((op for step in listed for op in step.operations if table_of(op) == table_of(case.op)), None)
    if first is not case.op or not live.is_there(table) or not live.has_rows(table):
        return
    for column, type_, text, number in live.some(query(table)):
        largest = 256 ** BYTES.get(str(type_).lower(), 8) // (1 if "unsigned" in str(text).lower() else 2) - 1
        if int(number) > ENOUGH * largest and not any(
            widens(op, table, column, case) for step in listed for op in step.operations
        ):
            name = f"{shown(table)}.{column}"
            yield Found(name, f"{name} is at {int(number):,}, and {type_} ends at {largest:,}")


def query(table: Table) -> str:
    """Asks for the numbered column of a table: name, type, whole type, next number."""
    return (
        "select c.column_name, c.data_type, c.column_type, t.auto_increment from information_schema.columns c"
        " join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name"
        f" where c.table_schema = {literal(table[0]) if table[0] else 'database()'} and c.table_name = {literal(table[1])}"
        " and c.extra like '%auto_increment%' and t.auto_increment is not null"
    )


def widens(op: Any, table: Table, column: str, case: Case) -> bool:
    """Whether an operation gives the column another type, or drops it."""
    known = case.live.known_as(table_of(op) or table)
    return (
        known == table
        and isinstance(op, (ops.AlterColumnOp, ops.DropColumnOp, ops.DropTableOp))
        and (
            isinstance(op, ops.DropTableOp)
            or (op.column_name.lower() == column.lower() and (isinstance(op, ops.DropColumnOp) or op.modify_type is not None))
        )
    )


rule = Rule(
    code="numbers-run-out",
    severity="notice",
    asks_database=True,
    why="The server gives out no number that its type does not have.",
    look=look,
    given=("INSERT INTO pet (id) VALUES (2000000000)",),
    bad='op.add_column("pet", sa.Column("nick", sa.String(20)))',
    good="""op.add_column("pet", sa.Column("nick", sa.String(20)))
    op.alter_column("pet", "id", type_=sa.BigInteger(), existing_nullable=False, autoincrement=True)""",
    on=("mysql",),
)
