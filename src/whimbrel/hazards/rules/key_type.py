"""A foreign key has another type than the column that it points to.

PostgreSQL takes an integer for a key to a bigint: the numbers in it end long before those that it points to, and joins convert
every value.

Give it the same type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..live import Live
from ..rule import Case, Found, Rule

SAME = {"TEXT": "VARCHAR", "CHARACTER VARYING": "VARCHAR", "CHAR": "VARCHAR", "INT": "INTEGER"}
INTEGERS = ("TINYINT", "SMALLINT", "MEDIUMINT", "INTEGER", "BIGINT")
COMPARED = (*INTEGERS, "VARCHAR", "UUID")


def look(case: Case) -> Iterator[Found]:
    """CreateForeignKeyOp, and AddColumnOp with a key, in a table with rows."""
    table, live = case.table, case.live
    if table is not None and live.connection is not None and live.has_rows(table):
        yield from (found for found, fails in different(case, table) if not fails)


def different(case: Case, table: Table) -> Iterator[tuple[Found, bool]]:
    """The columns of a new foreign key that have another type than their counterpart, and whether the server refuses that."""
    for local, other, remote in pairs(case.op, case.live):
        mine, theirs = type_of(case, table_of(case.op) or table, local), type_of(case, other, remote)
        if mine and theirs and mine != theirs:
            name = f"{shown(table)}.{local}"
            words = f"{name} is {mine.lower()}, and {shown(other)}.{remote}, that it points to, is {theirs.lower()}"
            yield Found(name, words), family(mine) != family(theirs) or case.live.dialect.keys_need_indexes


def family(type_: str) -> str:
    """The types that can be compared with each other."""
    return "INTEGER" if type_ in INTEGERS else type_


def pairs(op: Any, live: Live) -> Iterator[tuple[str, Table, str]]:
    """The columns of a new foreign key, each with the table and column that it points to."""
    if isinstance(op, ops.CreateForeignKeyOp):
        other = (op.kw.get("referent_schema"), str(op.referent_table))
        remotes = op.remote_cols or live.primary_key(live.known_as(other) or other)
        yield from ((local, other, remote) for local, remote in zip(op.local_cols, remotes, strict=False))
    elif isinstance(op, ops.AddColumnOp):
        for key in op.column.foreign_keys:
            *schema, name, remote = key.target_fullname.split(".")
            yield op.column.name, (".".join(schema) or None, name), remote


def type_of(case: Case, table: Table, column: str) -> str | None:
    """The type of a column when the operation comes, without its size; None where that is not known."""
    live = case.live
    for op in (case.op, *(each for step in reversed(case.earlier) for each in reversed(step.operations))):
        if isinstance(op, ops.AddColumnOp) and table_of(op) == table and op.column.name == column:
            return plain(case, op.column.type)
    known, name = live.known_as(table), live.column_known_as(table, column)
    there = (live.columns_of(known) or {}).get(name) if known is not None and name is not None else None
    return None if there is None or (known, name) in live.retyped else plain(case, there["type"])


def plain(case: Case, type_: Any) -> str | None:
    """A type without its size; None for those of which it is not known what they can be compared with."""
    text = re.sub(r"\s*\(.*?\)", "", case.live.sqla_dialect.type_compiler_instance.process(type_).upper())
    text = SAME.get(text, text)
    return text if text in COMPARED or text.removesuffix(" UNSIGNED") in INTEGERS else None


rule = Rule(
    code="foreign-key-type-differs",
    severity="notice",
    asks_database=True,
    why="What is compared has to be converted, and the smaller type ends first.",
    look=look,
    bad="""op.add_column("person", sa.Column("boss_id", sa.BigInteger()))
    op.create_foreign_key("fk_person_boss", "person", "person", ["boss_id"], ["id"])""",
    good="""op.add_column("person", sa.Column("boss_id", sa.Integer()))
    op.create_foreign_key("fk_person_boss", "person", "person", ["boss_id"], ["id"])""",
    on=("postgresql",),
)
