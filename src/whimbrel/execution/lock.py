"""One run at a time on a database, in whatever number they are started.

The lock is for a database, a schema and a version table. It is held on a connection of its own until env.py has ended,
and given back by the system where the process dies. A run that finds nothing to do needs none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from ..dialects import Holder, Lock, dialect_of
from ..errors import Occupied
from ..events import Listener, Noticed
from ..project import Project
from .env import Database

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5  # seconds between two attempts

held: set[Hashable] = set()
"""The locks of this process: a second bind of the same database, or a revision that runs another command, must not wait
for itself. One thread at a time runs env.py (``env.ONE_AT_A_TIME``)."""


def take_lock(project: Project, database: Database, tell: Listener) -> None:
    """Take the lock of a database until env.py has ended; wait where another run has it.

    Raises Occupied after the time that the project's settings say.
    """
    connection = database.connection
    if connection is None:
        return
    dialect = dialect_of(connection.dialect.name)
    lock = dialect.lock(connection, database.context.table)
    if database.context.commits_each and connection.in_transaction():
        connection.commit()  # who waits must not keep others waiting, and reads again afterwards
    if lock is not None:
        database.resources.enter_context(holding(lock, project.settings.wait, tell))


@contextmanager
def holding(lock: Lock, wait: float, tell: Listener) -> Iterator[None]:
    """Hold a lock. Raises Occupied where somebody else has it for more than ``wait`` seconds from now.

    A file system may have no locks, or not let us write beside the database: then it is said that there is none.
    """
    try:
        try:
            is_ours = taken(lock, wait, tell)
        except OSError as error:
            tell(Noticed(f"No lock could be taken ({error}): do not start another run while this one is at work."))
            is_ours = False
        if is_ours:
            held.add(lock.token)
        try:
            yield
        finally:
            if is_ours:
                held.discard(lock.token)
    finally:
        lock.release()


def taken(lock: Lock, wait: float, tell: Listener) -> bool:
    """Whether the lock was taken now; false where this process has it already."""
    until, pause, told = time.monotonic() + wait, FIRST_PAUSE, False
    while not lock.take():
        holder = lock.holder()
        if holder is not None and holder.token in held:
            return False
        if time.monotonic() >= until:
            raise occupied(holder, wait)
        if holder is not None and not told:
            tell(Noticed(f"Another run is at work on this database: {holder}. Waiting for it to end."))
            told = True
        time.sleep(min(pause * random.uniform(0.5, 1), max(until - time.monotonic(), 0)))
        pause = min(pause * 1.5, LONGEST_PAUSE)
    return True


def occupied(holder: Holder | None, wait: float) -> Occupied:
    """The error of a run that has waited long enough."""
    who = str(holder or "another process")
    return Occupied(
        f"Another run is at work on this database, and has not ended within {wait:g} s: {who}.",
        state="Nothing has been changed by this one.",
        hint=f"Wait for it longer with --wait SECONDS. {holder.way_out if holder else ''}".rstrip() + ".",
        data={"holder": who},
    )
