"""How long a session of PostgreSQL waits for a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.engine import Engine, ExceptionContext


@contextmanager
def patient(
    connection: Connection,
    seconds: float,
    *,
    only_now: bool,
    place: Callable[[URL], Hashable],
    autocommits: Callable[[Any], bool],
    locks: str,
) -> Iterator[None]:
    """Set ``lock_timeout`` for a session, or its transaction, and for other sessions of this thread in the same place.

    autocommits: whether a connection of the driver commits each statement. locks: asks a session whether it holds any that
    others wait for.
    """
    before = str(connection.scalar(text("select current_setting('lock_timeout')")))
    if not seconds or before != "0":
        yield
        return
    wanted, set_for = f"{seconds * 1000:.0f}ms", "true" if only_now else "false"
    setting = text(f"select set_config('lock_timeout', :value, {set_for})")

    is_limited = True
    concurrent: Any = None

    def limit(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, *rest: Any) -> None:
        nonlocal is_limited, concurrent
        if concurrent is not None:
            return  # what the journal executes before it, or after
        if is_limited is ("CONCURRENTLY" in statement.upper()):
            is_limited = not is_limited
            cursor.execute(f"SET lock_timeout = '{wanted if is_limited else 0}'")
        concurrent = None if is_limited else context

    def executed(connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, *rest: Any) -> None:
        nonlocal concurrent
        concurrent = None if context is concurrent else concurrent

    def failed(error: ExceptionContext) -> None:
        nonlocal concurrent
        concurrent = None if error.connection is connection else concurrent

    def set_to(value: str) -> None:
        connection.execute(setting, {"value": value})
        if not only_now:
            connection.commit()

    thread, here = threading.get_ident(), place(connection.engine.url)

    def is_other(other: Connection) -> bool:
        """Whether a connection that a revision opens could wait for this one for ever."""
        return other is not connection and threading.get_ident() == thread and place(other.engine.url) == here

    def limit_other(other: Connection) -> None:
        if is_other(other):
            is_local = not autocommits(other.connection.dbapi_connection)
            with closing(other.connection.cursor()) as cursor:
                known = "current_setting('lock_timeout') = '0'"
                cursor.execute(f"select set_config('lock_timeout', '{wanted}', {is_local}) where {known}")
                if cursor.fetchone() is not None and not is_local:
                    limited.add(other)

    def limit_alone(other: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        """Statements that run concurrently wait for others as long as it takes, but not for this one."""
        if other in limited and "CONCURRENTLY" in statement.upper():
            with closing(connection.connection.cursor()) as own:
                own.execute(locks)
                if own.fetchone() == (False,):
                    cursor.execute("SET lock_timeout = 0")

    def set_free(other: Connection) -> None:
        if other in limited:
            limited.discard(other)
            with suppress(Exception), closing(other.connection.cursor()) as cursor:
                cursor.execute("SET lock_timeout = 0")

    limited: set[Connection] = set()
    others: dict[str, Callable[..., None]] = {
        "begin": limit_other,
        "before_cursor_execute": limit_alone,
        "commit": set_free,
        "rollback": set_free,
    }
    set_to(wanted)
    listeners: list[tuple[Any, str, Callable[..., None]]] = [
        (connection, "before_cursor_execute", limit),
        (connection, "after_cursor_execute", executed),
        (connection.engine, "handle_error", failed),
        *((Engine, name, listener) for name, listener in others.items()),
    ]
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)
        with suppress(Exception):  # the connection is gone, or its transaction has failed and will take the setting with it
            set_to("0")
