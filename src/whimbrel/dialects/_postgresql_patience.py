"""How long a session of PostgreSQL waits for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine import Engine


@contextmanager
def patient(connection: Connection, seconds: float, *, only_now: bool, place: Callable[[URL], Hashable]) -> Iterator[None]:
    """Set ``lock_timeout`` for a session, or its transaction, and for other sessions of this thread in the same place."""
    before = str(connection.scalar(text("select current_setting('lock_timeout')")))
    if not seconds or before != "0":
        yield
        return
    wanted, set_for = f"{seconds * 1000:.0f}ms", "true" if only_now else "false"
    setting = text(f"select set_config('lock_timeout', :value, {set_for})")

    is_limited = True

    def limit(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal is_limited
        if is_limited is ("CONCURRENTLY" in statement.upper()):
            is_limited = not is_limited
            cursor.execute(f"SET lock_timeout = '{wanted if is_limited else 0}'")

    def set_to(value: str) -> None:
        connection.execute(setting, {"value": value})
        if not only_now:
            connection.commit()

    thread, here = threading.get_ident(), place(connection.engine.url)

    def limit_other(other: Connection) -> None:
        """A connection that a revision opens could wait for this one for ever."""
        if other is not connection and threading.get_ident() == thread and place(other.engine.url) == here:
            with closing(other.connection.cursor()) as cursor:
                cursor.execute(f"select set_config('lock_timeout', '{wanted}', true) where current_setting('lock_timeout') = '0'")

    set_to(wanted)
    event.listen(connection, "before_cursor_execute", limit)
    event.listen(Engine, "begin", limit_other)
    try:
        yield
    finally:
        event.remove(Engine, "begin", limit_other)
        event.remove(connection, "before_cursor_execute", limit)
        with suppress(Exception):  # the connection is gone, or its transaction has failed and will take the setting with it
            set_to("0")
