"""The questions that the rest of the program asks a database, with the most careful answers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Inspector, MetaData, Table, inspect, text
from sqlalchemy import Dialect as SqlaDialect

from ._beside import Beside
from ._sessions import Blocker, Lock


class Dialect:
    """A database of which nothing is known."""

    names: tuple[str, ...] = ()
    """The SQLAlchemy dialect names that it stands for."""

    ddl_rolls_back = False
    """Whether CREATE, ALTER and DROP can be undone by ROLLBACK."""

    checks_length = True
    """Whether a string that is longer than its column is an error."""

    def title(self, dialect: SqlaDialect) -> str:
        """Its name as its makers write it."""
        return dialect.name.capitalize()

    def place(self, url: URL) -> Hashable:
        """The same value for URLs of the same database, whoever logs in; None where that cannot be told."""
        if not url.database:
            return None
        return url.get_backend_name(), url.host or "localhost", url.port, url.database, tuple(sorted(url.query.items()))

    def is_local(self, url: URL) -> bool:
        """Whether it is a file or the memory of this machine, not a server."""
        return False

    def why_no_connection(self, error: BaseException) -> str | None:
        """In words why the server let nobody in; None where the error is another one."""
        return None

    @contextmanager
    def prepared(self, connection: Connection) -> Iterator[None]:
        """Stands around a run: makes the transactions of a connection what they are said to be."""
        yield

    # -- one run at a time

    def lock(self, connection: Connection, table: Table) -> Lock | None:
        """The lock for a version table, as the connection finds it; None where there is none, or nobody else can come."""
        return None

    def is_busy(self, error: BaseException) -> bool:
        """Whether the database could not even be read because somebody else writes."""
        return False

    # -- locks of others

    @contextmanager
    def patient(self, connection: Connection, seconds: float, *, only_now: bool) -> Iterator[None]:
        """Let no statement wait longer for a lock, unless somebody has set a time of their own.

        seconds: 0 for no limit. only_now: the transaction that is open is not ours to commit.
        """
        yield

    def is_lock_conflict(self, error: BaseException | None) -> bool:
        """Whether a statement failed because of somebody else's lock, so that it may succeed later."""
        return False

    def ends_transaction(self, error: BaseException, connection: Connection) -> bool:
        """Whether the server has rolled back the whole transaction with that statement, not the statement alone."""
        return True

    def session(self, connection: Connection) -> int | None:
        """The server's number for a connection; None where there is no server."""
        return None

    def blockers(self, beside: Beside, session: int) -> tuple[Blocker, ...]:
        """Whom a session waits for; none where it does not wait, or the server does not tell."""
        return ()

    def tables(self, connection: Connection) -> list[str]:
        """The tables and views of the default schema that are not an extension's, by name."""
        found: Inspector = inspect(connection)
        return sorted([*found.get_table_names(), *found.get_view_names()])

    def drop_all(self, connection: Connection) -> None:
        """Drop every table and view of the default schema."""
        found = inspect(connection)
        for name in found.get_view_names():
            connection.execute(text(f"DROP VIEW {self.quoted(connection, name)}"))
        everything = MetaData()
        everything.reflect(connection)
        everything.drop_all(connection)

    def quoted(self, connection: Connection, name: str) -> str:
        """A name as it stands in SQL."""
        return connection.dialect.identifier_preparer.quote(name)


def schema_of(connection: Connection, table: Table) -> str | None:
    """The schema of a table as the connection translates it (``schema_translate_map``); None for the default one."""
    translated = connection.get_execution_options().get("schema_translate_map") or {}
    found = translated.get(table.schema, table.schema)
    return None if found is None else str(found)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE that the server gave an error; '' where it gave none, or nobody answered."""
    original = getattr(error, "orig", None) or error
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
