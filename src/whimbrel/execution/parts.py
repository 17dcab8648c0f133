"""What of a revision is committed before it has ended, written down as it happens.

Where every statement of a revision is in one transaction there is nothing to do. MySQL and MariaDB commit with each DDL
statement ("Statements That Cause an Implicit Commit", MariaDB manual), PostgreSQL around statements that refuse a
transaction, and a revision may commit by itself. What was written since the last commit is recorded in that commit; a
statement that commits by itself is announced in the commit before it, with the look of what it is going to change, so
that after a crash it can be told whether it has run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from ..dialects import Dialect
from ..errors import StatementChanged
from .journal import Journal, Part

EXECUTIONS = ("do_execute", "do_executemany", "do_execute_no_params")
Execute = Callable[[], object]
CHANGED = (
    "Let the file say again what ran (it may be mended after that point). Or finish or undo the rest by hand, and type 'resume"
    " --mark-done' or 'resume --mark-undone'."
)


class AllSkipped(BaseException):
    """What an earlier run has committed has been passed. Not an Exception: no revision may catch it."""


class Recorder:
    """Follows the statements of one revision after the other, on the connection of their run.

    before_commit: called before the first part of a revision is written down, to write what belongs to those before it.
    """

    def __init__(self, journal: Journal, dialect: Dialect, before_commit: Callable[[], None] = lambda: None) -> None:
        self.journal = journal
        self.dialect = dialect
        self.before_commit = before_commit
        self.is_outside: Callable[[str], bool] = lambda statement: False
        """Which statements shall run outside a transaction, besides those that must."""
        self.on_statement: Callable[[str, bool], None] = lambda statement, skipped: None
        """Told of each statement of a revision that writes, and whether it was skipped."""
        self.execute: Callable[[str, Execute], None] = lambda statement, execute: (execute(), None)[1]
        """How a statement that commits by itself is executed."""
        self.is_ours = False  # while the journal itself executes something
        self.is_active = False
        self.entry: int | None = None
        self.committed: list[str] = []
        """The statements of this revision that were committed, those of earlier runs included."""
        self.expected: list[str] = []
        """Those of earlier runs that this one has not come to yet."""
        self.pending: list[str] = []
        """Those that were executed since the last commit."""
        self.intent: int | None = None
        self.only_skips = False
        self.has_committed = False
        """Whether a part of any revision of this run was committed before the end of it."""

    def begin(
        self,
        row: Callable[[], Mapping[str, Any]],
        entry: int | None = None,
        done: Sequence[Part] = (),
        *,
        only_skips: bool = False,
    ) -> None:
        """Follow a revision. row: its journal entry, written with its first part.

        entry, done: of an earlier run, what it has committed; those statements are not executed again.
        only_skips: raise AllSkipped before anything else would be executed.
        """
        self.only_skips = only_skips
        self.is_active = True
        self.row, self.entry = row, entry
        self.expected = [statement for part in done for statement in part.statements]
        self.committed = list(self.expected)
        self.pending = []
        self.intent = done[-1].id if done and done[-1].state == "intent" else None

    def finish(self) -> int | None:
        """The revision has ended, and is going to be committed: forget its parts. Returns its entry, if it has one.

        Raises StatementChanged where an earlier run did more.
        """
        if self.expected:
            raise StatementChanged(f"The revision does no longer do all that has run: {short(self.expected[0])}", hint=CHANGED)
        self.is_active = False
        if self.entry is not None:
            self.journal.drop_parts(self.entry)
        return self.entry

    @property
    def connection(self) -> sa.Connection:
        """The connection of the run."""
        return self.journal.connection

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Follow what the connection executes and commits."""
        engine = self.connection.engine
        listeners: list[tuple[str, Any]] = [(name, getattr(self, f"_{name}")) for name in EXECUTIONS]
        listeners.append(("commit", self._commit))
        for name, listener in listeners:
            event.listen(engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                event.remove(engine, name, listener)

    # -- SQLAlchemy's events; True says that the statement was dealt with

    def _do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        execute = self.journal.context.dialect.do_execute
        return self.meet(statement, context, lambda: execute(cursor, statement, parameters, context))

    def _do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        execute = self.journal.context.dialect.do_executemany
        return self.meet(statement, context, lambda: execute(cursor, statement, parameters, context))

    def _do_execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool | None:
        execute = self.journal.context.dialect.do_execute_no_params
        return self.meet(statement, context, lambda: execute(cursor, statement, context))

    def _commit(self, connection: sa.Connection) -> None:
        if connection is self.connection and self.is_active:
            self.flush()

    # -- what is done with a statement

    def meet(self, statement: str, context: Any, execute: Execute) -> bool | None:
        """Execute, skip or announce a statement; None leaves it to the driver."""
        if not self.is_active or self.is_ours or context is None or context.root_connection is not self.connection:
            return None
        kind = "outside" if self.is_outside(statement) else self.dialect.kind_of(statement)
        if kind == "read":
            return None
        if self.only_skips and not self.expected:
            raise AllSkipped
        if kind == "commit":
            self.flush()
            if self.dialect.is_commit(statement):  # said to the driver, which would not learn it from the server
                self.journal.context.dialect.do_commit(self.connection.connection.dbapi_connection)
                return True
            return None
        if self.skips(statement):
            return True
        if kind == "outside" or self.is_autocommit:
            self.outside(statement, execute, is_alone=self.is_autocommit)
            return True
        if kind == "ddl":
            self.announce(statement)
            self.execute(statement, execute)
            self.committed.append(statement)
            return True
        self.pending.append(statement)
        self.on_statement(statement, False)
        return None

    def skips(self, statement: str) -> bool:
        """Whether an earlier run has committed this statement. Raises StatementChanged where it was another one."""
        if not self.expected:
            return False
        if self.expected[0] != statement:
            raise StatementChanged(
                "What has run does not match what the revision would do now.\n"
                f"  ran:       {short(self.expected[0])}\n  would run: {short(statement)}",
                hint=CHANGED,
            )
        self.on_statement(self.expected.pop(0), True)
        return True

    def flush(self) -> None:
        """Write down, in the commit that comes now, what was written since the last one."""
        if self.pending:
            self.write(lambda entry: self.journal.add_part(entry, "done", self.pending))
            self.committed += self.pending
            self.pending = []

    def announce(self, statement: str) -> None:
        """Write down that a statement is going to be executed and committed."""
        self.on_statement(statement, False)
        self.flush()
        before = self.look(statement)
        self.settle()
        self.intent = self.write(lambda entry: self.journal.add_part(entry, "intent", [statement], before))

    def settle(self) -> None:
        """The statement that was announced last has been executed."""
        if self.intent is not None:
            intent, self.intent = self.intent, None
            self.write(lambda entry: self.journal.change_part(intent, state="done"))

    def outside(self, statement: str, execute: Execute, *, is_alone: bool) -> None:
        """Execute a statement outside of any transaction.

        The driver is told to commit and to leave transactions alone for a while; SQLAlchemy's transaction object stays:
        for these drivers a transaction begins with the next statement.
        """
        driver: Any = self.connection.connection.dbapi_connection
        if is_alone:
            self.announce(statement)
            execute()
        else:
            self.flush()
            self.journal.context.dialect.do_commit(driver)
            driver.autocommit = True
            try:
                self.announce(statement)
                with self.ours():
                    self.dialect.before_outside(self.connection, statement)
                execute()
            finally:
                driver.autocommit = False
        self.committed.append(statement)
        self.settle()
        if not is_alone:
            self.journal.context.dialect.do_commit(driver)

    def look(self, statement: str) -> str | None:
        """What a statement is going to change, as it is now; None where that does not show."""
        if self.dialect.changes_rows(statement):
            return None
        with self.ours():
            return self.dialect.look(self.connection, statement)

    def write(self, function: Callable[[int], Any]) -> Any:
        """Write to the journal, on the connection of the run."""
        with self.ours():
            if self.entry is None:
                self.before_commit()
                if self.dialect.ddl_rolls_back:  # else it was there before
                    self.journal.prepare(parts=True)
                self.entry = self.journal.start(self.row())
                self.has_committed = True
            return function(self.entry)

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Around statements that are not the revision's."""
        before, self.is_ours = self.is_ours, True
        try:
            yield
        finally:
            self.is_ours = before

    @property
    def is_autocommit(self) -> bool:
        """Whether the driver commits each statement, as in an ``autocommit_block()``."""
        return self.dialect.autocommits(self.connection.connection.dbapi_connection)

    def decide(self) -> list[str]:
        """After a statement has failed: forget that it was announced, unless it can be seen that it has run.

        Returns the statements that were committed.
        """
        assert self.entry is not None
        parts = self.journal.parts_of(self.entry)
        if parts and parts[-1].state == "intent" and not has_run(self.connection, self.dialect, parts[-1]):
            self.journal.drop_part(parts[-1].id)
            parts.pop()
        return [statement for part in parts for statement in part.statements]


def has_run(connection: sa.Connection, dialect: Dialect, part: Part) -> bool | None:
    """Whether an announced statement has been executed; None where that cannot be told."""
    (statement,) = part.statements
    if part.before is None:
        return False if dialect.is_repeatable(statement) else None
    return dialect.look(connection, statement) != part.before


def short(statement: str, width: int = 100) -> str:
    """A statement in one line."""
    words = " ".join(statement.split())
    return words if len(words) <= width else words[: width - 1] + "…"
