"""PostgreSQL, and what speaks its language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy import Dialect as SqlaDialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeEngine

from . import _postgresql_alone as alone
from ._base import Dialect, schema_of, sqlstate
from ._beside import Beside
from ._effects import Effect, proving
from ._kinds import COMMENTS, Kind
from ._postgresql_effects import effect_of
from ._postgresql_lock import AdvisoryLock
from ._postgresql_patience import patient
from ._postgresql_proof import proof
from ._postgresql_structure import PostgresqlStructure
from ._postgresql_values import does_not_fit
from ._rates import POSTGRESQL, Rates
from ._rates_kept import remembered
from ._scratch import new_database
from ._sessions import Blocker, Lock, Phase
from ._views import views_on, without_dependents

# SQLSTATE classes, PostgreSQL manual, appendix A.
WHY = {
    "28": "The server refused the user name or the password.",
    "3D": "There is no database of that name on the server.",
    "53": "The server has no connection left.",
    "57P03": "The server is starting up or shutting down.",
}
CREATE_LIKE = "CREATE DATABASE {} TEMPLATE template0"
OWN_OBJECTS = """
    select c.relkind, c.relname from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'a', 'i'))
    order by c.relname
"""
# With its partitions and the tables that inherit from it; -1 where one of them was never analysed.
SIZE = text("""
    with recursive whole (oid) as (
        select to_regclass(:name)::oid union select i.inhrelid from pg_inherits i join whole on i.inhparent = whole.oid)
    select case when min(t.rows) < 0 then -1 else sum(t.rows)::bigint end, sum(pg_total_relation_size(t.oid))::bigint
    from (select c.oid, case when c.relkind = 'p' then 0 else c.reltuples end as rows
          from whole left join pg_class c on c.oid = whole.oid) t
""")
MOST_COUNTED = 100 << 20  # bytes; a larger table that was never analysed is not counted
OWN_TYPES = """
    select t.typtype, t.typname from pg_type t
    where t.typnamespace = (select oid from pg_namespace where nspname = current_schema()) and t.typtype in ('e', 'd')
      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
"""
# PostgreSQL manual, the notes of each command: "cannot be executed inside a transaction block".
OUTSIDE = re.compile(
    COMMENTS + r"(CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY|DROP\s+INDEX\s+CONCURRENTLY|REINDEX\b.*\bCONCURRENTLY"
    r"|REINDEX\s+(\([^)]*\)\s*)?(DATABASE|SYSTEM|SCHEMA)|VACUUM|CLUSTER\s*;?\s*$|(CREATE|DROP)\s+(DATABASE|TABLESPACE)|ALTER\s+SYSTEM"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY|(CREATE|DROP)\s+SUBSCRIPTION)\b",
    re.IGNORECASE | re.DOTALL,
)
REPEATABLE = re.compile(COMMENTS + r"(VACUUM|REINDEX|CLUSTER|ANALYZE|ALTER\s+SYSTEM)\b", re.IGNORECASE | re.DOTALL)
OTHER_TABLES = (
    "select exists (select from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    " and schemaname !~ '^pg_(toast|temp)' and schemaname <> :default and schemaname is distinct from :ours)"
)
LOCKS = (
    "select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'relation' and mode <> 'AccessShareLock')"
)
FORBIDDEN = "42501"
QUERY_CANCELED = "57014"
LOCK_CONFLICTS = ("55P03", "40P01")  # lock_not_available, deadlock_detected
EXECUTING = """
    select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
    and btrim(left(query, 1000), E' \\n') = left(btrim(:statement, E' \\n'), 1000) order by pid limit 1
"""
BLOCKERS = """
    select b.pid, coalesce(a.usename, '?'), coalesce(host(a.client_addr), ''), coalesce(a.state, 'a prepared transaction'),
           coalesce(extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.state_change)), 0), a.query
    from pg_stat_activity mine
    cross join lateral (select distinct unnest(pg_blocking_pids(mine.pid))) b (pid)
    left join pg_stat_activity a on a.pid = b.pid and b.pid <> 0
    where mine.pid = cast(:session as integer) and mine.wait_event_type = 'Lock'
    order by 5 desc
