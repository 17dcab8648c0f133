"""A connection of our own beside the one that env.py runs revisions on: to hold a lock, and to see who blocks.

It is made as the other one was, by the same function and with the same credentials, whatever the pool allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import Engine
from sqlalchemy.util import greenlet_spawn

T = TypeVar("T")


class Beside:
    """Opened when it is first used; every statement is a transaction of its own.

    An asynchronous driver is used in a thread with an event loop of its own: the loop of env.py is busy, and ends
    before we do.
    """

    def __init__(self, connection: Connection) -> None:
        theirs = connection.engine
        self._engine = Engine(theirs.pool.recreate(), theirs.dialect, theirs.url)
        self._connection: Connection | None = None
        self._elsewhere: ThreadPoolExecutor | None = None
        if theirs.dialect.is_async:
            self._elsewhere = ThreadPoolExecutor(1)
            self._loop = asyncio.new_event_loop()

    def run(self, function: Callable[[Connection], T]) -> T:
        """Call a function with the connection. Raises SQLAlchemy's OperationalError where none is to be had."""
        return self._call(partial(self._with_connection, function))

    def close(self) -> None:
        """End the session. Raises nothing: it may have ended by itself."""
        try:
            if self._connection is not None:
                self._call(self._close)
        except Exception:
            pass
        finally:
            self._connection = None
            if self._elsewhere is not None:
                self._elsewhere.shutdown()
                self._loop.close()

    def _close(self) -> None:
        assert self._connection is not None
        try:
            self._connection.close()
        finally:
            self._engine.dispose()

    def _with_connection(self, function: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return function(self._connection)

    def _call(self, function: Callable[[], T]) -> T:
        if self._elsewhere is None:
            return function()
        return self._elsewhere.submit(lambda: self._loop.run_until_complete(greenlet_spawn(function))).result()
