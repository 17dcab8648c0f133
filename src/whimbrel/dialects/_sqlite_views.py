"""Views of SQLite: what they read is what it asks its authorizer about (https://sqlite.org/c3ref/set_authorizer.html)."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing, suppress
from typing import Any

from sqlalchemy import Connection


def views_on(connection: Connection, table: str, column: str | None) -> list[str]:
    """The views that read a table, or a column of it; none where another driver than Python's own is used."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        return []
    names = connection.exec_driver_sql("select name from sqlite_master where type = 'view' order by 1").scalars().all()
    wanted = (table.lower(), None if column is None else column.lower())
    return [name for name in names if reads(driver, name, wanted)]


def reads(driver: sqlite3.Connection, view: str, wanted: tuple[str, str | None]) -> bool:
    """Whether a view reads a table, or a column of it; not where it could not be read anyway."""
    found = False

    def note(action: int, table: Any, column: Any, *rest: Any) -> int:
        nonlocal found
        if action == sqlite3.SQLITE_READ:
            found = found or (str(table).lower(), wanted[1] and str(column).lower()) == wanted
        return sqlite3.SQLITE_OK

    driver.set_authorizer(note)
    try:
        with suppress(sqlite3.Error), closing(driver.cursor()) as cursor:
            quoted = view.replace('"', '""')
            cursor.execute(f'EXPLAIN SELECT * FROM "{quoted}"')
    finally:
        # Before Python 3.11, None would forbid everything.
        driver.set_authorizer(None if sys.version_info >= (3, 11) else lambda *given: sqlite3.SQLITE_OK)
    return found
