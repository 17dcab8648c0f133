"""Rows are replaced by others that do not have all of their columns.

REPLACE deletes the row that has the same key and inserts a new one: what the statement does not name gets its default, or
becomes null. On MySQL and MariaDB rows that point to it through ON DELETE CASCADE are deleted, too.

Name every column; or use ``INSERT … ON DUPLICATE KEY UPDATE`` (SQLite: ``ON CONFLICT … DO UPDATE``), which leaves the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.step import Rows, shown
from ..rule import Case, Found, Rule
from ._data import is_known

LITERAL = re.compile(r"-?\d+|'[^'\\]*'")


def look(case: Case) -> Iterator[Found]:
    """REPLACE with a list of columns, in a table that has values in others."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, Rows) or op.verb != "replace" or not op.given or table is None or not live.has_rows(table):
        return
    if meets_no_row(case, op):
        return
    given = {name.lower() for name in (*op.given, *live.primary_key(table))}
    columns = live.columns_of(table) or {}
    others = [name for name, column in columns.items() if name.lower() not in given and not column.get("computed")]
    lost = [name for name in others if live.number(f"SELECT count({live.column(name)}) FROM {live.quoted(table)}") != 0]
    if lost:
        yield Found(shown(table), f"rows of {shown(table)} that are replaced lose what is in {', '.join(lost)}")


def meets_no_row(case: Case, op: Rows) -> bool:
    """Whether no row has one of the keys that stand in the statement."""
    key = case.live.primary_key(case.table) if case.table is not None else []
    named = [name.lower() for name in op.given]
    if len(key) != 1 or key[0].lower() not in named or not op.values or not is_known(case):
        return False
    keys = [row[named.index(key[0].lower())] for row in op.values if len(row) == len(named)]
    if case.table is None or len(keys) < len(op.values) or not all(map(LITERAL.fullmatch, keys)):
        return False
    return case.live.count(case.table, f"{case.live.column(key[0])} IN ({', '.join(keys)})") == 0


rule = Rule(
    code="replace-loses-data",
    severity="danger",
    asks_database=True,
    why="REPLACE deletes the old row as a whole.",
    look=look,
    bad="""op.execute("REPLACE INTO person (id, name) VALUES (1, 'Eda')")""",
    good="""op.execute("REPLACE INTO person (id, name, age) VALUES (1, 'Eda', 36)")""",
    on=("sqlite", "mysql"),
)
