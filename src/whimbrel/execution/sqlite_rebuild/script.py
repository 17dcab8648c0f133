"""``batch_alter_table()`` in a script for SQLite: how to build a table anew follows from the history, not from a database."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from ..._alembic import RunContext
from . import rebuild

ONLY_LOOKS = re.compile(r"\s*(SELECT|EXPLAIN|PRAGMA[^=]*$)", re.IGNORECASE)


class Script:
    """A script, and a database in memory in which all of it has run.

    start: brings the empty database to the revision that the script starts from; called when it is needed first.
    """

    def __init__(self, context: RunContext, start: Callable[[Connection], None]) -> None:
        self.impl = context.impl
        self.start = start
        self.unseen: list[str] = []
        self.is_without_keys = False
        self._connection: Connection | None = None
        self._write = self.impl.static_output
        self.impl.static_output = self.hear  # type: ignore[method-assign]

    def hear(self, text: str) -> None:
        """Write a statement, and remember it for the database in memory."""
        self.unseen.append(text)
        self._write(text)

    def flush(self, batch: Any, alembic: Callable[[], None]) -> None:
        """Do what a batch has collected to the database in memory, and write down how."""
        connection = self.connection()
        done: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if not ONLY_LOOKS.match(statement):
                done.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        own, batch.operations = batch.operations, Operations(MigrationContext.configure(connection))
        try:
            rebuild.flush(batch, alembic)
        finally:
            batch.operations = own
            event.remove(connection, "before_cursor_execute", note)
        self.write(done)

    def connection(self) -> Connection:
        """The database in memory, after all that was written so far."""
        if self._connection is None:
            self._connection = create_engine("sqlite://", poolclass=StaticPool, isolation_level="AUTOCOMMIT").connect()
            self.start(self._connection)
        driver: Any = self._connection.connection.driver_connection
        text, self.unseen = "\n".join(self.unseen), []
        driver.executescript(text)
        return self._connection

    def close(self) -> None:
        """Forget the database in memory."""
        if self._connection is not None:
            self._connection.close()
            self._connection.engine.dispose()

    def write(self, statements: list[str]) -> None:
        """In one transaction, with foreign keys off: they would delete what references the table that is replaced."""
        end = self.impl.command_terminator
        is_whole = self.impl.transactional_ddl  # there is a transaction around it already
        builds_anew = any(each.startswith("DROP TABLE") for each in statements)
        before: list[str] = []
        after: list[str] = []
        if builds_anew:
            before, after = ([], []) if is_whole else (["BEGIN"], ["COMMIT"])
            if not self.is_without_keys:
                off = "PRAGMA foreign_keys=OFF"
                before = ["COMMIT", off, "BEGIN"] if is_whole else [off, *before]
                self.is_without_keys = True
        for each in (*before, *statements, *after):
            self._write(each.strip() + end)
