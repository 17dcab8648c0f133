"""What env.py does with its connections while we run it: who opened a transaction, how it ended, what did not connect.

Only public SQLAlchemy events are used, on the class Engine, because an env.py makes engines of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine import Engine, ExceptionContext


@dataclass
class Watch:
    """What was seen during one run of env.py."""

    refused: URL | None = None
    """The last address that let nobody in."""

    begun: WeakKeyDictionary[Connection, bool] = field(default_factory=WeakKeyDictionary)
    """Connections in a transaction; True where a statement began it, not somebody who will end it."""

    ends: WeakKeyDictionary[Connection, list[bool]] = field(default_factory=WeakKeyDictionary)
    """How the transactions of a connection ended, one after the other: True for a commit."""

    passwords: set[str] = field(default_factory=set)
    """The passwords of engines that failed, not to be printed."""

    def began_by_itself(self, connection: Connection) -> bool:
        """Whether the open transaction of a connection belongs to nobody.

        SQLAlchemy begins one with the first statement. An env.py that executes something before the migrations does not
        know of it and will not commit it.
        """
        return self.begun.get(connection, False)

    def ended(self, connection: Connection) -> list[bool]:
        """How the transactions of a connection ended so far."""
        return list(self.ends.get(connection, ()))

    def scrubbed(self, text: str) -> str:
        """A text without passwords."""
        for password in self.passwords:
            text = text.replace(password, "***")
        return text

    def _begin(self, connection: Connection) -> None:
        self.begun[connection] = not was_asked_for()

    def _commit(self, connection: Connection) -> None:
        self._end(connection, True)

    def _rollback(self, connection: Connection) -> None:
        self._end(connection, False)

    def _end(self, connection: Connection, committed: bool) -> None:
        self.begun.pop(connection, None)
        self.ends.setdefault(connection, []).append(committed)

    def _begin_twophase(self, connection: Connection, xid: Any) -> None:
        self._begin(connection)

    def _commit_twophase(self, connection: Connection, xid: Any, is_prepared: bool) -> None:
        self._end(connection, True)

    def _rollback_twophase(self, connection: Connection, xid: Any, is_prepared: bool) -> None:
        self._end(connection, False)

    def _handle_error(self, context: ExceptionContext) -> None:
        if context.engine is not None:
            if context.engine.url.password:
                self.passwords.add(str(context.engine.url.password))
            if context.connection is None:
                self.refused = context.engine.url


EVENTS = ("begin", "commit", "rollback", "begin_twophase", "commit_twophase", "rollback_twophase", "handle_error")


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch every engine of this process for a while."""
    watch = Watch()
    listeners = [(name, getattr(watch, f"_{name}")) for name in EVENTS]
    for name, listener in listeners:
        event.listen(Engine, name, listener)
    try:
        yield watch
    finally:
        for name, listener in listeners:
            event.remove(Engine, name, listener)


def was_asked_for() -> bool:
    """Whether the transaction that begins now was asked for with ``begin()``.

    That is the function through which the caller, whoever it is, entered SQLAlchemy.
    """
    frame = sys._getframe(1)
    entrance = ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("sqlalchemy."):
            entrance = frame.f_code.co_name
        elif entrance:
            break
        frame = frame.f_back  # type: ignore[assignment]
    return entrance.startswith("begin")
