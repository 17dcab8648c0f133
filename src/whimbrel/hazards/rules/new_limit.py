"""Rows that programs have written so far are forbidden from now on.

A NOT NULL, a check or a unique constraint holds for every program at once, also for those that run while this is deployed, and
those fail where they write what was allowed before. It is said where there are such rows now, whether the revision mends them
or not (``NOT VALID``).

Release programs that keep to it first; then mend the rows and add it.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import which
from .unique_fails import columns_of, there_twice

LIMITS = (ops.AlterColumnOp, ops.CreateCheckConstraintOp, ops.CreateUniqueConstraintOp, ops.CreateIndexOp)


def look(case: Case) -> Iterator[Found]:
    """NOT NULL, CHECK and UNIQUE on a table whose rows do not meet it before the run."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, LIMITS) or table is None or not live.is_there(table) or not live.has_rows(table):
        return
    if isinstance(op, ops.AlterColumnOp) and op.modify_nullable is False:
        known = live.column_known_as(table_of(op) or table, op.column_name)
        if known is not None and (live.connection is None or (live.columns_of(table) or {}).get(known, {}).get("nullable")):
            name = f"{shown(table)}.{known}"
            yield from said(case, table, name, f"{live.column(known)} IS NULL", f"{name} is null", "nulls into it")
    elif isinstance(op, ops.CreateCheckConstraintOp) and isinstance(op.condition, str):
        name = str(op.constraint_name or "the check")
        yield from said(case, table, shown(table), f"NOT ({op.condition})", f"{name} is not met", f"such rows to {shown(table)}")
    elif columns := columns_of(op):
        twice = there_twice(case, table)
        if twice or live.connection is None:
            now = f"{shown(table)} ({', '.join(columns)}): {twice}; " if twice else ""
            yield Found(shown(table), f"{now}programs that still write the same {', '.join(columns)} twice fail")


def said(case: Case, table: Table, name: str, condition: str, now: str, what: str) -> Iterator[Found]:
    """What is found where rows meet a condition; without a database they may."""
    count = None if case.live.connection is None else case.live.count(table, condition)
    if count:
        some = which(case.live, table, condition)
        yield Found(name, f"{now} in {numbered(count, 'row')} now{some}, and programs that still write {what} fail")
    elif case.live.connection is None:
        yield Found(name, f"programs that still write {what.replace('into it', f'into {name}')} fail")


rule = Rule(
    code="new-limit-breaks-programs",
    severity="notice",
    why="A constraint holds at once, and the programs that run were written without it.",
    look=look,
    bad="""op.execute("UPDATE person SET name = 'Eda' WHERE id = 2")
    with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name"], unique=True, postgresql_concurrently=True)""",
    good="""with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name", "id"], unique=True, postgresql_concurrently=True)""",
    gives_way=True,
)
