"""An SQLite database in memory with ``op`` on it, and everything that can be said about it."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from sqlalchemy.pool import StaticPool

from whimbrel._alembic import BatchingOperations, RunContext
from whimbrel.dialects import dialect_of
from whimbrel.execution.sqlite_rebuild import rebuild


class Memory:
    """A database, changed with ``op`` and read with Python's own driver."""

    def __init__(self, *statements: str) -> None:
        self.engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        self.connection = self.engine.connect()
        made = MigrationContext.configure(self.connection)
        surroundings: Any = SimpleNamespace(flush_batch=self.flush, keeps_transaction=False)
        self.op: Any = BatchingOperations(RunContext(made.dialect, self.connection, made.opts, surroundings))
        # A generated column may make a text of any bytes.
        self.driver.text_factory = lambda found: found.decode("utf-8", "surrogateescape")
        self.run(*statements)

    @property
    def driver(self) -> sqlite3.Connection:
        found: Any = self.connection.connection.driver_connection
        return found

    def flush(self, batch: Any, alembic: Any) -> None:
        """What a run does with a batch, and its commit."""
        with dialect_of("sqlite").prepared(self.connection):
            rebuild.flush(batch, alembic)
        self.connection.commit()

    def run(self, *statements: str) -> None:
        """Execute and commit."""
        for statement in statements:
            self.driver.execute(statement)
        self.driver.commit()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.driver.execute(query, values).fetchall()

    def sql(self, name: str) -> str:
        """The text of a table, index, trigger or view."""
        ((text,),) = self.rows("select sql from sqlite_master where name = ?", name)
        return str(text)

    def columns(self, table: str) -> list[str]:
        return [row[1] for row in self.rows(f"pragma table_xinfo({quoted(table)})")]

    def texts(self) -> dict[str, str]:
        """Everything that has a text, by name."""
        return dict(self.rows("select name, sql from sqlite_master where sql is not null"))

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, exactly."""
        names = [name for (name,) in self.rows("select name from sqlite_master where type = 'table'")]
        return {name: self.exactly(name) for name in names}

    def exactly(self, table: str, columns: list[str] | None = None) -> list[tuple[Any, ...]]:
        """The rows with the type of each value, and with their rowid where there is one."""
        names = columns if columns is not None else self.columns(table)
        values = ", ".join(f"typeof({quoted(name)}), quote({quoted(name)})" for name in names) or "1"
        try:
            if table.startswith("sqlite_"):
                return sorted(self.rows(f"select {values} from {table}"))
            rowid = next(name for name in ("rowid", "_rowid_") if name not in self.columns(table))
            return self.rows(f"select {rowid}, {values} from {quoted(table)} order by 1")
        except sqlite3.OperationalError:
            return sorted(self.rows(f"select {values} from {quoted(table)}"))

    def state(self) -> tuple[Any, ...]:
        return self.texts(), self.contents()


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
