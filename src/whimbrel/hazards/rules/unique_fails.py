"""Columns shall be unique, and have values twice.

MariaDB's ``ALTER IGNORE TABLE`` does not fail: it deletes rows until none is there twice.

Find the rows that are twice and decide which one counts, before the constraint or index is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ...plan.step import Table, shown, table_of
from ..live import Live, numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known, unknown


def columns_of(op: Any) -> list[str] | None:
    """The columns and expressions of a unique constraint or index; None where it is neither."""
    is_unique = isinstance(op, (ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)) or (
        isinstance(op, ops.CreateIndexOp) and op.unique and op.columns
    )
    return [name_of(each) or str(each) for each in op.columns] if is_unique else None


def name_of(part: Any) -> str | None:
    """The name of a column; None for an expression."""
    return part if isinstance(part, str) else part.name if isinstance(part, sa.ColumnClause) else None


def in_sql(case: Case, table: Table) -> Iterator[str | None]:
    """Each of them as it stands in a query now; None for a column that is not there yet."""
    live = case.live
    for part in case.op.columns:
        name = name_of(part)
        if name is None:
            yield f"({compiled(live, part)})"
        else:
            known = live.column_known_as(table_of(case.op) or table, name)
            yield live.column(str(known)) if known in (live.columns_of(table) or {}) else None


def compiled(live: Live, part: Any) -> str:
    """An expression in SQL."""
    return str(part.compile(dialect=live.sqla_dialect, compile_kwargs={"literal_binds": True}))


def condition_of(live: Live, op: Any) -> str | None:
    """The condition of an index about some rows; None for all of them."""
    found = op.kw.get(f"{live.dialect.kind}_where")
    if found is None or isinstance(found, str):
        return found
    return compiled(live, found)


def look(case: Case) -> Iterator[Found]:
    """A new unique constraint or index over values that are there twice."""
    columns, table = columns_of(case.op), case.table
    if table is not None and is_same_in_every_row(case.op) and has_two_rows(case.live, table):
        name = f"{shown(table)}.{case.op.column.name}"
        yield Found(shown(table), f"{name}: every row would get the same default, and it must be unique")
        return
    if not columns or table is None or not is_known(case):
        return
    is_about_all = condition_of(case.live, case.op) is None
    if is_about_all and all(has_one_value(case, name) for name in columns) and has_two_rows(case.live, table):
        what = f"{shown(table)} ({', '.join(columns)})"
        yield Found(shown(table), f"{what}: every row has the same default, and they must be unique")
        return
    query = query_for_twice(case, table)
    if query is None:
        return
    known = [case.live.column_known_as(table_of(case.op) or table, name) for name in columns]
    what = f"{shown(table)} ({', '.join(map(str, known))})"
    if (twice := there_twice(case, table)) is not None:
        deletes = "; IGNORE deletes all rows but one of each" if getattr(case.op, "kw", {}).get("ignores") else ""
        yield Found(shown(table), f"{what}: {twice}{deletes}")
    yield from unknown(case.live, counting(query), shown(table), f"{what}: values may be there more than once")


def query_for_twice(case: Case, table: Table) -> str | None:
    """The query for the values that shall be unique and are there more than once; None where a column is not there yet."""
    live = case.live
    columns = list(in_sql(case, table))
    if None in columns:
        return None
    listed = ", ".join(map(str, columns))
    given = [] if case.op.kw.get("postgresql_nulls_not_distinct") else [f"{each} IS NOT NULL" for each in columns]
    given += [f"({condition})" for condition in (condition_of(live, case.op),) if condition]
    where = f"WHERE {' AND '.join(given)} " if given else ""
    return f"SELECT {listed} FROM {live.quoted(table)} {where}GROUP BY {listed} HAVING count(*) > 1"


def counting(twice: str) -> str:
    """The query for how many these are."""
    return f"SELECT count(*) FROM ({twice}) twice"


def there_twice(case: Case, table: Table) -> str | None:
    """How many values that shall be unique are there more than once now, in words, with some of them; None for none."""
    query = query_for_twice(case, table)
    count = None if query is None else case.live.number(counting(query))
    return f"{numbered(count, 'value')} there more than once{values(case.live, str(query))}" if count else None


def has_two_rows(live: Live, table: Table) -> bool:
    """Whether a table has more than one row; what the statistics of the server say may be long ago."""
    if live.connection is None:
        return (live.rows(table) or 0) > 1
    return len(live.some(f"SELECT 1 FROM {live.quoted(table)} LIMIT 2")) > 1


def is_same_in_every_row(op: Any) -> bool:
    """Whether a column is added that must be unique, and has a plain default."""
    return isinstance(op, ops.AddColumnOp) and bool(op.column.unique) and has_plain_default(op.column)


def has_plain_default(column: Any) -> bool:
    """Whether a new column is filled with one value."""
    default = getattr(column.server_default, "arg", None)
    text = default if isinstance(default, str) else getattr(default, "text", None)
    return text is not None and "(" not in str(text)


def has_one_value(case: Case, name: str) -> bool:
    """Whether a step before has added a column that has the same value in every row since."""
    made = [op for step in case.earlier for op in step.operations if isinstance(op, ops.AddColumnOp)]
    return any(
        op.column.name == name and has_plain_default(op.column) and case.live.known_as(table_of(op) or (None, "")) == case.table
        for op in made
    )


def values(live: Live, twice: str) -> str:
    """Some of them."""
    return examples(live, twice, names=True)


rule = Rule(
    code="unique-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on the first value that is there twice.",
    look=look,
    bad='op.create_index("ix_person_name", "person", ["name"], unique=True)',
    good='op.create_index("ix_person_id", "person", ["id"], unique=True)',
)
