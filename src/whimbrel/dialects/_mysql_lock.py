"""One run at a time on MySQL and MariaDB: a lock with a name (manuals, GET_LOCK)."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection, text

from ._beside import Beside
from ._sessions import Holder, Lock

LONGEST_NAME = 64
STAY = "SET SESSION wait_timeout = 2147483"
"""So that the server does not end a session that only holds a lock; seconds, the most that every platform takes."""

HOLDER = """
    select p.id, p.user, p.host, p.time from information_schema.processlist p where p.id = is_used_lock(:name)
"""


class NamedLock(Lock):
    """A lock of a session of our own; the server gives it back when the session ends.

    It is a lock of one server: in a Galera cluster, run revisions through one node.
    """

    def __init__(self, beside: Beside, name: str) -> None:
        self.beside = beside
        self.name = name if len(name) <= LONGEST_NAME else f"whimbrel {hashlib.sha256(name.encode()).hexdigest()[:40]}"
        self.is_ours = False
        self.is_ready = False

    def take(self) -> bool:
        """Whether it is ours now."""
        self.is_ours = self.beside.run(self._take)
        return self.is_ours

    def _take(self, connection: Connection) -> bool:
        if not self.is_ready:
            connection.execute(text(STAY))
            self.token = (self.name, connection.scalar(text("select connection_id()")))
            self.is_ready = True
        return bool(connection.scalar(text("select get_lock(:name, 0)"), {"name": self.name}))

    def holder(self) -> Holder | None:
        """Who has it. The process list tells where the session comes from, and how long it has been quiet: since then."""
        return self.beside.run(self._holder)

    def _holder(self, connection: Connection) -> Holder | None:
        session = connection.scalar(text("select is_used_lock(:name)"), {"name": self.name})
        if session is None:
            return None
        way_out = f"If it hangs, end its session: KILL {session}"
        row = connection.execute(text(HOLDER), {"name": self.name}).first()
        if row is None:  # a user who may not see the sessions of others
            return Holder((self.name, session), f"session {session}", None, way_out)
        since = datetime.now(timezone.utc) - timedelta(seconds=int(row.time or 0))
        return Holder((self.name, session), f"session {session} of user {row.user} from {row.host}", since, way_out)

    def release(self) -> None:
        """Give it back; a pooler may keep the session."""
        if self.is_ours:
            with suppress(Exception):
                self.beside.run(lambda connection: connection.scalar(text("select release_lock(:name)"), {"name": self.name}))
        self.is_ours = False
        self.beside.close()
