"""PostgreSQL, and what speaks its language."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy import Dialect as SqlaDialect

from ._base import Dialect, sqlstate

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
KINDS = {"r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW", "S": "SEQUENCE"}


class Postgresql(Dialect):
    """PostgreSQL 13 and later."""

    names = ("postgresql",)
    ddl_rolls_back = True

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
