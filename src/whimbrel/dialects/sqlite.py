"""SQLite: a file or the memory of this process."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, Table, bindparam, create_engine, event, text
from sqlalchemy import Dialect as SqlaDialect
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeEngine

from ..errors import Refused
from ._affinity import unfit
from ._base import Dialect, as_look, grouped, schema_of
from ._file_lock import FileLock
from ._kinds import COMMENTS, Kind
from ._sessions import Lock
from ._sqlite_reading import ReadAhead
from ._sqlite_text import collation_of, parse, reference_of
from ._sqlite_views import views_on

# A PRAGMA has to run outside a transaction to be obeyed, VACUUM to run at all.
READS = re.compile(r"\s*(SELECT|PRAGMA|EXPLAIN|VACUUM|ATTACH|DETACH|BEGIN|COMMIT|END|ROLLBACK)\b", re.IGNORECASE)

USUAL_TABLE = "alembic_version"
VACUUM = re.compile(COMMENTS + r"VACUUM\b", re.IGNORECASE | re.DOTALL)
CHANGES = re.compile(COMMENTS + r"(ALTER|COMMENT|CREATE|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
PAGES = text("select sum(pgsize) from dbstat where schema = :schema and name = :name")
INSTRUCTIONS = 10_000
"""Of SQLite's machine, between two looks at the clock: some tenths of a millisecond."""
UNSAFE = re.compile(r"\W")
REFERENCES = re.compile(r"\bREFERENCES\b", re.IGNORECASE)
FOREIGN_KEYS = re.compile(r"\bFOREIGN\s+KEY\b", re.IGNORECASE)


def needs_begin(connection: Connection) -> bool:
    """Whether the driver is between transactions, and not told to stay outside of them (AUTOCOMMIT)."""
    driver: Any = connection.connection.driver_connection
    return not driver.in_transaction and driver.isolation_level is not None and getattr(driver, "autocommit", -1) is not True


def is_open(connection: Connection) -> bool:
    """Whether the driver is in a transaction."""
    return not connection.closed and bool(getattr(connection.connection.driver_connection, "in_transaction", False))


def orphans(cursor: Any) -> set[tuple[Any, ...]]:
    """Rows that reference what is not there: table, number of the row, table that it references, number of the key."""
    cursor.execute("PRAGMA foreign_key_check")
    return {tuple(row) for row in cursor.fetchall()}


def refuse_orphans(found: set[tuple[Any, ...]]) -> None:
    """Raise Refused where there are any."""
    if found:
        table, _, parent, _ = min(found, key=str)
        count = sum(each[0] == table and each[2] == parent for each in found)
        raise Refused(
            f"{count:,} row{'s' if count > 1 else ''} of {table} would reference rows of {parent} that are gone.",
            state="Nothing of this revision is left in the database.",
            hint="While a table is built anew, foreign keys are not enforced and do not cascade: delete or change the rows that"
            " reference others first, or do that in a revision of its own.",
        )


