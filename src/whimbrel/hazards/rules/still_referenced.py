"""A foreign key of another table points to a table or a column that goes.

PostgreSQL, MySQL and MariaDB refuse that. SQLite lets a table go, and the key points to nothing: where foreign keys are enforced,
no row of the other table can be written any more.

Drop the foreign key first, or the table that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..rule import Case, Found, Rule
from ._data import comes_back, is_unclear, later
from ._safe import call
from ._sql import cascades


def look(case: Case) -> Iterator[Found]:
    """DropTableOp and DropColumnOp, without CASCADE, on a table with rows that a key points to which the run leaves there."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, (ops.DropTableOp, ops.DropColumnOp)) or table is None or live.connection is None or is_unclear(case):
        return
    if cascades(case) or not live.has_rows(table) or comes_back(case, table):
        return
    column = live.column_known_as(table, op.column_name) if isinstance(op, ops.DropColumnOp) else None
    for child, keys in live.foreign_keys(table[0]).items():
        for key in keys if child != table and child not in live.created else ():
            to = live.key((key["referred_schema"], key["referred_table"]))
            there = key["referred_columns"] or live.primary_key(table)
            is_about = to == table and (isinstance(op, ops.DropTableOp) or column in there)
            if is_about and key["name"] not in live.gone and not goes_too(case, child, key):
                name = f"{shown(table)}.{column}" if column else shown(table)
                which = (
                    f"the foreign key {key['name']}"
                    if key["name"]
                    else f"a foreign key ({', '.join(key['constrained_columns'])})"
                )
                safe = call("drop_constraint", key["name"] or "…", child[1], schema=child[0], type_="foreignkey") + " before"
                yield Found(name, f"{which} of {shown(child)} points to {name}", safe)


def goes_too(case: Case, child: Table, key: Any) -> bool:
    """Whether the key goes with its table or its column, in time; SQLite lets that happen later, and gives some keys no name."""
    live = case.live
    if any((child, each) in live.added for each in key["constrained_columns"]):
        return True
    in_time = [*case.step.operations]
    if live.dialect.rebuilds_tables:
        in_time += [op for step in case.earlier for op in step.operations] + later(case)
    for op in in_time:
        of = table_of(op)
        if of is None or live.known_as(of) != child:
            continue
        if isinstance(op, ops.DropTableOp) or (isinstance(op, ops.DropColumnOp) and op.column_name in key["constrained_columns"]):
            return True
        if isinstance(op, ops.DropConstraintOp) and key["name"] in (None, op.constraint_name):
            return True
    return False


rule = Rule(
    code="still-referenced",
    severity="danger",
    why="A foreign key keeps what it points to from going, or is left pointing to nothing.",
    look=look,
    given=("create table toy (id integer primary key, person_id integer, foreign key (person_id) references person (id))",),
    bad='op.drop_table("person")',
    good="""op.drop_table("toy")
    op.drop_table("person")""",
)
