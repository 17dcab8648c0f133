"""SQLite: a copy of the file by the online backup API, while it is in use, whatever its journal mode."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..errors import BackupFailed, Refused, RestoreFailed
from ..project import display_path
from ._base import Method, Target

MAGIC = b"SQLite format 3\0"
ABOUT_ROWS = ("NULL value in ", "CHECK constraint failed in ")
"""What a check says of rows in a file that is whole; SQLite 3.40 says the first of tables without rowid by mistake."""
PAUSE = 0.05  # seconds, between two attempts to get a lock


class Sqlite(Method):
    """SQLite 3 (manual, "SQLite Backup API")."""

    names = ("sqlite",)
    suffix = ".sqlite"
    makes = "a SQLite database"

    def recognises(self, head: bytes) -> bool:
        """By its header."""
        return head.startswith(MAGIC)

    def check(self, target: Target) -> None:
        """Memory of a process is nobody else's."""
        path_of(target)

    def save(self, target: Target, path: Path) -> None:
        """Copy the pages in one go, from one snapshot; then compare the rows of each table with that snapshot."""
        try:
            with opened(path_of(target), target.patience) as source, opened(path) as copy:
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it sees what is there now
                transfer(source, copy, target.patience)
                single_file(copy)
                refuse_damage(copy)
                expected, found = counts(source), counts(copy)
                source.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise BackupFailed(f"{target.url} could not be backed up: {error}.", state="Nothing has been changed.") from error
        if expected != found:
            name = next(name for name in expected if expected[name] != found.get(name))
            raise BackupFailed(f"The copy has {found.get(name)} rows of {name}, the database {expected[name]}.")

    def prove(self, target: Target, file: Path) -> None:
        """Read all of it."""
        with self._checked_copy(target, file):
            pass

    def restore(self, target: Target, file: Path, safety: Path) -> None:
        """Write all pages in one transaction: readers see the old content until it is committed, and then the new."""
        live = path_of(target)
        with self._checked_copy(target, file) as checked:
            try:
                with opened(checked) as source, opened(live, target.patience) as into:
                    match_page_size(source, into)
                    transfer(source, into, target.patience)
            except sqlite3.Error as error:
                raise RestoreFailed(
                    f"{display_path(file)} could not be restored: {error}.",
                    state=f"The old content of {target.url} is still there.",
                    hint="If somebody uses the database, stop that, then start again.",
                ) from error

    @contextmanager
    def _checked_copy(self, target: Target, file: Path) -> Iterator[Path]:
        """A copy of a backup beside the database that was found to be whole: the file itself may be in use, or change."""
        with tempfile.TemporaryDirectory(prefix=".whimbrel-", dir=os.path.dirname(path_of(target))) as folder:
            path = Path(folder) / "copy"
            try:
                with opened(f"{file.absolute().as_uri()}?mode=ro") as source, opened(path) as copy:
                    transfer(source, copy, target.patience)
                    single_file(copy)
                    refuse_damage(copy)
            except sqlite3.Error as error:
                raise Refused(
                    f"{display_path(file)} is damaged, or not complete: {error}.", state="Nothing has been changed."
                ) from error
            yield path


def path_of(target: Target) -> str:
    """The file. Raises Refused for a database in memory."""
    with target.beside() as beside:
        listed = beside.run(lambda connection: connection.exec_driver_sql("PRAGMA database_list").all())
    found = next((str(row[2]) for row in listed if row[1] == "main"), "")
    if not found:
        raise Refused(f"{target.url} is in the memory of a process: there is no file to back up.")
    return found


@contextmanager
def opened(path: str | Path, timeout: float = 5.0) -> Iterator[sqlite3.Connection]:
    """A connection of our own; a path that begins with ``file:`` is a URI."""
    is_uri = str(path).startswith("file:")
    with closing(sqlite3.connect(path, timeout=timeout, isolation_level=None, uri=is_uri)) as connection:
        yield connection


def transfer(source: sqlite3.Connection, into: sqlite3.Connection, patience: float) -> None:
    """Copy all pages at once: a copy in steps would begin anew whenever somebody writes.

    Raises sqlite3.OperationalError where no lock is to be had for so many seconds.
    """
    until = time.monotonic() + patience

    def give_up(status: int, remaining: int, total: int) -> None:
        if status in (sqlite_busy, sqlite_locked) and time.monotonic() > until:
            raise sqlite3.OperationalError("database is locked")

    source.backup(into, pages=-1, progress=give_up, sleep=PAUSE)


sqlite_busy, sqlite_locked = 5, 6  # result codes; the module names them from Python 3.11 on


def single_file(copy: sqlite3.Connection) -> None:
    """Let a copy of a database in WAL mode need no second file; give an empty one its header."""
    copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    if not copy.execute("PRAGMA page_count").fetchone()[0]:
        copy.execute("PRAGMA user_version = 0")


def refuse_damage(copy: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where a database is damaged.

    Collations, functions and modules of the application are not known here; what needs them cannot be looked into.
    """
    for check in ("integrity_check", "quick_check"):
        try:
            said = [str(row[0]) for row in copy.execute(f"PRAGMA {check}")]
        except sqlite3.OperationalError as error:
            if not str(error).startswith(("no such collation", "no such function", "no such module", "unknown function")):
                raise
            continue
        damage = [line for line in said if line != "ok" and not line.startswith(ABOUT_ROWS)]
        if damage:
            raise sqlite3.DatabaseError("; ".join(damage))
        return


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of rows of each table but virtual ones, whose module may be unknown."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return {
        name: connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]
        for (name,) in connection.execute(query).fetchall()
    }


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


def match_page_size(source: sqlite3.Connection, into: sqlite3.Connection) -> None:
    """A database in WAL mode keeps its page size: give the source that one ("SQLite Backup API", SQLITE_READONLY)."""
    mode, wanted = into.execute("PRAGMA journal_mode").fetchone()[0], into.execute("PRAGMA page_size").fetchone()[0]
    if mode == "wal" and source.execute("PRAGMA page_size").fetchone()[0] != wanted:
        source.execute(f"PRAGMA page_size = {wanted}")
        source.execute("VACUUM")


method = Sqlite()
