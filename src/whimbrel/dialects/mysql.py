"""MySQL and MariaDB."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from typing import Any

from sqlalchemy import DOUBLE, BindParameter, Connection, Table, bindparam, text
from sqlalchemy import Dialect as SqlaDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from ._base import Dialect, as_look, grouped, plain, schema_of
from ._beside import Beside
from ._effects import Effect, proving
from ._kinds import COMMENTS, Kind
from ._mysql_blockers import find_blockers
from ._mysql_conversions import lost
from ._mysql_effects import effect_of
from ._mysql_lock import NamedLock
from ._mysql_proof import Proof, database_of
from ._mysql_rates import measured
from ._mysql_text import plainly
from ._mysql_views import views_on
from ._rates import MARIADB, Rates
from ._rates_kept import remembered
from ._scratch import new_database
from ._sessions import Blocker, Lock, Phase

# Error numbers, MySQL and MariaDB manuals, "Error Reference".
WHY = {
    1040: "The server has no connection left.",
    1044: "The user may not use that database.",
    1045: "The server refused the user name or the password.",
    1049: "There is no database of that name on the server.",
    1130: "The server lets nobody in from this machine.",
    1698: "The server refused the user name or the password.",
    2002: "No server listens there.",
    2003: "No server listens there.",
    2005: "The host name is not known.",
    2013: "The server closed the connection.",
}

CREATE_LIKE = "CREATE DATABASE {}"

# MariaDB manual, "SQL statements That Cause an Implicit Commit".
COMMITS = re.compile(
    COMMENTS + r"(ALTER|ANALYZE|CACHE|CHANGE|CHECK|CREATE|DROP|GRANT|INSTALL|LOAD\s+INDEX|OPTIMIZE|RENAME|REPAIR|REVOKE"
    r"|SET\s+PASSWORD|SHUTDOWN|STOP|TRUNCATE|UNINSTALL)\b",
    re.IGNORECASE | re.DOTALL,
)
TEMPORARY = re.compile(COMMENTS + r"(CREATE|DROP)(\s+OR\s+REPLACE)?\s+TEMPORARY\b", re.IGNORECASE | re.DOTALL)
# These are about the session, which a resumed run has to bring about again.
SESSION = re.compile(
    COMMENTS + r"(LOCK|UNLOCK|FLUSH|RESET|SET\s+(?:SESSION\s+|@@(?:session\.)?)?autocommit)\b", re.IGNORECASE | re.DOTALL
)
LOCK = re.compile(COMMENTS + r"LOCK\s+TABLES?\b", re.IGNORECASE | re.DOTALL)
# What holds other statements, of any kind.
MANY = re.compile(COMMENTS + r"(EXECUTE|CALL|BEGIN\s+NOT\s+ATOMIC)\b", re.IGNORECASE | re.DOTALL)
REMARKS = re.compile(r"^(\s*#[^\n]*\n)+")
REPEATABLE = re.compile(COMMENTS + r"(ANALYZE|CACHE|CHECK|LOAD\s+INDEX|OPTIMIZE|REPAIR)\b", re.IGNORECASE | re.DOTALL)
WORD = re.compile(r"`((?:[^`]|``)+)`|\"([^\"]+)\"|([\w$]+)")
NAMED = """
    select 'trigger', trigger_name, event_object_table, action_statement from information_schema.triggers
    where trigger_schema = database() and trigger_name in :names
    union all select 'routine', routine_name, routine_type, routine_definition from information_schema.routines
    where routine_schema = database() and routine_name in :names
    union all select 'event', event_name, event_type, event_definition from information_schema.events
    where event_schema = database() and event_name in :names
"""
# One table alone is changed by these.
TARGET = re.compile(
    COMMENTS + r"(?:(?:CREATE|ALTER)\s+(?:\w+\s+)*?TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    r"|(?:CREATE|DROP)\s+(?:\w+\s+)*?INDEX\b.*?\bON\s+)"
    r"((?:`[^`]+`|[\w$]+)(?:\.(?:`[^`]+`|[\w$]+))?)",
    re.IGNORECASE | re.DOTALL,
)
ROUTINES = re.compile(r"\b(TRIGGER|PROCEDURE|FUNCTION|EVENT)\b", re.IGNORECASE)
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
DEADLOCK = 1213
BEING_CHANGED = (1412, 1684, 1205, DEADLOCK)  # ER_TABLE_DEF_CHANGED, ER_WARN_I_S_SKIPPED_TABLE, and locks
MOST_MEASURED = 2.0  # seconds for one statement, on a server that is busy
OUT_OF_TIME = (1969, 3024)  # ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL
FORBIDDEN = (1142, 1143)  # ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR
LOCK_CONFLICTS = (1205, DEADLOCK)  # ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK
PROGRESS = """
    select coalesce(state, ''), stage, max_stage, progress from information_schema.processlist
    where id = :session and stage > 0 and max_stage > 0
