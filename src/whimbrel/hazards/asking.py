"""Ask a database about its rows, for as long as somebody may be kept waiting for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..dialects import Dialect, dialect_of
from ..plan.looking import PATIENCE
from ..plan.step import Table

T = TypeVar("T")


class Asking:
    """Questions to one database, each asked once. connection: None where there is nobody to ask."""

    def __init__(self, sqla_dialect: Any, connection: Connection | None) -> None:
        self.sqla_dialect = sqla_dialect
        self.connection = connection
        self.dialect: Dialect = dialect_of(sqla_dialect.name)
        self.patience: float | None = PATIENCE
        """Seconds that one question may take; None for as long as it takes."""
        self._answers: dict[str, list[Any] | None] = {}
        self._given_up: set[str] = set()
        self._failed: dict[str, str] = {}
        self._refused: dict[str, str] = {}

    def quoted(self, table: Table) -> str:
        """A table of the database in SQL."""
        quote = self.sqla_dialect.identifier_preparer.quote
        return ".".join(quote(part) for part in (self.schema_of(table), table[1]) if part)

    def schema_of(self, table: Table) -> str | None:
        """Where a table is to be looked for."""
        return table[0]

    def column(self, name: str) -> str:
        """A column in SQL."""
        quoted: str = self.sqla_dialect.identifier_preparer.quote(name)
        return quoted

    def count(self, table: Table, condition: str) -> int | None:
        """How many rows meet a condition; None where that took too long, or cannot be asked."""
        return self.number(self.counting(table, condition))

    def counting(self, table: Table, condition: str) -> str:
        """The query for that."""
        return f"SELECT count(*) FROM {self.quoted(table)} WHERE {condition}"

    def number(self, query: str) -> int | None:
        """A number; None where that took too long, or cannot be asked."""
        rows = self.ask(query)
        return int(rows[0][0]) if rows else None

    def some(self, query: str) -> list[Any]:
        """The rows of a query; none where it took too long or failed."""
        return self.ask(query) or []

    def ask(self, query: str) -> list[Any] | None:
        """The rows of a query, which is asked once; None where it took too long or failed."""
        if self.connection is None:
            return None
        if query not in self._answers:
            self._answers[query] = None
            try:
                with self.aside(), self.in_time():
                    self._answers[query] = list(self.connection.exec_driver_sql(self.percents(query)).all())
            except SQLAlchemyError as error:
                if self.dialect.ran_out_of_time(error) or self.dialect.is_lock_conflict(error):
                    self._given_up.add(query)
                    return None
                self._failed[query] = words_of(error)
                if self.dialect.refuses_value(error):
                    self._refused[query] = self._failed[query]
        return self._answers[query]

    def has_given_up(self, query: str) -> bool:
        """Whether a query was asked, and took too long."""
        return query in self._given_up

    def why_unanswered(self, query: str) -> str | None:
        """Why there is no answer to a query that was asked, as it follows a sentence; None where there is one."""
        if query in self._given_up:
            return f"in {self.patience:g} s"
        return f"({self._failed[query]})" if query in self._failed else None

    def why_refused(self, query: str) -> str | None:
        """What the server said where it could not answer because of a value; None where it was not that."""
        self.ask(query)
        return self._refused.get(query)

    def percents(self, query: str) -> str:
        """A query as the driver wants it: some take a percent sign for a parameter; names that were quoted have it twice then."""
        takes = self.sqla_dialect.paramstyle in ("format", "pyformat")
        return query.replace("%%", "%").replace("%", "%%") if takes else query

    def briefly(self, ask: Callable[[Connection], T], otherwise: T) -> T:
        """What the database answers; otherwise, where that took too long, or failed, or nobody is there."""
        if self.connection is None:
            return otherwise
        with suppress(SQLAlchemyError), self.aside(), self.in_time():
            return ask(self.connection)
        return otherwise

    def in_time(self) -> AbstractContextManager[None]:
        """Around a question that may be given up."""
        if self.connection is None or self.patience is None:
            return nullcontext()
        return self.dialect.at_most(self.connection, self.patience)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Nothing of this stays in the transaction, and it does not end by an error."""
        assert self.connection is not None
        was_open = self.connection.in_transaction()
        driver = self.connection.connection.dbapi_connection
        errors_end_transactions = self.dialect.ddl_rolls_back and self.dialect.hides_own_schema
        needs_savepoint = errors_end_transactions and not self.dialect.autocommits(driver)
        with self.connection.begin_nested() if needs_savepoint else nullcontext():
            yield
        if not was_open and self.connection.in_transaction():
            self.connection.rollback()


def words_of(error: SQLAlchemyError) -> str:
    """What the database said, in one line."""
    original = getattr(error, "orig", None) or error
    words = [each for each in original.args if isinstance(each, str)]  # MySQL's drivers give the number, too
    return (words or [str(original)])[-1].strip().partition("\n")[0]
