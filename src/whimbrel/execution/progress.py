"""How long a statement has been running, and how far it is where the server tells that.

A thread looks once a second. It asks the server, on a connection of its own, only while a statement takes longer than
that; nothing that goes wrong with it reaches the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from ..dialects import Beside, Phase, dialect_of
from ..events import Event, Listener, Progressed, RevisionStarted
from .env import Database

EVERY = 1.0
"""Seconds until a statement counts as long, and between two looks at it."""


class Running(NamedTuple):
    """A statement that is being executed."""

    since: float
    statement: str
    context: Any


class Progress:
    """Tells of the long statements of one run on one database."""

    def __init__(self, database: Database, tell: Listener) -> None:
        self.database = database
        self.tell = tell
        self._dialect = dialect_of(database.context.dialect.name)
        self._revision = ""
        self._session: int | None = None
        self._running: list[Running] = []
        """The present statement, and those that it is executed within: the journal has statements of its own."""
        self._beside: Beside | None = None
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_watching = False

    def hear(self, event: Event) -> None:
        """Pass on what the run tells; it says which revision is running."""
        if isinstance(event, RevisionStarted):
            self._revision = event.revision
            if self._is_watching and self._thread is None:
                self._start()
        self.tell(event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Stands around a run."""
        connection = self.database.connection
        if connection is None:
            yield
            return
        listeners: list[tuple[Any, str, Any]] = [
            (connection, "before_cursor_execute", self._before),
            (connection, "after_cursor_execute", self._after),
            (connection.engine, "handle_error", self._failed),
        ]
        for target, name, listener in listeners:
            event.listen(target, name, listener)
        self._is_watching = True
        try:
            yield
        finally:
            for target, name, listener in listeners:
                event.remove(target, name, listener)
            self._close()

    def _before(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, *rest: Any) -> None:
        self._running.append(Running(time.monotonic(), statement, context))

    def _after(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, *rest: Any) -> None:
        self._ended(context)

    def _failed(self, context: ExceptionContext) -> None:
        if context.connection is self.database.connection:
            self._ended(context.execution_context)

    def _ended(self, context: Any) -> None:
        """A statement has ended, and all within it; None where it is not known which."""
        while self._running and self._running.pop().context is not context:
            pass

    def _start(self) -> None:
        """Start the thread, when the first revision does: no statement of it is in the way of ours yet."""
        connection = self.database.connection
        self._session = None if connection is None else self._dialect.session(connection)
        self._thread = threading.Thread(target=self._look_on, name="whimbrel-progress", daemon=True)
        self._end.clear()
        self._thread.start()

    def _close(self) -> None:
        """End the thread and its connection."""
        self._is_watching = False
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        if self._beside is not None:
            self._beside.close()
        self._thread = self._beside = None
        self._running.clear()

    def _look_on(self) -> None:
        while not self._end.wait(EVERY):
            running = next(iter(self._running), None)
            if running is None or (seconds := time.monotonic() - running.since) < EVERY:
                continue
            phase = self._phase()
            if self._running[:1] == [running]:
                words = " ".join(running.statement.split())
                found = (phase.fraction, phase.name) if phase else (None, "")
                self._tell(Progressed(self.database.name, self._revision, words, seconds, *found))

    def _phase(self) -> Phase | None:
        """What the server says; after it could not be asked, nothing more."""
        if self._session is None or self.database.connection is None:
            return None
        try:
            if self._beside is None:
                self._beside = Beside(self.database.connection)
            return self._dialect.progress(self._beside, self._session)
        except Exception:
            self.database.watch.refused = None
            self._session = None
            return None

    def _tell(self, event: Progressed) -> None:
        try:
            self.tell(event)
        except Exception:  # a listener must not raise; this one cannot stop the run
            self._end.set()
