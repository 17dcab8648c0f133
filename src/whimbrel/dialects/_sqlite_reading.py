"""SQLite's PRAGMAs for all tables at once, where SQLAlchemy asks them for each table by itself."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData

PRAGMA = re.compile(r'PRAGMA (main|temp)\.(\w+)\("((?:[^"]|"")*)"\)')
TEXT = re.compile(
    r"SELECT sql FROM\b.*\bsqlite_master\b.*WHERE name = \? AND type (?:in \('table', 'view'\)|= 'index')\s*", re.DOTALL
)
ABOUT = dict.fromkeys(("table_info", "table_xinfo", "foreign_key_list", "index_list"), "table")
ABOUT |= dict.fromkeys(("index_info", "index_xinfo"), "index")
"""What the PRAGMAs are about (https://sqlite.org/pragma.html, "PRAGMA functions")."""

Rows = list[tuple[Any, ...]]


class ReadAhead(Connection):
    """A connection as SQLAlchemy's reflection uses it, with the answers of ``main`` read at once.

    Good for as long as nothing changes. Every other statement goes to the connection itself.
    """

    def __init__(self, connection: Connection) -> None:
        self.__dict__.update(vars(connection))
        self.original = connection
        self.answers: dict[str, dict[str, Rows]] = {}
        self.texts: dict[str, Rows] | None = None
        self.has_temporary = bool(connection.exec_driver_sql("select count(*) from sqlite_temp_master").scalar())

    def execute(self, *args: Any, **options: Any) -> Any:
        """As it was."""
        return self.original.execute(*args, **options)

    def exec_driver_sql(self, statement: str, parameters: Any = None, execution_options: Any = None) -> Any:
        """The answer that is known; that of the database for every other statement."""
        rows = None if self.has_temporary else self.known(statement, parameters)
        if rows is None:
            return self.original.exec_driver_sql(statement, parameters, execution_options)
        width = len(rows[0]) if rows else 1
        return IteratorResult(SimpleResultMetaData([str(n) for n in range(width)]), iter(rows))

    def known(self, statement: str, parameters: Any) -> Rows | None:
        """The rows for a statement; None where it is not one of those that reflection asks for each table."""
        if found := PRAGMA.fullmatch(statement):
            if found[1] == "temp":
                return []
            every = self.every(found[2])
            return None if every is None else every.get(found[3].replace('""', '"').lower(), [])
        if TEXT.fullmatch(statement) and isinstance(parameters, tuple) and len(parameters) == 1:
            return self.every_text().get(str(parameters[0]))
        return None

    def every(self, pragma: str) -> dict[str, Rows] | None:
        """The answers of a PRAGMA, by the name of the table or index in small letters."""
        if pragma not in ABOUT:
            return None
        if pragma not in self.answers:
            kind = ABOUT[pragma]
            query = f"select m.name, p.* from main.sqlite_master m, pragma_{pragma}(m.name, 'main') p where m.type = '{kind}'"
            found: dict[str, Rows] = {}
            for name, *row in self.original.exec_driver_sql(query).all():
                found.setdefault(name.lower(), []).append(tuple(row))
            self.answers[pragma] = found
        return self.answers[pragma]

    def every_text(self) -> dict[str, Rows]:
        """The texts of tables, views and indexes, by name."""
        if self.texts is None:
            rows = self.original.exec_driver_sql("select name, sql from main.sqlite_master where type <> 'trigger'").all()
            self.texts = {name: [(sql,)] for name, sql in rows}
        return self.texts