"""
# PostgreSQL manual, "Progress Reporting": the views, what is done and what there is to do, and the version that brought each.
INDEX_TUPLES = "case when tuples_done > 0 then tuples_total else blocks_total end"
PROGRESS = {
    "create_index": (f"phase, greatest(blocks_done, tuples_done), {INDEX_TUPLES}", 12),
    "cluster": ("phase, heap_blks_scanned, heap_blks_total", 12),
    "vacuum": ("phase, heap_blks_scanned, heap_blks_total", 9),
    "analyze": ("phase, sample_blks_scanned, sample_blks_total", 13),
    "copy": ("'copying', bytes_processed, bytes_total", 14),
}
KINDS = {"r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE"}


class Postgresql(PostgresqlStructure, Dialect):
    """PostgreSQL 13 and later."""

    names = ("postgresql",)
    kind = "postgresql"
    ddl_rolls_back = True
    hides_own_schema = True
    has_enum_types = True
    has_identities = True
    joins_unique_with_primary = True

    def title(self, dialect: SqlaDialect) -> str:
        """PostgreSQL."""
        return "PostgreSQL"

    def why_no_connection(self, error: BaseException) -> str | None:
        """By SQLSTATE where the server answered, by libpq's words where nobody did."""
        code, words = sqlstate(error), str(getattr(error, "orig", None) or error)
        for start, why in WHY.items():
            if code.startswith(start):
                return why
        if "password authentication failed" in words or ("role" in words and "does not exist" in words):
            return WHY["28"]
        if "database" in words and "does not exist" in words:
            return WHY["3D"]
        if "resolve host" in words or "translate host name" in words:
            return "The host name is not known."
        if "Connection refused" in words or "No such file or directory" in words:
            return "No server listens there."
        if "timeout" in words or "timed out" in words:
            return "The server did not answer in time."
        return None

    def kind_of(self, statement: str) -> Kind:
        """As for any database; and some commands refuse to run in a transaction."""
        return "outside" if OUTSIDE.match(statement) else super().kind_of(statement)

    def is_repeatable(self, statement: str) -> bool:
        """What only tidies up."""
        return REPEATABLE.match(statement) is not None

    def schema_found(self, connection: Connection, table: str) -> str | None:
        """By the search path."""
        query = "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(:name)"
        found: str | None = connection.scalar(text(query), {"name": self.quoted(connection, table)})
        return found

    def has_other_tables(self, connection: Connection, ours: str | None) -> bool:
        """Those of the server left out."""
        return bool(connection.scalar(text(OTHER_TABLES), {"ours": ours, "default": connection.dialect.default_schema_name}))

    def current_schema(self, connection: Connection) -> str | None:
        """As the search path has it now, which env.py may have set for a tenant."""
        found: str | None = connection.scalar(text("select current_schema()"))
        return found

    def make_schema(self, connection: Connection, name: str) -> bool:
        """CREATE SCHEMA, for which the user needs CREATE on the database."""
        query = "select has_database_privilege(current_database(), 'CREATE') or to_regnamespace(:name) is not null"
        if not connection.scalar(text(query), {"name": name}):
            return False
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {self.quoted(connection, name)}"))
        return True

    def adds_enum_value(self, statement: str) -> bool:
        """ALTER TYPE … ADD VALUE."""
        return alone.ADD_VALUE.match(statement) is not None

    def look(self, connection: Connection, statement: str) -> str | None:
        """The indexes of the name that a statement builds or drops, the values of its type, or whether its partition is one."""
        return alone.look(connection, statement)

    def before_alone(self, connection: Connection, statement: str) -> None:
        """Drop the invalid indexes that an earlier attempt left behind when it failed."""
        alone.make_room(connection, statement)

    def after_failed(self, connection: Connection, statement: str) -> str | None:
        """The same at once, where it need not wait long for others."""
        return alone.clear(connection, statement, may_drop=self.autocommits(connection.connection.dbapi_connection))

    def still_executes(self, connection: Connection, statement: str) -> str | None:
        """By ``pg_stat_activity``, which has the beginning of it (``track_activity_query_size``)."""
        pid = connection.scalar(text(EXECUTING), {"statement": statement})
        return None if pid is None else end(pid)

    def rest_of(self, connection: Connection, statement: str) -> str | None:
        """DETACH PARTITION … FINALIZE."""
        return alone.rest_of(connection, statement)

    def lock(self, connection: Connection, table: Table) -> Lock | None:
        """An advisory lock for the schema and the name of the table; it is the database's own."""
        schema = schema_of(connection, table) or connection.scalar(text("select current_schema()"))
        return AdvisoryLock(Beside(connection), f"{schema}.{table.name}")

    @contextmanager
    def patient(self, connection: Connection, seconds: float, *, only_now: bool) -> Iterator[None]:
        """Set ``lock_timeout`` for the session, or for the transaction that is open.

        Statements that run concurrently are left out: nobody waits behind them, while they wait for every transaction
        that has seen the table, and one that gives up leaves an invalid index (manual, "CREATE INDEX").
        """
        with patient(connection, seconds, only_now=only_now, place=self.place, autocommits=self.autocommits, locks=LOCKS):
            yield

    def is_lock_conflict(self, error: BaseException | None) -> bool:
        """By SQLSTATE."""
        return error is not None and sqlstate(error) in LOCK_CONFLICTS

    def is_forbidden(self, error: BaseException) -> bool:
        """By SQLSTATE: "insufficient_privilege"."""
        return sqlstate(error) == FORBIDDEN

    def ran_out_of_time(self, error: BaseException) -> bool:
        """By SQLSTATE."""
        return sqlstate(error) == QUERY_CANCELED

    def refuses_value(self, error: BaseException) -> bool:
        """By SQLSTATE: "Data Exception"."""
        return sqlstate(error).startswith("22")

    def holds_locks(self, connection: Connection) -> bool:
        """By pg_locks."""
        return bool(connection.scalar(text(LOCKS)))

    def session(self, connection: Connection) -> int | None:
        """The process id of its backend."""
        return int(connection.scalar(text("select pg_backend_pid()")) or 0)

    def blockers(self, beside: Beside, session: int) -> tuple[Blocker, ...]:
        """By ``pg_blocking_pids()``, with what ``pg_stat_activity`` shows of them."""
        rows = beside.run(lambda connection: connection.execute(text(BLOCKERS), {"session": session}).all())
        return tuple(Blocker(pid, user, host, float(age), state, query, end(pid)) for pid, user, host, state, age, query in rows)

    def progress(self, beside: Beside, session: int) -> Phase | None:
        """By the ``pg_stat_progress_…`` views."""
        row = beside.run(lambda connection: connection.execute(text(progress_query(connection)), {"session": session}).first())
        return None if row is None else Phase(str(row[0]), min(row[1] / row[2], 1.0) if row[2] else None)

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
        """Also values of enums and domains, where the revision converts them by a plain cast; or leaves them out."""
        return does_not_fit(connection, named, column, self.quoted(connection, column), new, using)

    views_follow_names = views_keep_types = keeps_used_tables = True

    def views_on(self, connection: Connection, schema: str | None, table: str, column: str | None) -> list[str]:
        """By the catalog."""
        return views_on(connection, ".".join(self.quoted(connection, part) for part in (schema, table) if part), column)

    @contextmanager
    def without_dependents(self, connection: Connection, table: str, column: str, schema: str | None) -> Iterator[None]:
        """PostgreSQL refuses while a view, a trigger or a policy uses the column (manual, ALTER TABLE, "Notes")."""
        preparer = connection.dialect.identifier_preparer
        named = f"{preparer.quote_schema(schema)}.{preparer.quote(table)}" if schema else preparer.quote(table)
        with without_dependents(connection, named, column):
            yield

    def effect_of(self, statement: str, live: Any) -> Effect | None:
        """By its words, and what the catalog says of types and checks."""
        return effect_of(statement, live)

    def proving(self, connection: Connection) -> AbstractContextManager[Callable[[str, Effect], Effect]]:
        """On copies that are made when the first statement asks for one; not where each statement is committed."""
        may_try = not self.autocommits(connection.connection.dbapi_connection)
        return proving(lambda stack: stack.enter_context(proof(connection)) if may_try else None)

    @contextmanager
    def only_reading(self, connection: Connection) -> Iterator[None]:
        """In a savepoint that is rolled back, and in which nothing can be written."""
        with connection.begin_nested() as attempt:
            connection.exec_driver_sql("SET LOCAL transaction_read_only = on")
            yield
            attempt.rollback()

    def rates(self, connection: Connection) -> Rates | None:
        """In a savepoint that is rolled back."""

        def measure() -> Rates | None:
            with connection.begin_nested() as attempt:
                found = POSTGRESQL.measure(connection)
                attempt.rollback()
            return found

        return remembered(connection, POSTGRESQL, measure)

    def size_of(self, connection: Connection, table: tuple[str | None, str]) -> tuple[int | None, int | None]:
        """As the last ANALYZE or VACUUM has left it; counted where that never was."""
        quoted = self.quoted(connection, table[1])
        name = f"{self.quoted(connection, table[0])}.{quoted}" if table[0] else quoted
        row = connection.execute(SIZE, {"name": name}).one()
        if row[0] is None or row[0] >= 0 or row[1] > MOST_COUNTED:
            return row[0] if row[0] is None or row[0] >= 0 else None, row[1]
        if not connection.scalar(text("select has_any_column_privilege(to_regclass(:name), 'select')"), {"name": name}):
            return None, row[1]
        return connection.exec_driver_sql(f"select count(*) from {name}").scalar_one(), row[1]

    @contextmanager
    def at_most(self, connection: Connection, seconds: float) -> Iterator[None]:
        """statement_timeout; a savepoint that is rolled back takes it back, too, and without a transaction we do."""
        is_local = not self.autocommits(connection.connection.dbapi_connection)
        set_to = text("SELECT set_config('statement_timeout', :value, :is_local)")
        before = connection.scalar(text("SELECT current_setting('statement_timeout')"))
        connection.execute(set_to, {"value": str(int(seconds * 1000)), "is_local": is_local})
        try:
            yield
        except SQLAlchemyError:
            if not is_local:
                connection.execute(set_to, {"value": before, "is_local": False})
            raise
        connection.execute(set_to, {"value": before, "is_local": is_local})

    @contextmanager
    def scratch(self, connection: Connection) -> Iterator[Connection | None]:
        """A database of the same server, where the user may create one."""
        with new_database(connection, CREATE_LIKE) as made:
            yield made

    def tables(self, connection: Connection) -> list[str]:
        """Tables and views of the current schema that no extension owns."""
        return [name for kind, name in connection.execute(text(OWN_OBJECTS)) if kind != "S"]

    def drop_all(self, connection: Connection) -> None:
        """Drop the tables, views, sequences, enum types and domains of the current schema that no extension owns."""
        objects = connection.execute(text(OWN_OBJECTS)).all()
        for kind, name in sorted(objects, key=lambda row: "vmrpfS".index(row[0])):
            connection.execute(text(f"DROP {KINDS[kind]} IF EXISTS {self.quoted(connection, name)} CASCADE"))
        for kind, name in connection.execute(text(OWN_TYPES)).all():
            what = "TYPE" if kind == "e" else "DOMAIN"
            connection.execute(text(f"DROP {what} IF EXISTS {self.quoted(connection, name)} CASCADE"))


def progress_query(connection: Connection) -> str:
    """The query for all the views that this server has."""
    version = int((connection.dialect.server_version_info or (0,))[0])
    views = [(name, columns) for name, (columns, since) in PROGRESS.items() if version >= since]
    return " union all ".join(
        f"select {columns} from pg_stat_progress_{name} where pid = cast(:session as integer)" for name, columns in views
    )


def end(pid: int) -> str:
    """The SQL that ends a session; 0 stands for a prepared transaction."""
    return f"select pg_terminate_backend({pid})" if pid else "see pg_prepared_xacts; ROLLBACK PREPARED"


dialect = Postgresql()
