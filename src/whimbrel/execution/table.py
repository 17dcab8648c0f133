"""The version table: which revisions have been applied."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, inspect, literal_column, select

from .._alembic import RunContext
from ..errors import Refused
from ..revisions.rows import Rows


class VersionTable:
    """Reads and writes the version table of one database, or writes the SQL for it."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.table = context.table
        column = self.table.c.version_num
        self._column = column
        self._select = select(column)
        self._delete = self.table.delete().where(column == bindparam("old"))
        self._insert = self.table.insert().inline().values(version_num=bindparam("new"))
        self._update = self.table.update().values(version_num=bindparam("new")).where(column == bindparam("old"))

    def read(self) -> tuple[str, ...]:
        """The rows, in order; none where there is no table."""
        return tuple(sorted(self.context.get_current_heads()))

    def read_latest(self) -> tuple[str, ...]:
        """The rows as they are now, also where the transaction still sees what was there when it began."""
        connection = self.context.connection
        if not self.context.has_table or connection is None:
            return ()
        # Plain where the transaction is new: a locking read asks for more rights.
        select = self._select if self.context.commits_each else self._select.with_for_update(read=True)
        return tuple(sorted(connection.scalars(select)))

    def reread(self) -> set[str]:
        """The rows of a table that is there, as the database has them now."""
        assert self.context.connection is not None
        return set(self.context.connection.scalars(self._select))

    def longest(self) -> int | None:
        """How many characters a revision id may have in this database; None where it does not matter."""
        if self.context.as_sql:
            return None
        found = inspect(self.context.connection)
        if not found.has_table(self.table.name, schema=self.table.schema):
            return None
        columns = found.get_columns(self.table.name, schema=self.table.schema)
        return next((getattr(column["type"], "length", None) for column in columns if column["name"] == "version_num"), None)

    def change(self, rows: Rows) -> None:
        """Delete, insert and update. Raises Refused where a row is not there: somebody else migrates too."""
        for old in rows.delete:
            self._run(self._delete, "DELETE", old=old)
        for new in rows.insert:
            self._run(self._insert, "INSERT", new=new)
        if rows.update:
            self._run(self._update, "UPDATE", old=rows.update[0], new=rows.update[1])

    def _run(self, statement: Any, verb: str, **values: str) -> None:
        if self.context.as_sql:
            # A script has no parameters, and not every env.py asks for literal_binds.
            self.context.execute(self._literal(verb, **values))
            return
        assert self.context.connection is not None
        result = self.context.connection.execute(statement, values)
        if verb != "INSERT" and self.context.dialect.supports_sane_rowcount and result.rowcount != 1:
            raise Refused(
                f"The version table {self.table.fullname} has {result.rowcount} rows {values['old']} where it had one:"
                " another process has changed it meanwhile.",
                hint="Nothing of this revision was kept. Look at the current state and start again.",
            )

    def _literal(self, verb: str, **values: str) -> Any:
        literals: dict[str, Any] = {name: literal_column("'" + value.replace("'", "''") + "'") for name, value in values.items()}
        if verb == "INSERT":
            return self.table.insert().inline().values(version_num=literals["new"])
        if verb == "DELETE":
            return self.table.delete().where(self._column == literals["old"])
        return self.table.update().values(version_num=literals["new"]).where(self._column == literals["old"])


def comma(names: Any) -> str:
    """Names in one line; nothing for none, as Alembic has it."""
    return ", ".join(sorted(names))
