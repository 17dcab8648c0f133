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

ROWS = "temp._whimbrel_rows"
REMEMBER = (
    "CREATE TEMP TABLE IF NOT EXISTS _whimbrel_rows (number INTEGER, before INTEGER, after INTEGER, is_whole CHECK (is_whole))"
)
"""Who executes a script may go on after an error (SQLite's own shell does): a table that was not copied must not be dropped.

A table that has not all its rows, or none that could be counted, violates the CHECK, which takes the transaction back.
"""
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
        self.rebuilt = 0
        """How many tables the revision has built anew, in a transaction that is open."""
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
        self.write(batch.table_name, done)

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

    def write(self, table: str, statements: list[str]) -> None:
        """Write down how a table was changed. Where it is built anew, that is in one transaction with all that follows in the
        revision, and foreign keys are off: they would delete what references the table that is replaced.
        """
        drop = next((n for n, each in enumerate(statements) if each.startswith("DROP TABLE")), None)
        if drop is None:
            self.write_all(statements)
            return
        renamed = next(n for n, each in enumerate(statements) if n > drop and each.startswith("ALTER TABLE")) + 1
        opening: list[str] = []
        if not self.is_without_keys:
            self.is_without_keys = True
            opening = [*self.ending, "PRAGMA foreign_keys=OFF", REMEMBER, "BEGIN"]
        elif not (self.rebuilt or self.ending):
            opening = ["BEGIN"]
        self.rebuilt += 1
        count = f"(SELECT count(*) FROM {self.impl.dialect.identifier_preparer.quote(table)})"
        before = f"INSERT INTO {ROWS} (number, before) VALUES ({self.rebuilt}, {count})"
        after = f"UPDATE {ROWS} SET after = {count} WHERE number = {self.rebuilt}"
        self.write_all([*opening, before, *statements[:renamed], after, *statements[renamed:]])

    def end(self) -> None:
        """The revision has ended: its transaction is taken back where one of its tables has not all the rows that it had."""
        if self.rebuilt:
            self.rebuilt = 0
            check = f"UPDATE OR ROLLBACK {ROWS} SET is_whole = (after IS before)"
            self.write_all([check, f"DELETE FROM {ROWS}", *([] if self.ending else ["COMMIT"])])

    @property
    def ending(self) -> list[str]:
        """What ends the transaction that is around everything; nothing where there is none."""
        return ["COMMIT"] if self.impl.transactional_ddl else []

    def write_all(self, statements: list[str]) -> None:
        """Write statements."""
        for each in statements:
            self._write(each.strip() + self.impl.command_terminator)
