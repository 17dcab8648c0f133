"""Views of SQLite, which keeps no list of what they are made of: tried on a copy of the structure, in memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

from sqlalchemy import Connection

COLUMNS = """
    select m.name, p.name from sqlite_master m, pragma_table_xinfo(m.name) p
    where m.type = 'table' and m.name not like 'sqlite!_%' escape '!' order by m.name, p.cid
"""


def views_on(connection: Connection, table: str, column: str | None) -> list[str]:
    """The views that cannot be read without a table, or without a column of it; not those that cannot be read anyway."""
    views = connection.exec_driver_sql("select name, sql from sqlite_master where type = 'view' order by 1").all()
    if not views:
        return []
    tables: dict[str, list[str]] = {}
    for name, each in connection.exec_driver_sql(COLUMNS).all():
        tables.setdefault(name, []).append(each)
    with closing(sqlite3.connect(":memory:")) as copy:
        for name, columns in tables.items():
            create(copy, name, columns)
        for _, sql in views:
            with suppress(sqlite3.Error):
                copy.execute(sql)
        readable = [name for name, _ in views if can_read(copy, name)]
        copy.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        left = next((columns for name, columns in tables.items() if name.lower() == table.lower()), [])
        create(copy, table, [each for each in left if column and each.lower() != column.lower()])
        return [name for name in readable if not can_read(copy, name)]


def create(copy: sqlite3.Connection, table: str, columns: list[str]) -> None:
    """A table of these columns, whatever they are; none where there are none."""
    if columns:
        copy.execute(f"CREATE TABLE {quoted(table)} ({', '.join(map(quoted, columns))})")


def can_read(copy: sqlite3.Connection, view: str) -> bool:
    """Whether the server understands a query of a view."""
    try:
        copy.execute(f"SELECT * FROM {quoted(view)}").close()
    except sqlite3.Error:
        return False
    return True


def quoted(name: str) -> str:
    """A name in quotes."""
    return '"' + name.replace('"', '""') + '"'
