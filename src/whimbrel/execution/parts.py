"""What of a revision is committed before it has ended, written down as it happens.

Where every statement of a revision is in one transaction there is nothing to do. MySQL and MariaDB commit with each DDL
statement ("Statements That Cause an Implicit Commit", MariaDB manual), PostgreSQL around statements that refuse a
transaction, and a revision may commit by itself, or write on a connection of its own (``db.session``). What was written since
the last commit of a connection is recorded in that commit; a statement that commits by itself is announced in the commit
before it, with the look of what it is going to change, so that after a crash it can be told whether it has run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from ..dialects import Dialect
from ..dialects._kinds import Kind
from ..errors import StatementChanged
from .expected import CHANGED, GONE, Expected, refuse_temporary
from .half_applied import has_run
from .inside import Inside
from .journal import Journal, Part
from .statement import Answer, Statement, answer_again, answer_of, error_of, in_parts, kept_text, length, short, values_of
from .trouble import refuse_own_lock

EXECUTIONS = ("do_execute", "do_executemany", "do_execute_no_params", "handle_error")
EVENTS = (*EXECUTIONS, "commit", "rollback", "savepoint", "rollback_savepoint")
HIDES = re.compile(r"\s*(SET|PREPARE)\b", re.IGNORECASE)  # may hold another statement
MOST_KEPT = 16_000_000  # characters of the answers to queries that wait for a commit
Execute = Callable[[], object]


class AllSkipped(BaseException):
    """What an earlier run has committed has been passed. Not an Exception: no revision may catch it."""


class Recorder:
    """Follows the statements of one revision after the other, on the connection of their run and on those that they open.

    before_commit: called before the first part of a revision is written down, to write what belongs to those before it.
    """

    def __init__(self, journal: Journal, dialect: Dialect, before_commit: Callable[[], None] = lambda: None) -> None:
        self.journal = journal
        self.dialect = dialect
        self.before_commit = before_commit
        self.is_outside: Callable[[str], bool] = lambda statement: False  # which shall run outside, besides those that must
        self.on_statement: Callable[[Statement, bool], None] = lambda statement, skipped: None
        """Told of each statement of a revision that writes, and whether it was skipped."""
        self.execute: Callable[[str, Execute], None] = lambda statement, execute: (execute(), None)[1]
        """How a statement is executed that cannot be taken back."""
        self.before_statement: Callable[[str, sa.Connection], None] = lambda statement, connection: None
        """Told of each statement that writes before it is executed; may raise what stops the run."""
        self.on_passed: Callable[[str], None] = lambda statement: None  # the same for what an earlier run has executed
        self.on_undone: Callable[[], None] = lambda: None  # told when something was rolled back, or failed
        self.accepted: Collection[str] = ()  # what was agreed to for this run, and for the one that may have to finish it
        self.is_ours = self.is_active = False  # ours: while the journal itself executes something
        self.entry: int | None = None
        self.committed: list[str] = []  # the statements of this revision, those of earlier runs included
        self.expected = Expected()
        self.pending: dict[sa.Connection, list[Statement]] = {}
        """What was executed since the last commit of each connection, and what it was answered."""
        self.savepoints: dict[tuple[sa.Connection, str], int] = {}
        self.kept, self.lastrowid = 0, None
        self.intent: int | None = None
        self.announced: list[Statement] = []
        self.inside = Inside()
        self.remains: str | None = None  # what a statement that failed has left behind, in words
        self.only_skips = self.has_committed = False  # committed: a part of any revision of this run, before its end

    def begin(
        self,
        row: Callable[[], Mapping[str, Any]],
        entry: int | None = None,
        done: Sequence[Part] = (),
        *,
        only_skips: bool = False,
        any_values: bool = False,
    ) -> None:
        """Follow a revision. row: its journal entry, written with its first part.

        entry, done: of an earlier run, what it has committed; those statements are not executed again.
        only_skips: raise AllSkipped after the last of them. any_values: skip also what ran with other values. Raises
        StatementChanged where a temporary table would be missing.
        """
        self.only_skips, self.row, self.entry = only_skips, row, entry
        found = [statement for part in done for statement in part.statements]
        self.expected = Expected(found, any_values=any_values)
        self.committed = [each.text for each in found if each.kind == "write"]
        self.pending, self.savepoints, self.kept, self.lastrowid, self.remains = {}, {}, 0, None, None
        self.intent, self.announced = (done[-1].id if done and done[-1].state == "intent" else None), []
        if not only_skips:
            refuse_temporary(self.committed)
        self.is_active = True

    def finish(self) -> int | None:
        """The revision has ended, and is going to be committed: forget its parts. Returns its entry, if it has one.

        Raises StatementChanged where an earlier run did more.
        """
        if left := self.expected.left():
            raise StatementChanged(f"The revision does no longer do all that has run: {short(left.text)}", hint=CHANGED)
        self.is_active = False
        if self.entry is not None:
            self.journal.drop_parts(self.entry)
        return self.entry

    @property
    def connection(self) -> sa.Connection:
        """That of the run."""
        return self.journal.run_connection

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Follow what the connections of this thread to this database execute and commit."""
        self.thread = threading.get_ident()
        self.place = self.dialect.place(self.connection.engine.url)
        listeners = [(name, getattr(self, f"_{name}")) for name in EVENTS]
        for name, listener in listeners:
            event.listen(sa.Engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                event.remove(sa.Engine, name, listener)

    def follows(self, connection: sa.Connection) -> bool:
        """Whether what this connection does is the revision's, and stays with it."""
        if not self.is_active or self.is_ours or threading.get_ident() != self.thread:
            return False
        if connection is self.connection or connection.engine is self.connection.engine:
            return True
        return self.place is not None and self.dialect.place(connection.engine.url) == self.place

    # -- SQLAlchemy's events; True says that the statement was dealt with

    def _do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        return self.meet(
            statement, parameters, context, cursor, lambda: context.dialect.do_execute(cursor, statement, parameters, context)
        )

    def _do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        return self.meet(
            statement, parameters, context, cursor, lambda: context.dialect.do_executemany(cursor, statement, parameters, context)
        )

    def _do_execute_no_params(self, cursor: Any, statement: str, context: Any) -> bool | None:
        return self.meet(
            statement, None, context, cursor, lambda: context.dialect.do_execute_no_params(cursor, statement, context)
        )

    def _commit(self, connection: sa.Connection) -> None:
        if self.follows(connection):
            self.flush(connection)

    def _rollback(self, connection: sa.Connection) -> None:
        if self.follows(connection):
            self.take_back(connection)

    def _savepoint(self, connection: sa.Connection, name: str) -> None:
        if self.follows(connection):
            self.savepoints[connection, name] = len(self.pending.get(connection, ()))

    def _rollback_savepoint(self, connection: sa.Connection, name: str, _: Any) -> None:
        if self.follows(connection):
            self.take_back(connection, self.savepoints.get((connection, name), 0))

    def _handle_error(self, found: Any) -> None:
        if isinstance(found.original_exception, AllSkipped):
            found.is_disconnect = False  # the connection is as good as before

    # -- what is done with a statement

    def meet(self, text: str, parameters: Any, context: Any, cursor: Any, execute: Execute) -> bool | None:
        """Execute, skip or announce a statement; None leaves it to the driver."""
        connection: sa.Connection | None = getattr(context, "root_connection", None)
        if connection is None or not self.follows(connection):
            return None
        is_beside = connection is not self.connection
        kind = "outside" if not is_beside and self.is_outside(text) else self.dialect.kind_of(text)
        if kind == "rollback":
            self.take_back(connection)
            return None
        if self.only_skips and not self.expected.unmet and kind != "read":
            raise AllSkipped
        if kind == "commit":
            return self.commit(connection, text, cursor)
        statement = Statement(kept_text(text), values_of(parameters), "read" if kind == "read" else "write", is_beside)

        def perform() -> None:
            with self.ours():
                rest = self.dialect.rest_of(connection, text)
            self.perform(connection, context, cursor, statement, (lambda: cursor.execute(rest)) if rest else execute)

        is_session = kind == "read" and self.dialect.is_about_session(text)
        if not is_session and (earlier := self.expected.meet(statement)):
            self.skip(context, cursor, earlier)
        elif kind == "read":
            if HIDES.match(text):
                self.before_statement(text, connection)
            perform()
            if statement.answer.rows is not None and not is_session:  # what follows may depend on them
                self.keep(connection, statement)
        else:
            with self.ours():
                self.before_statement(text, connection)
            self.new(connection, statement, kind, perform)
        return True

    def new(self, connection: sa.Connection, statement: Statement, kind: Kind, perform: Callable[[], None]) -> None:
        """A statement that writes, and is executed for the first time."""
        if kind == "outside" and connection is self.connection and not self.is_autocommit(connection):
            self.outside(statement, perform)
        elif kind in ("ddl", "outside", "many") or self.is_autocommit(connection):
            self.alone(connection, statement, perform, kind)
        else:
            perform()
            self.keep(connection, statement)
            self.on_statement(statement, False)

    def commit(self, connection: sa.Connection, text: str, cursor: Any) -> bool | None:
        """A transaction is ended in so many words. Where tables are locked from then on, ours are with them."""
        self.flush(connection)
        if longer := self.dialect.with_locks(text, self.journal.written()):
            cursor.execute(longer)
            return True
        if self.dialect.is_commit(text):  # said to the driver, which would not learn it from the server
            connection.dialect.do_commit(connection.connection.dbapi_connection)  # type: ignore[arg-type]
            return True
        return None

    def skip(self, context: Any, cursor: Any, earlier: Statement) -> None:
        """Have a statement answered as it was when it ran."""
        if earlier.kind == "write":
            self.on_passed(earlier.text)
            self.on_statement(earlier, True)
            if self.only_skips and not self.expected.unmet:
                raise AllSkipped
        if earlier.answer.columns is not None and earlier.answer.rows is None:
            raise StatementChanged(f"The rows that this gave when it ran are not known: {short(earlier.text)}", hint=GONE)
        self.lastrowid = earlier.answer.lastrowid or self.lastrowid
        if earlier.kind == "write" and not self.expected.unmet:
            with self.ours():
                self.dialect.go_on(self.connection, self.lastrowid)
        answer_again(context, cursor, earlier)

    def perform(self, connection: sa.Connection, context: Any, cursor: Any, statement: Statement, execute: Execute) -> None:
        """Execute a statement. Where it fails, and the revision goes on, that is kept as any answer."""
        try:
            if self.dialect.ddl_rolls_back:
                execute()
            else:
                self.execute(statement.text, execute)
        except context.dialect.loaded_dbapi.Error as error:
            self.on_undone()
            statement.kind, statement.answer = "void", error_of(error)
            if not (self.announced and self.announced[-1] is statement and self.has_happened()):
                self.keep(connection, statement)
            if connection is not self.connection:
                with self.ours():
                    refuse_own_lock(self.connection, self.dialect, statement.text, error)
            raise
        statement.answer = answer_of(context, cursor)

    def keep(self, connection: sa.Connection, statement: Statement) -> None:
        """Let a statement wait for the commit."""
        self.kept += sum(map(length, statement.answer.rows or ()))
        if statement.kind == "write" or not (self.kept > MOST_KEPT or self.expected.has(statement)):
            self.pending.setdefault(connection, []).append(statement)

    def take_back(self, connection: sa.Connection, since: int = 0) -> None:
        """What was executed since then was rolled back."""
        self.on_undone()
        for each in self.pending.get(connection, [])[since:]:
            each.kind = "void" if each.kind == "write" else each.kind

    def flush(self, connection: sa.Connection) -> None:
        """Write down, in the commit that comes now, what was written on a connection since its last one."""
        pending = self.pending.get(connection, [])
        if any(each.kind == "write" for each in pending):
            del self.pending[connection]
            for part in in_parts(pending):
                self.write(connection, "done", part)
            self.committed += [each.text for each in pending if each.kind == "write"]

    def alone(self, connection: sa.Connection, statement: Statement, perform: Callable[[], None], kind: Kind) -> None:
        """Execute a statement that commits by itself. Whether DDL has run shows, and may be said in the next commit."""
        is_block = kind == "many" and not self.dialect.ddl_rolls_back
        self.announce(connection, statement, shows=not is_block)
        with self.ours():
            self.inside.begin(connection if is_block else None)
        perform()
        self.inside.end()
        self.committed.append(statement.text)
        if kind != "ddl":
            self.settle()
        if kind == "many" and not self.is_autocommit(connection):
            self.commit(connection, "COMMIT", None)

    def announce(self, connection: sa.Connection, statement: Statement, *, shows: bool = True) -> None:
        """Write down that a statement is going to be executed and committed. shows: whether what it changes tells that it has."""
        self.on_statement(statement, False)
        self.flush(connection)
        before = self.look(connection, statement.text) if shows else None
        self.settle()
        *parts, self.announced = in_parts([*self.pending.pop(connection, []), statement])
        for part in parts:
            self.write(connection, "done", part)
        self.intent = self.write(connection, "intent", self.announced, before)
        with self.ours():
            self.dialect.before_alone(connection, statement.text)

    def settle(self) -> None:
        """The statement that was announced last has been executed."""
        if self.intent is not None:
            intent, self.intent = self.intent, None
            announced, self.announced = self.announced, []
            with self.ours():
                more = {"statements": announced} if announced and announced[-1].answer != Answer() else {}
                self.journal.change_part(intent, state="done", **more)

    def has_happened(self) -> bool:
        """Whether the statement that was announced, and failed, has had its effect; else it was never announced."""
        assert self.entry is not None
        with suppress(Exception), self.ours():  # where the connection is gone, this is decided when the revision is resumed
            part = next(each for each in self.journal.parts_of(self.entry) if each.id == self.intent)
            if not self.inside.failed() and not has_run(self.connection, self.dialect, part):
                self.journal.drop_part(part.id)
                self.remains = self.dialect.after_failed(self.connection, self.announced[-1].text)
                self.pending.setdefault(self.connection, []).extend(self.announced[:-1])
                self.intent, self.announced = None, []
                return False
        return True

    def outside(self, statement: Statement, perform: Callable[[], None]) -> None:
        """Execute a statement of the run's connection outside of its transaction; the driver is told, not SQLAlchemy.

        Its object stays: for these drivers a transaction begins with the next statement.
        """
        driver: Any = self.connection.connection.dbapi_connection
        self.flush(self.connection)
        self.connection.dialect.do_commit(driver)
        with self.dialect.outside_transactions(driver):
            self.announce(self.connection, statement)
            perform()
        self.committed.append(statement.text)
        self.settle()
        self.connection.dialect.do_commit(driver)

    def look(self, connection: sa.Connection, statement: str) -> str | None:
        """What a statement is going to change, as it is now; None where that does not show."""
        if self.dialect.changes_rows(statement):
            return None
        with self.ours():
            return self.dialect.look(connection, statement)

    def write(self, connection: sa.Connection, state: str, statements: Sequence[Statement], before: str | None = None) -> int:
        """Write a part to the journal, on the connection whose transaction it belongs to; returns its id."""
        with self.ours(), self.journal.on(connection):
            if self.entry is None:
                if connection is self.connection:
                    self.before_commit()
                if self.dialect.ddl_rolls_back:  # else it was there before
                    self.journal.prepare(parts=True)
                self.entry = self.journal.start(self.row())
                self.has_committed = True
                if self.accepted:
                    self.journal.add_part(self.entry, "done", [Statement(key, "", "consent") for key in sorted(self.accepted)])
            return self.journal.add_part(self.entry, state, statements, before)

    @contextmanager
    def ours(self) -> Iterator[None]:
        """Around statements that are not the revision's."""
        before, self.is_ours = self.is_ours, True
        try:
            yield
        finally:
            self.is_ours = before

    def is_autocommit(self, connection: sa.Connection) -> bool:
        """Whether the driver commits each statement, as in an ``autocommit_block()``."""
        return self.dialect.autocommits(connection.connection.dbapi_connection)

    def decide(self) -> list[str]:
        """After a failure: forget that a statement was announced, unless it can be seen that it has run; returns what stays."""
        assert self.entry is not None
        parts = self.journal.parts_of(self.entry)
        last = parts[-1] if parts and parts[-1].state == "intent" else None
        if last and (end := self.dialect.still_executes(self.connection, last.texts[-1])):
            self.remains = f"a session that still executes the last of them ({end})"
        elif last and not (self.inside.is_unclear or has_run(self.connection, self.dialect, last)):
            self.journal.drop_part(parts.pop().id)
            with self.ours():
                self.remains = self.dialect.after_failed(self.connection, last.texts[-1])
        return [text for part in parts for text in part.texts]
