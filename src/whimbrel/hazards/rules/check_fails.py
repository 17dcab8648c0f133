"""A new check, and rows that it forbids.

Mend those rows first, in the same revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known, unknown, which


def look(case: Case) -> Iterator[Found]:
    """CreateCheckConstraintOp over rows for which it is false."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.CreateCheckConstraintOp) or table is None or not is_known(case):
        return
    if op.kw.get("postgresql_not_valid"):
        return
    condition = op.condition
    if not isinstance(condition, str):
        condition = str(condition.compile(dialect=live.sqla_dialect, compile_kwargs={"literal_binds": True}))
    wrong = f"NOT ({condition})"
    count = live.count(table, wrong)
    check = f"the check {op.constraint_name}" if op.constraint_name else "the new check"
    yield from unknown(live, live.counting(table, wrong), shown(table), f"rows of {shown(table)} may break {check}")
    if count:
        some = which(live, table, wrong) or values(case, condition, wrong)
        yield Found(
            shown(table), f"{numbered(count, 'row')} of {shown(table)} {'breaks' if count == 1 else 'break'} {check}{some}"
        )


def values(case: Case, condition: str, wrong: str) -> str:
    """Some values of the columns that a condition is about, for rows without a key."""
    there = case.live.columns_of(case.table) or {} if case.table else {}
    listed = ", ".join(case.live.column(each) for each in there if re.search(rf"\b{re.escape(each)}\b", condition))
    query = f"SELECT {listed} FROM {case.live.quoted(case.table)} WHERE {wrong}" if case.table and listed else ""
    return examples(case.live, query, names=True) if query else ""


rule = Rule(
    code="check-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on a row for which the condition is false.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.create_check_constraint("ck_age", "age > 40")""",
    good="""with op.batch_alter_table("person") as batch_op:
        batch_op.create_check_constraint("ck_age", "age > 30")""",
)
