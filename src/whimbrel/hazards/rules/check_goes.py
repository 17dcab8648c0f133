"""MODIFY and CHANGE of MariaDB drop the check that stands with the column, where they don't repeat it.

A check that was written with its column, as ``age INTEGER CHECK (age > 0)``, is a part of the column's definition there, and both
commands give a whole new one. ``op.alter_column()`` has no word for a check, so it drops it as well.

Repeat the check in SQL, ``op.execute("ALTER TABLE person MODIFY age BIGINT CHECK (age > 0)")``; or add it to the table by name,
with ``op.create_check_constraint()``, where it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...dialects import clauses
from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._safe import column, execute, quoted
from ._sql import literal

CHECKS = """
    SELECT check_clause FROM information_schema.check_constraints
    WHERE level = 'Column' AND constraint_schema = {schema} AND table_name = {table} AND constraint_name = {column}
"""
REPEATS = re.compile(r"\bCHECK\b|\bJSON\b", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp that becomes MODIFY or CHANGE, of a column with a check, in a table with rows."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or "redefines" not in op.kw or table is None or not live.has_rows(table):
        return
    known = live.column_known_as(table, op.column_name)
    if (
        known is None
        or not getattr(live.sqla_dialect, "is_mariadb", False)
        or repeats(case, op.column_name)
        or adds(case, op.column_name)
    ):
        return
    schema = "database()" if table[0] is None else literal(table[0])
    query = CHECKS.format(schema=schema, table=literal(table[1]), column=literal(known))
    for (clause,) in live.some(query):
        name = f"{shown(table)}.{known}"
        safe = execute(f"ALTER TABLE {quoted(case)} MODIFY {column(case, op.column_name)} … CHECK ({clause})")
        yield Found(name, f"the check of {name} goes: {clause}", safe)


def repeats(case: Case, column: str) -> bool:
    """Whether the new definition of a column has a check, of its own or that of JSON."""
    names = re.compile(rf"(MODIFY|CHANGE) (COLUMN )?(IF EXISTS )?`?{re.escape(column)}\b", re.IGNORECASE)
    listed = (clause for statement in case.step.sql for clause in clauses(" ".join(statement.split())))
    return any(names.search(clause) and REPEATS.search(clause) for clause in listed)


def adds(case: Case, column: str) -> bool:
    """Whether the revision gives the table a check of that column, which stands with the table and stays."""
    every = (op for step in case.planned.steps for op in step.operations if table_of(op) == table_of(case.op))
    checks = (str(op.condition) for op in every if isinstance(op, ops.CreateCheckConstraintOp))
    return any(re.search(rf"\b{re.escape(column)}\b", each, re.IGNORECASE) for each in checks)


rule = Rule(
    code="check-goes-along",
    severity="notice",
    why="A check that stands in the definition of a column is gone when the column gets another definition without it.",
    look=look,
    given=("alter table person modify age integer check (age > 0)",),
    bad='op.alter_column("person", "age", existing_type=sa.Integer(), type_=sa.BigInteger())',
    good='op.execute("ALTER TABLE person MODIFY age bigint CHECK (age > 0)")',
    on=("mysql",),
)
