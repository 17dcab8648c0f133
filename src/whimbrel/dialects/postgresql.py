"""PostgreSQL, and what speaks its language."""

from __future__ import annotations

import re

from sqlalchemy import Connection, text
from sqlalchemy import Dialect as SqlaDialect

from ._base import COMMENTS, Dialect, Kind, as_look, plain, sqlstate

# SQLSTATE classes, PostgreSQL manual, appendix A.
WHY = {
    "28": "The server refused the user name or the password.",
    "3D": "There is no database of that name on the server.",
    "53": "The server has no connection left.",
    "57P03": "The server is starting up or shutting down.",
}
OWN_OBJECTS = """
    select c.relkind, c.relname from pg_class c
    where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
      and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'a', 'i'))
    order by c.relname
"""
OWN_TYPES = """
    select t.typtype, t.typname from pg_type t
    where t.typnamespace = (select oid from pg_namespace where nspname = current_schema()) and t.typtype in ('e', 'd')
      and not exists (select from pg_depend d where d.objid = t.oid and d.deptype = 'e')
"""
NAME = r"((?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))?)"
CONCURRENT_INDEX = re.compile(
    COMMENTS + r"(CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX)\s+CONCURRENTLY\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    rf"{NAME}(?:\s+ON\s+(?:ONLY\s+)?{NAME})?",
    re.IGNORECASE | re.DOTALL,
)
# PostgreSQL manual, the notes of each command: "cannot be executed inside a transaction block".
OUTSIDE = re.compile(
    COMMENTS + r"(CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY|DROP\s+INDEX\s+CONCURRENTLY|REINDEX\b.*\bCONCURRENTLY"
    r"|REINDEX\s+(\([^)]*\)\s*)?(DATABASE|SYSTEM|SCHEMA)|VACUUM|CLUSTER\s*;?\s*$|(CREATE|DROP)\s+(DATABASE|TABLESPACE)|ALTER\s+SYSTEM"
    r"|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY|(CREATE|DROP)\s+SUBSCRIPTION)\b",
    re.IGNORECASE | re.DOTALL,
)
ADD_VALUE = re.compile(COMMENTS + rf"ALTER\s+TYPE\s+{NAME}\s+ADD\s+VALUE\b", re.IGNORECASE | re.DOTALL)
REPEATABLE = re.compile(COMMENTS + r"(VACUUM|REINDEX|CLUSTER|ANALYZE|ALTER\s+SYSTEM)\b", re.IGNORECASE | re.DOTALL)
INDEXES_OF_THAT_NAME = """
    select n.nspname, c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where c.relname = :name order by 1
"""
INVALID_INDEXES = """
    select n.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    where c.relname = :name and not i.indisvalid and i.indrelid = to_regclass(:table)
"""
VALUES_OF_TYPE = """
    select e.enumlabel from pg_enum e join pg_type t on t.oid = e.enumtypid where t.typname = :name order by e.enumsortorder
"""
KINDS = {"r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE"}


class Postgresql(Dialect):
    """PostgreSQL 13 and later."""

    names = ("postgresql",)
    ddl_rolls_back = True
    own_schema = "whimbrel"

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
        return ADD_VALUE.match(statement) is not None

    def look(self, connection: Connection, statement: str) -> str | None:
        """The indexes of the name that a statement builds or drops, or the values of its type."""
        if found := CONCURRENT_INDEX.match(statement):
            rows = connection.execute(text(INDEXES_OF_THAT_NAME), {"name": plain(found[2])})
            return as_look([list(row) for row in rows if row.indisvalid])
        if found := ADD_VALUE.match(statement):
            return as_look(list(connection.scalars(text(VALUES_OF_TYPE), {"name": plain(found[1])})))
        return None

    def before_outside(self, connection: Connection, statement: str) -> None:
        """Drop the invalid index that an earlier build of the same name left behind when it failed."""
        found = CONCURRENT_INDEX.match(statement)
        if found and found[1].upper().startswith("CREATE"):
            where = {"name": plain(found[2]), "table": found[3]}
            for schema, name in connection.execute(text(INVALID_INDEXES), where).all():
                quoted = f"{self.quoted(connection, schema)}.{self.quoted(connection, name)}"
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}")

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


dialect = Postgresql()
