"""Never in the way of traffic: who does not get a lock soon gives way, and tries again later.

A statement that waits for a strong lock makes everybody wait behind it who comes to the table after it. So it waits for
a short time only. Where the database takes the whole revision back, the revision is run again after a pause; where it
cannot, the statement alone is. Meanwhile it is said who holds the lock.
"""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import event

from ..dialects import Beside, Blocker, Dialect, dialect_of
from ..errors import Blocked, RevisionFailed
from ..events import Listener, Noticed
from ..settings import Settings
from .env import Database

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds between two attempts
LOOK_AFTER, LOOK_EVERY = 0.4, 0.4
"""Seconds until it is asked who blocks, and between two such questions."""

MOST_NAMED = 3

COMMITS = re.compile(r"\s*(CREATE|ALTER|DROP|TRUNCATE|RENAME)\b(?!\s+TEMPORARY\b)", re.IGNORECASE)
READS = re.compile(r"\s*(SELECT|SHOW|SET|DESCRIBE|EXPLAIN)\b", re.IGNORECASE)


class Patience:
    """How one run meets the locks of others on one database."""

    def __init__(self, database: Database, settings: Settings, tell: Listener) -> None:
        self.database = database
        self.settings = settings
        self.tell = tell
        self.dialect: Dialect = dialect_of(database.context.dialect.name)
        self.lookout: Lookout | None = None
        self._has_written = False
        self._repeats_all = self.dialect.ddl_rolls_back

    @contextmanager
    def kept(self, *, is_looking: bool = False) -> Iterator[None]:
        """Stands around a run: limits how long statements wait, and watches who blocks them.

        is_looking: nothing is written, so that all of it is repeated, and no statement alone.
        """
        connection = self.database.connection
        session = None if connection is None else self.dialect.session(connection)
        if connection is None or session is None:
            yield
            return
        commits_each = self.database.context.commits_each
        with self.dialect.patient(connection, self.settings.lock_timeout, only_now=not commits_each):
            self.lookout = Lookout(self.database, self.dialect, session, self.tell)
            stand_alone = not (is_looking or self.dialect.ddl_rolls_back)
            self._repeats_all = not stand_alone
            if stand_alone:
                event.listen(connection.engine, "do_execute", self._do_execute)
            try:
                yield
            finally:
                if stand_alone:
                    event.remove(connection.engine, "do_execute", self._do_execute)
                self.lookout.close()

    def run(self, attempt: Callable[[], T], *, is_repeatable: bool = True) -> T:
        """Call what runs revisions in one transaction, again where it met a lock and nothing of it has been committed.

        is_repeatable: false for what goes on after an earlier run. Raises Blocked in the end, and HalfApplied at once.
        """
        if self.lookout is None:
            return attempt()
        may_repeat = is_repeatable and self._repeats_all and self.database.context.commits_each
        pauses = Pauses(self.settings.retry_for)
        while True:
            self._has_written = False
            try:
                with self.lookout.out():
                    return attempt()
            except RevisionFailed as error:
                if not self.dialect.is_lock_conflict(error.__cause__):
                    raise
                if not (may_repeat and pauses.may_go_on()):
                    raise self._blocked(error) from error.__cause__
            self._give_way(pauses)

    def execute(self, statement: str, execute: Callable[[], object]) -> None:
        """Execute one statement that cannot be taken back with its revision, again where it met a lock.

        A deadlock ends the whole transaction: then it is executed again only if nothing had been written in it.
        """
        connection = self.database.connection
        assert connection is not None
        pauses = Pauses(self.settings.retry_for)
        while True:
            try:
                execute()
            except Exception as error:
                if not (self.dialect.is_lock_conflict(error) and pauses.may_go_on()):
                    raise
                if self._has_written and self.dialect.ends_transaction(error, connection):
                    raise
            else:
                if COMMITS.match(statement):
                    self._has_written = False
                elif not READS.match(statement):
                    self._has_written = True
                return
            self._give_way(pauses)

    def _do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
        """The listener for databases where each statement stands for itself."""
        if context is None or context.root_connection is not self.database.connection:
            return None
        self.execute(statement, lambda: context.dialect.do_execute(cursor, statement, parameters, context))
        return True

    def _give_way(self, pauses: Pauses) -> None:
        """Let those pass who came later."""
        if not pauses.count:
            self.tell(Noticed(f"No lock to be had: giving way, and trying again for up to {self.settings.retry_for:g} s."))
        with self.lookout.at_rest() if self.lookout else nullcontext():
            pauses.sleep()

    def _blocked(self, error: RevisionFailed) -> Blocked:
        """The last error, with the names of those who blocked."""
        blockers = self.lookout.seen if self.lookout else ()
        lines = [error.message, *map(str, blockers[:MOST_NAMED])]
        if len(blockers) > MOST_NAMED:
            lines.append(f"and {len(blockers) - MOST_NAMED} more.")
        way = f" ({blockers[0].way_to_end})" if blockers and blockers[0].is_sure else ""
        return Blocked(
            "\n".join(lines),
            place=error.place,
            state=error.state,
            hint=f"Wait until that transaction has ended, or end it{way}, then start again; or try for longer with --retry-for.",
            data={**error.data, "blockers": [blocker.as_data() for blocker in blockers]},
        )


class Pauses:
    """The pauses between attempts: longer each time, and never the same for two runs; for so long since the first failure."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = math.inf
        self.count = 0

    def may_go_on(self) -> bool:
        """Whether there is time for another attempt; called after each that failed."""
        now = time.monotonic()
        self.until = min(self.until, now + self.seconds)
        return now < self.until

    def sleep(self) -> None:
        """The next pause."""
        pause = min(FIRST_PAUSE * 2**self.count, LONGEST_PAUSE) * random.uniform(0.5, 1)
        self.count += 1
        time.sleep(max(min(pause, self.until - time.monotonic()), FIRST_PAUSE / 2))


class Lookout:
    """A thread that says who blocks a session while a statement of it waits.

    It looks only when an attempt takes longer than a moment, with a connection of its own that is opened then.
    """

    def __init__(self, database: Database, dialect: Dialect, session: int, tell: Listener) -> None:
        assert database.connection is not None
        self.database = database
        self.dialect = dialect
        self.session = session
        self.tell = tell
        self.seen: tuple[Blocker, ...] = ()
        self._told: set[int] = set()
        self._since: float | None = None
        self._beside = Beside(database.connection)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def out(self) -> Iterator[None]:
        """Look out during an attempt."""
        self._since = time.monotonic()
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_out, name="whimbrel-lookout", daemon=True)
            self._thread.start()
        try:
            yield
        finally:
            self._since = None

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Don't look during a pause inside an attempt."""
        before, self._since = self._since, None
        try:
            yield
        finally:
            self._since = before

    def close(self) -> None:
        """End the thread and its connection."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
        self._beside.close()

    def _look_out(self) -> None:
        while not self._end.wait(LOOK_EVERY):
            since = self._since
            if since is not None and time.monotonic() - since > LOOK_AFTER:
                try:
                    self._look()
                except Exception:  # nobody can say who blocks; the run itself is not in danger
                    self.database.watch.refused = None
                    return

    def _look(self) -> None:
        found = self.dialect.blockers(self._beside, self.session)
        if not found:
            return
        self.seen = found
        new = [blocker for blocker in found if blocker.id not in self._told]
        self._told.update(blocker.id for blocker in new)
        for blocker in new[:MOST_NAMED]:
            self.tell(Noticed(f"Waiting for a lock. {blocker}"))
