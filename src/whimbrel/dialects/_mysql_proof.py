"""What a statement really copies and locks: tried on an empty copy of the table, with the strictest promise first.

The server refuses a promise that it cannot keep ("InnoDB Online DDL Overview", MariaDB manual), except for PARTITION BY
and another engine, where it ignores it; there nothing is proven.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ._effects import Blocks, Effect, Work, clauses
from ._mysql_effects import as_stated, without_terms
from ._mysql_tables import engine_in
from ._mysql_text import NAME, plainly

PROMISES: tuple[tuple[str, str, Blocks, Work], ...] = (
    ("INSTANT", "", "", ""),
    ("NOCOPY", "NONE", "", "build"),
    ("NOCOPY", "SHARED", "writes", "build"),
    ("INPLACE", "NONE", "", "rewrite"),
    ("INPLACE", "SHARED", "writes", "rewrite"),
    ("COPY", "SHARED", "writes", "rewrite"),
)
LONGEST_WAIT = 2
"""Seconds for somebody else's lock on a table that is to be copied."""
IGNORED = re.compile(r"PARTITION\s+BY|FOREIGN\s+KEY|REFERENCES", re.IGNORECASE)
DROP = re.compile(rf"^\s*DROP\s+INDEX\s+((?:IF\s+EXISTS\s+)?{NAME})\s+ON\s+({NAME})", re.IGNORECASE)
"""MariaDB takes no promise in this one."""
CHANGES = re.compile(
    r"\s*(ALTER\s+(ONLINE\s+)?(IGNORE\s+)?TABLE|CREATE\s+(OR\s+REPLACE\s+)?(UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?INDEX)\b",
    re.IGNORECASE,
)


class Proof:
    """Tries statements on copies, in a database for a while, one after the other as the run would."""

    def __init__(self, scratch: Connection, database: str) -> None:
        self.scratch = scratch
        self.database = database
        self.is_mariadb = bool(getattr(scratch.dialect, "is_mariadb", False))
        self.copied: dict[tuple[str | None, str], bool] = {}
        """Whether there is a copy of a table; one that somebody has to himself is not waited for again."""
        names = ("lock_wait_timeout", "innodb_lock_wait_timeout")
        scratch.exec_driver_sql("SET SESSION " + ", ".join(f"{name} = {LONGEST_WAIT}" for name in names))

    def of(self, statement: str, effect: Effect) -> Effect:
        """The effect as the server says; as it was where that cannot be tried."""
        statement, terms = without_terms(plainly(statement))
        statement = DROP.sub(r"ALTER TABLE \2 DROP INDEX \1", statement)
        return as_stated(self.best(statement, effect), terms)

    def best(self, statement: str, effect: Effect) -> Effect:
        """The same in the best way that there is."""
        table = effect.table
        if table is None or table[0] is not None or IGNORED.search(statement) or not CHANGES.match(statement):
            return effect
        if not self.copy(table):
            return effect
        if (engine := engine_in(statement)) and engine != self.engine_of(table[1]):
            self.executes(statement)
            return effect
        join = ", " if re.match(r"\s*ALTER", statement, re.IGNORECASE) else " "
        for algorithm, lock, blocks, work in PROMISES:
            if algorithm == "NOCOPY" and not self.is_mariadb:
                continue
            promise = f"ALGORITHM={algorithm}" + (f"{join}LOCK={lock}" if lock else "")
            if self.executes(f"{statement}{join}{promise}"):
                if work == "build" and not effect.work and only_drops(statement):
                    work = ""
                kind = effect.kind if work else "alter"
                kind = "copy" if blocks and kind == "alter" else kind
                return replace(effect, kind=kind, lock=lock or "NONE", blocks=blocks, work=work, is_proven=True)
        self.executes(statement)
        return effect

    def copy(self, table: tuple[str | None, str]) -> bool:
        """Make an empty copy of a table; tried once."""
        if table not in self.copied:
            quote = self.scratch.dialect.identifier_preparer.quote
            made = f"CREATE TABLE {quote(table[1])} LIKE {quote(self.database)}.{quote(table[1])}"
            self.copied[table] = self.executes(made)
        return self.copied[table]

    def engine_of(self, name: str) -> str:
        """The engine of a copy, in capitals."""
        query = text("select upper(engine) from information_schema.tables where table_schema = database() and table_name = :name")
        return str(self.scratch.scalar(query, {"name": name}))

    def executes(self, statement: str) -> bool:
        """Whether the server executes a statement."""
        try:
            self.scratch.exec_driver_sql(statement.replace("%", "%%"))
        except SQLAlchemyError:
            return False
        return True


def only_drops(statement: str) -> bool:
    """Whether no clause of an ALTER TABLE builds an index; dropping one is no matter of INSTANT either."""
    listed = clauses(re.sub(rf"\s*ALTER\s+(ONLINE\s+)?(IGNORE\s+)?TABLE\s+(IF\s+EXISTS\s+)?{NAME}", "", statement, flags=re.I))
    return not any(re.match(r"\s*(MODIFY|CHANGE|CONVERT|CREATE)\b|.*\bCOLLATE\b", each, re.IGNORECASE) for each in listed)


def database_of(connection: Any) -> str:
    """The name of the database that a connection is in."""
    return str(connection.exec_driver_sql("select database()").scalar_one())