class Sqlite(Dialect):
    """SQLite 3."""

    names = ("sqlite",)
    kind = "sqlite"
    ddl_rolls_back = True
    ignores_case_of_tables = True
    ignores_case_of_columns = True
    checks_length = False
    rebuilds_tables = True
    keys_may_be_null = True
    unique_constraints_are_indexes = False
    hides_expression_indexes = True
    keeps_journal_in_views = True

    def title(self, dialect: SqlaDialect) -> str:
        """SQLite."""
        return "SQLite"

    def place(self, url: URL) -> Hashable:
        """The file; memory is never the same twice."""
        if not url.database or url.database == ":memory:" or "mode=memory" in str(url):
            return None
        return "sqlite", os.path.realpath(url.database.removeprefix("file:"))

    def is_local(self, url: URL) -> bool:
        """Always."""
        return True

    def why_no_connection(self, error: BaseException) -> str | None:
        """The folder is missing, or we may not read the file."""
        words = str(getattr(error, "orig", None) or error)
        if "unable to open database file" in words:
            return "The file cannot be opened or created; its folder must exist and be writable."
        if "file is not a database" in words:
            return "The file is not an SQLite database."
        return None

    def size_of(self, connection: Connection, table: tuple[str | None, str]) -> tuple[int | None, int | None]:
        """Counted: a file has no statistics. The bytes where this SQLite was built with the table that tells them."""
        quote = connection.dialect.identifier_preparer.quote
        name = ".".join(quote(part) for part in table if part)
        rows, bytes = connection.exec_driver_sql(f"select count(*) from {name}").scalar_one(), None
        with suppress(DBAPIError):
            bytes = connection.execute(PAGES, {"schema": table[0] or "main", "name": table[1]}).scalar_one()
        return rows, bytes

    @contextmanager
    def at_most(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Interrupted where it takes longer; an asynchronous driver cannot be."""
        driver: Any = connection.connection.driver_connection
        if connection.dialect.is_async or not hasattr(driver, "set_progress_handler"):
            yield
            return
        end = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > end, INSTRUCTIONS)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)

    def ran_out_of_time(self, error: BaseException) -> bool:
        """By the words of SQLITE_INTERRUPT; its number is known to Python since 3.11."""
        return str(getattr(error, "orig", error)) == "interrupted"

    def refuses(self, statement: str, dialect: SqlaDialect) -> str | None:
        """As SQLite itself says in an empty database in memory; EXPLAIN executes nothing. Other drivers bring another one."""
        if not CHANGES.match(statement) or dialect.driver not in ("pysqlite", "aiosqlite"):
            return None
        import sqlite3  # which a Python may lack

        version = getattr(dialect.dbapi, "sqlite_version_info", sqlite3.sqlite_version_info)
        if version != sqlite3.sqlite_version_info:
            return None
        with closing(sqlite3.connect(":memory:")) as nowhere:
            try:
                nowhere.execute(f"EXPLAIN {statement}")
            except sqlite3.Error as error:
                return str(error) if str(error).endswith("syntax error") else None
        return None

    def way_out(self, error: BaseException) -> str | None:
        """A batch, for changes of a table that SQLite has no statement for."""
        words = str(getattr(error, "orig", None) or error)
        if re.match('near "(ALTER|CONSTRAINT|MODIFY|CHANGE)": syntax error|No support for ALTER of constraints', words):
            return "SQLite has no such statement: write it in 'with op.batch_alter_table(…) as batch_op:'"
        if re.match("cannot drop (PRIMARY KEY|UNIQUE) column|error in (index|table) .* after drop column", words):
            return "Drop first what uses the column, or write it in 'with op.batch_alter_table(…) as batch_op:'"
        return None

    def autocommits(self, driver: Any) -> bool:
        """Whether Python's driver was told to stay outside of transactions, and is in none."""
        driver = getattr(driver, "driver_connection", driver)  # of an asynchronous driver
        is_told = driver.isolation_level is None or getattr(driver, "autocommit", -1) is True
        return is_told and not driver.in_transaction

    def look(self, connection: Connection, statement: str) -> str | None:
        """The whole schema table, but for what is ours."""
        ours = "type = 'view' and (name glob '*_journal_[0-9]*' or name glob '*_part_[0-9]*')"
        query = f"select type, name, sql from sqlite_master where not ({ours}) order by 1, 2"
        return as_look([list(row) for row in connection.exec_driver_sql(query)])

    def cascades(self, connection: Connection) -> bool:
        """Where foreign keys are enforced (manual, "Foreign Keys", 2)."""
        return connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1

    def kind_of(self, statement: str) -> Kind:
        """As for any database; and VACUUM refuses to run in a transaction (manual, VACUUM)."""
        return "outside" if VACUUM.match(statement) else super().kind_of(statement)

    def is_repeatable(self, statement: str) -> bool:
        """What only tidies up."""
        return VACUUM.match(statement) is not None

    @contextmanager
    def outside_transactions(self, driver: Any) -> Iterator[None]:
        """By Python's isolation_level, which means the same in every version and mode of its driver."""
        driver = getattr(driver, "driver_connection", driver)  # of an asynchronous driver
        before, driver.isolation_level = driver.isolation_level, None
        try:
            yield
        finally:
            driver.isolation_level = before

    def may_rebuild(self, source: str) -> bool:
        """Whether it uses batches."""
        return "batch_alter_table" in source

    def does_not_fit(
        self,
        connection: Connection,
        named: str,
        table: str,
        column: str,
        schema: str | None,
        new: str,
        using: str | None,
        type_: TypeEngine[Any] | None = None,
    ) -> str | None:
        """What another affinity changes, or SQLAlchemy cannot read. A table in a file of its own is not looked at."""
        query = text("select type from pragma_table_info(:table) where name = :column")
        old = None if schema else connection.scalar(query, {"table": table, "column": column})
        return None if old is None else unfit(connection, self.quoted(connection, column), str(old), new, type_)

    @contextmanager
    def without_foreign_keys(self, connection: Connection) -> Iterator[Callable[[], None]]:
        """Switch them off, which takes effect outside of transactions only, and on again (manual, PRAGMA foreign_keys)."""
        cursor: Any = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys")
        (enforced,) = cursor.fetchone()
        if not enforced or not needs_begin(connection):
            yield lambda: None
            return
        before = orphans(cursor)
        cursor.execute("PRAGMA foreign_keys=OFF")
        try:
            yield lambda: refuse_orphans(orphans(cursor) - before)
        finally:
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    views_follow_names = True

    def has_triggers(self, connection: Connection, schema: str | None, table: str) -> bool:
        """As its catalog says; what happens in a file of its own, nobody knows."""
        query = text("select count(*) from sqlite_master where type = 'trigger' and lower(tbl_name) = lower(:table)")
        return bool(schema) or bool(connection.scalar(query, {"table": table}))

    def views_on(self, connection: Connection, schema: str | None, table: str, column: str | None) -> list[str]:
        """Tried on a copy of the structure."""
        return [] if schema else views_on(connection, table, column)

    def unseen_indexes(self, connection: Connection) -> dict[str, tuple[str, str]]:
        """Those over expressions: every index with a text is listed, for the others are compared by what SQLAlchemy says."""
        rows = connection.exec_driver_sql(
            "select name, tbl_name, sql from sqlite_master where type = 'index' and sql is not null"
        )
        return {name: (table, sql) for name, table, sql in rows.all()}

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[Connection]:
        """All PRAGMAs at once."""
        yield ReadAhead(connection)

    def collations(self, connection: Connection) -> dict[tuple[str | None, str, str], str]:
        """As they stand in the texts of the tables; BINARY is the usual one (https://sqlite.org/datatype3.html, 7)."""
        query = "select name, sql from sqlite_master where type = 'table' and sql like 'create table%collate%'"
        found: dict[tuple[str | None, str, str], str] = {}
        for table, sql in connection.exec_driver_sql(query).all():
            for column in parse(sql).columns:
                name = collation_of(column)
                if name is not None and name.upper() != "BINARY":
                    found[None, table, column.name] = name
        return found

    def inline_keys(self, connection: Connection) -> dict[tuple[str | None, str, str], dict[str, Any]]:
        """As they stand in the texts of the tables."""
        query = "select name, sql from sqlite_master where type = 'table' and sql like 'create table%references%'"
        return {
            (None, table, column.name): said
            for table, sql in connection.exec_driver_sql(query).all()
            if len(REFERENCES.findall(sql)) > len(FOREIGN_KEYS.findall(sql))
            for column in parse(sql).columns
            if (said := reference_of(column))
        }

    def row_numbers(self, connection: Connection, tables: Collection[str]) -> set[tuple[str | None, str, str]]:
        """An INTEGER PRIMARY KEY (lang_createtable.html, 5)."""
        query = text("select name, sql from sqlite_master where type = 'table' and name in :tables and sql like 'create table%'")
        rows = connection.execute(query.bindparams(bindparam("tables", tables, expanding=True))).all() if tables else ()
        return {(None, table, name) for table, sql in rows if (name := parse(sql).rowid_alias) is not None}

    def descending(self, connection: Connection) -> dict[tuple[str, str], list[bool]]:
        """As PRAGMA index_xinfo has it."""
        rows = connection.exec_driver_sql(
            'select m.tbl_name, m.name, x."desc" from sqlite_master m, pragma_index_xinfo(m.name) x'
            " where m.type = 'index' and x.key = 1 order by 1, 2, x.seqno"
        )
        return grouped(rows.all())

    def lock(self, connection: Connection, table: Table) -> Lock | None:
        """A file beside the database file; none for memory, which no other process sees."""
        schema = schema_of(connection, table) or "main"
        listed = connection.exec_driver_sql("PRAGMA database_list").all()
        path = next((path for _, name, path in listed if name == schema), None)
        if not path:
            return None
        own = "" if table.name == USUAL_TABLE else "." + UNSAFE.sub("_", table.name)
        return FileLock(f"{os.path.realpath(path)}{own}.whimbrel-lock")

    def is_busy(self, error: BaseException) -> bool:
        """Whether another connection has the file to itself for longer than the driver waits."""
        words = str(getattr(error, "orig", None) or error)
        return "database is locked" in words or "database table is locked" in words or "database schema is locked" in words

    @contextmanager
    def prepared(self, connection: Connection) -> Iterator[None]:
        """Begin a real transaction with the first statement that writes, so that DDL rolls back.

        Python's driver begins one before INSERT, UPDATE and DELETE only (sqlite3 manual, "Transaction control"). Another
        connection of this thread to the same file (a revision that uses ``db.session``) could not work beside an open
        transaction: for it, what was done so far is committed, as the driver would have done, and told to who follows commits.
        """
        thread, place = threading.get_ident(), self.place(connection.engine.url)

        def begin_first(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
            if not READS.match(statement) and needs_begin(connection):
                cursor.execute("BEGIN IMMEDIATE")

        def make_way(other: Connection) -> None:
            is_ours = other is connection or threading.get_ident() != thread
            if not is_ours and place is not None and self.place(other.engine.url) == place and is_open(connection):
                connection.dispatch.commit(connection)
                connection.dialect.do_commit(connection.connection)

        event.listen(connection, "before_cursor_execute", begin_first)
        event.listen(Engine, "begin", make_way)
        try:
            yield
        finally:
            event.remove(Engine, "begin", make_way)
            event.remove(connection, "before_cursor_execute", begin_first)

    @contextmanager
    def scratch(self, connection: Connection) -> Iterator[Connection | None]:
        """In memory."""
        engine = create_engine("sqlite://", poolclass=StaticPool)
        with engine.connect() as made:
            yield made
        engine.dispose()

    def drop_all(self, connection: Connection) -> None:
        """Drop everything that the schema table lists, whatever points to what."""
        listed = connection.execute(text("select type, name from sqlite_master where name not like 'sqlite_%'")).all()
        for kind in ("trigger", "view", "table"):
            for type_, name in listed:
                if type_ == kind:
                    connection.execute(text(f"DROP {kind} IF EXISTS {self.quoted(connection, name)}"))


dialect = Sqlite()
