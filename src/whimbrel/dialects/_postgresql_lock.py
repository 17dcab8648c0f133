"""One run at a time on PostgreSQL: an advisory lock (manual, "Advisory Locks")."""

from __future__ import annotations

import hashlib
import os
import socket
from contextlib import suppress
from datetime import datetime, timezone

from sqlalchemy import Connection, text

from ._beside import Beside
from ._sessions import Holder, Lock

LONGEST_NAME = 63  # bytes, of application_name
# So that neither the server nor a firewall ends a session that only holds a lock.
STAY = """
    select set_config(name, case name when 'idle_session_timeout' then '0' else '60' end, false)
    from pg_settings where name in ('idle_session_timeout', 'tcp_keepalives_idle')
"""
TRY_LOCK = text("select pg_try_advisory_lock(cast(:key as bigint))")
UNLOCK = text("select pg_advisory_unlock(cast(:key as bigint))")
HOLDER = """
    select a.pid, coalesce(a.usename, '?'), coalesce(a.application_name, '')
    from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.granted and l.objsubid = 1
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid = cast(:high as bigint) and l.objid = cast(:low as bigint)
"""


class AdvisoryLock(Lock):
    """A lock of a session of our own; the server gives it back when the session ends.

    A pooler that gives every transaction another session (pgbouncer's transaction mode) takes that away.
    """

    def __init__(self, beside: Beside, name: str) -> None:
        self.beside = beside
        self.name = name
        self.key = int.from_bytes(hashlib.sha256(f"whimbrel {name}".encode()).digest()[:8], "big", signed=True)
        self.is_ours = False
        self.is_ready = False

    def take(self) -> bool:
        """Whether it is ours now."""
        self.is_ours = self.beside.run(self._take)
        return self.is_ours

    def _take(self, connection: Connection) -> bool:
        if not self.is_ready:
            connection.execute(text(STAY))
            self.token = (self.key, connection.scalar(text("select pg_backend_pid()")))
            self.is_ready = True
        found = bool(connection.scalar(TRY_LOCK, {"key": self.key}))
        if found:
            connection.execute(text("select set_config('application_name', :name, false)"), {"name": own_name()})
        return found

    def holder(self) -> Holder | None:
        """Who has it: the name of its session says it."""
        key = {"high": (self.key >> 32) & 0xFFFFFFFF, "low": self.key & 0xFFFFFFFF}
        row = self.beside.run(lambda connection: connection.execute(text(HOLDER), key).first())
        if row is None:
            return None
        session, user, application = row
        way_out = f"If it hangs, end its session: select pg_terminate_backend({session})"
        who = f"session {session} of user {user}"
        match application.split(" ", 3):
            case ["whimbrel", started, pid, host]:
                with suppress(ValueError):
                    since = datetime.fromisoformat(started)
                    return Holder((self.key, session), f"process {pid} on {host} ({who})", since, way_out)
        return Holder((self.key, session), who, None, way_out)

    def release(self) -> None:
        """Give it back; a pooler may keep the session."""
        if self.is_ours:
            with suppress(Exception):
                self.beside.run(lambda connection: connection.scalar(UNLOCK, {"key": self.key}))
        self.is_ours = False
        self.beside.close()


def own_name() -> str:
    """What the session is called while it has the lock: since when, and which process on which machine."""
    name = f"whimbrel {datetime.now(timezone.utc).isoformat(timespec='seconds')} {os.getpid()} {socket.gethostname()}"
    return name.encode("ascii", "replace")[:LONGEST_NAME].decode()