"""
EXECUTING = """
    select id from information_schema.processlist where db = database() and id <> connection_id()
    and command in ('Query', 'Execute') and trim(info) = trim(:statement) order by id limit 1
"""
TIMEOUTS = {"lock_wait_timeout": (86400, 31536000), "innodb_lock_wait_timeout": (50,)}
"""The variables for table and row locks, and their defaults in MariaDB and MySQL, in seconds."""


class Mysql(Dialect):
    """MySQL 8 and MariaDB 10.5 and later."""

    names = ("mysql", "mariadb")
    kind = "mysql"
    keys_need_indexes = True
    unique_indexes_are_constraints = True
    ignores_case_of_columns = True
    longest_name = 64

    def title(self, dialect: SqlaDialect) -> str:
        """MariaDB or MySQL, whichever answers."""
        return "MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL"

    def why_no_connection(self, error: BaseException) -> str | None:
        """By error number."""
        return WHY.get(number(error))

    def effect_of(self, statement: str, live: Any) -> Effect | None:
        """By its words, and what the server says of columns."""
        return effect_of(statement, live)

    def proving(self, connection: Connection) -> AbstractContextManager[Callable[[str, Effect], Effect]]:
        """In a database for a while, made when the first statement asks for it; where none may be made, nothing is proven."""

        def make(stack: ExitStack) -> Proof | None:
            scratch = stack.enter_context(self.scratch(connection))
            return Proof(scratch, database_of(connection)) if scratch is not None else None

        return proving(make)

    def ignores_references(self, live: Any) -> bool:
        """MySQL does, and MariaDB before 10.5 (manuals, "FOREIGN KEY Constraints")."""
        is_mariadb = bool(getattr(live.sqla_dialect, "is_mariadb", False))
        return not is_mariadb or (live.version is not None and live.version < (10, 5))

    def rates(self, connection: Connection) -> Rates | None:
        """MariaDB alone can make rows out of nothing."""
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        if not is_mariadb:
            return None

        def measure() -> Rates | None:
            with self.scratch(connection) as scratch, nullcontext() if scratch is None else self.at_most(scratch, MOST_MEASURED):
                return measured(connection, scratch)

        return remembered(connection, MARIADB, measure)

    def size_of(self, connection: Connection, table: tuple[str | None, str]) -> tuple[int | None, int | None]:
        """As InnoDB estimates it."""
        query = text(
            "select table_rows, data_length + index_length from information_schema.tables"
            " where table_schema = coalesce(:schema, database()) and table_name = :name"
        )
        row = connection.execute(query, {"schema": table[0], "name": table[1]}).first()
        return (row[0], row[1]) if row else (None, None)

    def bytes_to_index(self, connection: Connection, table: tuple[str | None, str]) -> int | None:
        """The rows, which are read for it, without the indexes that there are."""
        query = text(
            "select data_length from information_schema.tables"
            " where table_schema = coalesce(:schema, database()) and table_name = :name"
        )
        found = connection.scalar(query, {"schema": table[0], "name": table[1]})
        return None if found is None else int(found)

    @contextmanager
    def at_most(self, connection: Connection, seconds: float) -> Iterator[None]:
        """max_statement_time of MariaDB, max_execution_time of MySQL; as they were afterwards."""
        is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        name, value = ("max_statement_time", seconds) if is_mariadb else ("max_execution_time", int(seconds * 1000))
        before = connection.exec_driver_sql(f"select @@session.{name}").scalar_one()
        connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SET SESSION {name} = {before}")

    def other_databases(self, connection: Connection) -> frozenset[str]:
        """Schemas are databases here; those of the server itself are only read."""
        own = {"information_schema", "performance_schema", str(connection.engine.url.database)}
        return frozenset(connection.execute(text("select schema_name from information_schema.schemata")).scalars()) - own

    def is_same_type(self, there: Any, wanted: Any) -> bool:
        """FLOAT with a precision of 25 and more is a DOUBLE (MariaDB manual, FLOAT)."""
        return isinstance(there, DOUBLE) and wanted.__visit_name__.lower() == "float" and (wanted.precision or 0) > 24

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
        """What would be cut, rounded or refused: without strict mode it would become something else."""
        query = (
            "select column_type, character_set_name, table_collation from information_schema.columns c"
            " join information_schema.tables t using (table_schema, table_name)"
            " where table_schema = coalesce(:schema, database()) and table_name = :table and column_name = :column"
        )
        found = connection.execute(text(query), {"schema": schema, "table": table, "column": column}).one_or_none()
        if found is None:
            return None
        usual = str(found[2] or "").partition("_")[0] or str(found[1])
        return lost(self.quoted(connection, column), str(found[0]), new, found[1], usual)

    @contextmanager
    def strict(self, connection: Connection) -> Iterator[None]:
        """With a strict sql_mode, so that what does not fit is an error and not another value."""
        before = connection.scalar(text("select @@session.sql_mode"))
        if "STRICT_ALL_TABLES" in str(before):
            yield
            return
        connection.exec_driver_sql("SET SESSION sql_mode = concat(@@session.sql_mode, ',STRICT_ALL_TABLES')")
        try:
            yield
        finally:
            connection.execute(text("SET SESSION sql_mode = :before"), {"before": before})

    def renaming(self, kind: str, table: str, old: str, new: str, schema: str | None) -> str | None:
        """An index, of a unique constraint as well (MariaDB 10.5.2, MySQL 5.7)."""
        return f"ALTER TABLE {table} RENAME INDEX {old} TO {new}" if kind in ("index", "unique") else None

    def json_columns(self, connection: Connection, schemas: Iterable[str | None]) -> set[tuple[str | None, str, str]]:
        """To MariaDB, JSON is LONGTEXT with a check (manual, "JSON Data Type"); whoever says LONGTEXT drops that check."""
        if not getattr(connection.dialect, "is_mariadb", False):
            return set()
        query = text(
            "select table_name, constraint_name from information_schema.check_constraints"
            " where constraint_schema = coalesce(:schema, database()) and level = 'Column'"
            " and check_clause = concat('json_valid(`', replace(constraint_name, '`', '``'), '`)')"
        )
        return {(schema, table, name) for schema in schemas for table, name in connection.execute(query, {"schema": schema})}

    def views_on(self, connection: Connection, schema: str | None, table: str, column: str | None) -> list[str]:
        """By their texts."""
        return views_on(connection, schema, table, column)

    def descending(self, connection: Connection) -> dict[tuple[str, str], list[bool]]:
        """As the information schema has it."""
        query = (
            "select table_name, index_name, coalesce(collation, 'A') = 'D' from information_schema.statistics"
            " where table_schema = database() order by 1, 2, seq_in_index"
        )
        return grouped(connection.exec_driver_sql(query).all())

    @contextmanager
    def scratch(self, connection: Connection) -> Iterator[Connection | None]:
        """A database of the same server, where the user may create one."""
        with new_database(connection, CREATE_LIKE) as made:
            yield made

    def lock(self, connection: Connection, table: Table) -> Lock | None:
        """A named lock of the server; the database and the version table are in the name."""
        schema = schema_of(connection, table) or connection.scalar(text("select database()"))
        return NamedLock(Beside(connection), f"whimbrel {schema}.{table.name}")

    @contextmanager
    def patient(self, connection: Connection, seconds: float, *, only_now: bool) -> Iterator[None]:
        """Set ``lock_wait_timeout`` and ``innodb_lock_wait_timeout`` for the session: whole seconds, at least one.

        In the end, tables that a revision has locked are locked no longer: the session may be one of a pool.
        """
        names = ", ".join(f"@@{name}" for name in TIMEOUTS)
        now = dict(zip(TIMEOUTS, connection.execute(text(f"select {names}")).one(), strict=True))
        before = {name: value for name, value in now.items() if seconds and value in TIMEOUTS[name]}
        for name in before:
            connection.execute(text(f"SET SESSION {name} = {max(1, math.ceil(seconds))}"))
        if not only_now:
            connection.commit()  # what follows ends its transactions by itself
        try:
            yield
        finally:
            with suppress(Exception):  # the connection is gone
                connection.execute(text("UNLOCK TABLES"))
                for name, value in before.items():
                    connection.execute(text(f"SET SESSION {name} = {value}"))

    def is_busy(self, error: BaseException) -> bool:
        """Whether a table was being created or changed just then."""
        return number(error) in BEING_CHANGED

    def is_lock_conflict(self, error: BaseException | None) -> bool:
        """By error number."""
        return error is not None and number(error) in LOCK_CONFLICTS

    def is_forbidden(self, error: BaseException) -> bool:
        """By error number."""
        return number(error) in FORBIDDEN

    def ran_out_of_time(self, error: BaseException) -> bool:
        """By error number."""
        return number(error) in OUT_OF_TIME

    def ends_transaction(self, error: BaseException, connection: Connection) -> bool:
        """Always with a deadlock, by a setting of the server with a timeout (manual, "InnoDB Error Handling")."""
        if number(error) == DEADLOCK:
            return True
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("select @@innodb_rollback_on_timeout")
            return any(value for (value,) in cursor.fetchall())

    def session(self, connection: Connection) -> int | None:
        """The connection id."""
        return int(connection.scalar(text("select connection_id()")) or 0)

    def blockers(self, beside: Beside, session: int) -> tuple[Blocker, ...]:
        """As far as the server tells it to this user."""
        return beside.run(lambda connection: find_blockers(connection, session))

    def progress(self, beside: Beside, session: int) -> Phase | None:
        """By MariaDB's process list (manual, "Progress Reporting"); MySQL's has no such columns."""
        row = beside.run(lambda connection: connection.execute(text(PROGRESS), {"session": session}).first())
        return None if row is None else Phase(row[0], (row[1] - 1 + float(row[3]) / 100) / row[2])

    def kind_of(self, statement: str) -> Kind:
        """DDL commits; and so do some commands about the session, which have no other effect."""
        statement = REMARKS.sub("", plainly(statement))
        if MANY.match(statement):
            return "many"
        if COMMITS.match(statement):
            return "write" if TEMPORARY.match(statement) else "ddl"
        return "commit" if SESSION.match(statement) else super().kind_of(statement)

    def go_on(self, connection: Connection, lastrowid: Any) -> None:
        """LAST_INSERT_ID(n) makes the next LAST_INSERT_ID() say n (manual, "Information Functions")."""
        if isinstance(lastrowid, int) and lastrowid:
            connection.exec_driver_sql(f"SELECT LAST_INSERT_ID({lastrowid})").close()

    def with_locks(self, statement: str, tables: Sequence[str]) -> str | None:
        """LOCK TABLES (manual, "LOCK TABLES": no table that is not locked can be used)."""
        plain = REMARKS.sub("", plainly(statement)).rstrip("; \n")
        return ", ".join([plain, *(f"{table} WRITE" for table in tables)]) if LOCK.match(plain) else None

    def is_repeatable(self, statement: str) -> bool:
        """What only tidies up."""
        return REPEATABLE.match(statement) is not None

    def still_executes(self, connection: Connection, statement: str) -> str | None:
        """By the process list: a server notices only at the end of a statement that nobody waits for it."""
        id = connection.scalar(text(EXECUTING), {"statement": statement.strip()})
        return None if id is None else f"KILL {id}"

    def look(self, connection: Connection, statement: str) -> str | None:
        """The definition of every table, view, trigger, routine and event whose name is in a statement."""
        if self.is_repeatable(statement):
            return None
        target = TARGET.match(statement)
        words = [target[1]] if target else (next(filter(None, found)) for found in WORD.findall(statement))
        names: BindParameter[Any] = bindparam("names", sorted(set(map(plain, words))), expanding=True)
        listed = text("select table_name from information_schema.tables where table_schema = database() and table_name in :names")
        tables = connection.scalars(listed.bindparams(names)).all()
        made = {name: COUNTER.sub("", self.definition(connection, name)) for name in tables}
        others = connection.execute(text(NAMED).bindparams(names)).all() if ROUTINES.search(statement) else []
        return as_look([made, sorted(list(map(str, row)) for row in others)])

    def definition(self, connection: Connection, name: str) -> str:
        """What SHOW CREATE TABLE says; for a broken view, why it is broken."""
        try:
            return str(
                connection.exec_driver_sql(f"SHOW CREATE TABLE {self.quoted(connection, name)}".replace("%", "%%")).one()[1]
            )
        except DBAPIError as error:
            return str(error.orig)

    def drop_all(self, connection: Connection) -> None:
        """Drop the tables and views of the database, whatever points to what."""
        listed = connection.execute(
            text("select table_type, table_name from information_schema.tables where table_schema = database()")
        ).all()
        connection.execute(text("SET foreign_key_checks = 0"))
        try:
            for kind, name in listed:
                what = "VIEW" if "VIEW" in kind else "TABLE"
                connection.execute(text(f"DROP {what} IF EXISTS {self.quoted(connection, name)}"))
        finally:
            connection.execute(text("SET foreign_key_checks = 1"))


def number(error: BaseException) -> int:
    """The number of an error; 0 where it has none."""
    original = getattr(error, "orig", None) or error
    return next((arg for arg in original.args if isinstance(arg, int)), 0)


dialect = Mysql()
