"""A column gets a type that not all of its values fit into.

Whimbrel refuses that when it runs, too; seen here, nothing has run yet. Clean those values first, or convert them into a
new column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import String
from sqlalchemy.exc import CompileError
from sqlalchemy.types import to_instance

from ...dialects import is_narrower
from ...plan.step import Changed, Table, shown, table_of
from ...plan.words import NAME
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known, unknown
from ._sql import literal

VALUE = r"'(?:[^']|'')*'"
MAKES = re.compile(
    rf"\s*CREATE\s+TYPE\s+(?P<name>(?:{NAME}\.)?{NAME})(?:\s+AS\s+ENUM\s*\((?P<values>.*)\))?", re.IGNORECASE | re.DOTALL
)
ADDS = re.compile(
    rf"\s*ALTER\s+TYPE\s+(?P<name>(?:{NAME}\.)?{NAME})\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<value>{VALUE})", re.I
)
MEMBER = re.compile(VALUE)
PLAIN_CAST = re.compile(rf"\(*{NAME}\)*(\s*::[\w\s]+)*", re.IGNORECASE)
TEXTS = re.compile(r"(TEXT|VARCHAR|CHAR)", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp with another type, and other letters for a whole table, over values that would be cut, rounded or refused."""
    op, table = case.op, case.table
    if case.live.connection is None:
        yield from narrower(case)
        return
    if table is None or not is_known(case):
        return
    if isinstance(op, Changed) and op.charset:
        texts = (name for name, each in (case.live.columns_of(table) or {}).items() if isinstance(each["type"], String))
        for column in texts:
            yield from not_surviving(case, table, column, f"LONGTEXT CHARACTER SET {op.charset}", f"CHARACTER SET {op.charset}")
    elif isinstance(op, ops.AlterColumnOp) and (type_ := op.modify_type or op.kw.get("redefines")) is not None:
        type_ = to_instance(type_)
        known = case.live.column_known_as(table_of(op) or table, op.column_name)
        try:
            new = case.live.sqla_dialect.type_compiler_instance.process(type_)
        except CompileError:
            return
        yield from not_surviving(case, table, known, new, new, type_)


def narrower(case: Case) -> Iterator[Found]:
    """A type that has no place for some values of the old one, where no database tells which values there are."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or table is None or not live.has_rows(table):
        return
    types: list[Any] = [op.existing_type, op.modify_type]
    process = live.sqla_dialect.type_compiler_instance.process
    try:
        old, new = (process(to_instance(each)) if each is not None else "" for each in types)
    except CompileError:
        return
    if old and new and is_narrower(old, new):
        name = f"{shown(table)}.{op.column_name}"
        yield Found(name, f"values of {name} may not survive the change from {old} to {new}", severity="notice")


def not_surviving(case: Case, table: Table, column: str | None, new: str, called: str, type_: Any = None) -> Iterator[Found]:
    """The values of a column that have no place in a type. called: what that is for who reads it."""
    live = case.live
    if column is None or live.connection is None or column not in (live.columns_of(table) or {}):
        return
    named, quoted = live.quoted(table), live.column(column)
    using = getattr(case.op, "kw", {}).get("postgresql_using")
    made, added = members_of(case, type_, new)
    new_there = f"ENUM ({', '.join(made)})" if made else new
    condition = live.dialect.does_not_fit(live.connection, named, table[1], column, table[0], new_there, using, type_)
    if condition and added:
        condition = f"({condition}) AND {quoted}::text NOT IN ({', '.join(added)})"
    if not condition:
        yield from refused(case, table, column, new, called)
        return
    wrong, name = f"{quoted} IS NOT NULL AND ({condition})", f"{shown(table)}.{column}"
    count = live.count(table, wrong)
    yield from unknown(live, live.counting(table, wrong), name, f"values of {name} may not survive the change to {called}")
    if count:
        some = examples(live, f"SELECT {quoted} FROM {named} WHERE {wrong}")
        yield Found(name, f"{numbered(count, 'value')} of {name} would not survive the change to {called}{some}")


def refused(case: Case, table: Table, column: str, new: str, called: str) -> Iterator[Found]:
    """What PostgreSQL says of a value that it cannot convert, where there is no condition that finds all of them (before 16)."""
    live, quoted = case.live, case.live.column(column)
    using = getattr(case.op, "kw", {}).get("postgresql_using") or quoted
    is_text = isinstance((live.columns_of(table) or {})[column]["type"], String)
    if live.dialect.kind != "postgresql" or not is_text or not PLAIN_CAST.fullmatch(using) or TEXTS.match(new):
        return
    query = f"SELECT count(({using})::{new}) FROM {live.quoted(table)}"
    name = f"{shown(table)}.{column}"
    if why := live.why_refused(query):
        yield Found(name, f"a value of {name} would not survive the change to {called}: {why}")
        return
    yield from unknown(live, query, name, f"values of {name} may not survive the change to {called}")


def members_of(case: Case, type_: Any, new: str) -> tuple[list[str], list[str]]:
    """The values of an enum type that the revision makes, and those that it adds to one; none for another type."""
    made: list[str] = []
    added: list[str] = []
    for sql in (sql for step in case.earlier for sql in step.sql if case.live.dialect.has_enum_types):
        if (found := MAKES.match(sql)) and is_same(found["name"], new):
            made = MEMBER.findall(found["values"] or "") or [literal(str(each)) for each in getattr(type_, "enums", ())]
            added = []
        elif (found := ADDS.match(sql)) and is_same(found["name"], new):
            added.append(found["value"])
    return [*made, *added] if made else [], added


def is_same(one: str, other: str) -> bool:
    """Whether two names of types, perhaps with a schema, are about one."""
    return len({each.rpartition(".")[2].strip('"').lower() for each in (one, other)}) == 1


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
