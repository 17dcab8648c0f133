"""Whether a statement of PostgreSQL writes a table anew: tried on an empty copy, whose file is another one afterwards.

The copy is made in a schema of its own, in a savepoint that is rolled back; which locks a statement takes is in the manual. What
mentions other tables is not tried: it would lock them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ._effects import Effect, clauses

ALTERS = re.compile(r"\s*ALTER\s+TABLE\b", re.IGNORECASE)
OTHERS = re.compile(r"\bREFERENCES\b|\bPARTITION\b|\bINHERIT\b|\bSCHEMA\b|\bTABLESPACE\b|\bRENAME\b|\bTRIGGER\b", re.IGNORECASE)

REWRITTEN = {"new column": "volatile default", "alter": "rewrite"}
"""What a statement that looked harmless turns out to be."""


class Proof:
    """Tries statements on copies, one after the other as the run would."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.quote = connection.dialect.identifier_preparer.quote
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
        self.schema = f"whimbrel_proof_{pid}"
        self.path = str(connection.exec_driver_sql("select current_setting('search_path')").scalar_one())
        self.copied: set[str] = set()

    def of(self, statement: str, effect: Effect) -> Effect:
        """The effect as the server says; as it was where that cannot be tried."""
        if effect.table is None or effect.table[0] is not None or not ALTERS.match(statement) or OTHERS.search(statement):
            return effect
        name = effect.table[1]
        try:
            with self.connection.begin_nested(), self.looked_at():
                if name not in self.copied:
                    self.execute(f"CREATE TABLE {self.schema}.{self.quote(name)} (LIKE {self.quote(name)} INCLUDING ALL)")
                before = self.file_of(name)
                self.execute(statement.replace("%%", "%").replace("%", "%%"))
                is_other = self.file_of(name) != before
        except SQLAlchemyError:
            return effect
        self.copied.add(name)
        if is_other == (effect.work == "rewrite"):
            return replace(effect, is_proven=True)
        if is_other:
            return replace(effect, kind=REWRITTEN.get(effect.kind, effect.kind), work="rewrite", is_proven=True)
        # Which of several clauses the work was for, the file does not tell.
        return effect if len(list(clauses(statement))) > 1 else replace(effect, work="", is_proven=True)

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """The search path is as it was afterwards."""
        yield
        self.execute(f"SET LOCAL search_path = {self.path}")

    def file_of(self, name: str) -> int:
        """The file of a copy; from now on its name stands for the copy."""
        self.execute(f"SET LOCAL search_path = {self.schema}, {self.path}")
        oid = f"{self.schema}.{self.quote(name)}".replace("'", "''")
        return int(self.connection.exec_driver_sql(f"select pg_relation_filenode('{oid}'::regclass)").scalar_one())

    def execute(self, statement: str) -> None:
        """Execute a statement."""
        self.connection.exec_driver_sql(statement).close()


@contextmanager
def proof(connection: Connection) -> Iterator[Proof | None]:
    """Copies for a while; none where no schema may be made."""
    with connection.begin_nested() as attempt:
        found: Proof | None = None
        try:
            with connection.begin_nested():
                found = Proof(connection)
                found.execute(f"CREATE SCHEMA {found.schema}")
                found.execute("SET LOCAL lock_timeout = '2s'")  # nobody is kept waiting by a plan, and it waits for nobody
        except SQLAlchemyError:
            found = None
        try:
            yield found
        finally:
            if attempt.is_active:
                attempt.rollback()
