"""The questions that the rest of the program asks a database, with the most careful answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, Inspector, MetaData, Table, inspect, text
from sqlalchemy import Dialect as SqlaDialect
from sqlalchemy.types import TypeEngine

from ._beside import Beside
from ._effects import Effect
from ._kinds import COMMIT, DML, Kind, kind_of
from ._rates import Rates
from ._sessions import Blocker, Lock, Phase
from ._structure import Structure


class Dialect(Structure):
    """A database of which nothing is known."""

    names: tuple[str, ...] = ()
    """The SQLAlchemy dialect names that it stands for."""

    kind = ""
    """Which family of databases it is, as rules name it."""

    ddl_rolls_back = False
    """Whether CREATE, ALTER and DROP can be undone by ROLLBACK."""

    rebuilds_tables = False
    """Whether a table is built anew where ALTER TABLE is not enough."""

    keeps_journal_in_views = False
    """Whether the journal is kept in the text of views: where every other place is in the way of other tools."""

    hides_expression_indexes: bool = False
    """Whether SQLAlchemy does not tell of indexes over expressions."""

    has_enum_types: bool = False
    """Whether an enum is a type of its own."""

    has_identities: bool = False
    """Whether SQLAlchemy's Identity makes a column one; the others number keys in their own way."""

    keys_need_indexes: bool = False
    """Whether a foreign key always has an index on its columns."""

    keys_may_be_null: bool = False
    """Whether a primary key may have nulls."""

    unique_constraints_are_indexes: bool = True
    """Whether SQLAlchemy tells of unique constraints as indexes, too."""

    unique_indexes_are_constraints: bool = False
    """Whether SQLAlchemy tells of unique indexes as constraints, too."""

    joins_unique_with_primary: bool = False
    """Whether a new table gets one constraint for a primary key and a unique constraint of the same columns."""

    hides_own_schema: bool = False
    """Whether tools that compare models with tables do not look into a schema of our own."""

    ignores_case_of_tables: bool = False
    """Whether two names of tables are the same that differ in capital letters."""

    ignores_case_of_columns: bool = False
    """The same for columns."""

    longest_name: int | None = None
    """How many characters a name may have, where a longer one is an error."""

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

    def cascades(self, connection: Connection) -> bool:
        """Whether ON DELETE CASCADE deletes rows now."""
        return True

    def way_out(self, error: BaseException) -> str | None:
        """In words what to write instead of a statement that this database never executes; None for other errors."""
        return None

    @contextmanager
    def prepared(self, connection: Connection) -> Iterator[None]:
        """Stands around a run: makes the transactions of a connection what they are said to be."""
        yield

    def only_reading(self, connection: Connection) -> AbstractContextManager[Any]:
        """Stands around a query of which nothing may stay in the transaction."""
        return nullcontext()

    def kind_of(self, statement: str) -> Kind:
        """What a statement means for its transaction."""
        return kind_of(statement, ddl_rolls_back=self.ddl_rolls_back)

    def is_about_session(self, statement: str) -> bool:
        """Whether a query sets something of its session, which has to be set again on another connection."""
        return "set_config" in statement.lower()

    def go_on(self, connection: Connection, lastrowid: Any) -> None:
        """Make a session what it was after a statement that is not executed again. lastrowid: what the driver said then."""

    def autocommits(self, driver: Any) -> bool:
        """Whether a connection of the driver (DB-API 2.0) commits each statement by itself now."""
        asked = getattr(driver, "get_autocommit", None)  # drivers of MySQL, where autocommit() sets it
        return bool(asked()) if asked else getattr(driver, "autocommit", False) is True

    def changes_rows(self, statement: str) -> bool:
        """Whether a statement changes rows, which no look at the structure shows."""
        return DML.match(statement) is not None

    def is_commit(self, statement: str) -> bool:
        """Whether a statement is a plain COMMIT."""
        return COMMIT.match(statement) is not None

    def with_locks(self, statement: str, tables: Sequence[str]) -> str | None:
        """A statement that locks tables, and after which no other ones can be used, with more of them; None for any other one."""
        return None

    def is_repeatable(self, statement: str) -> bool:
        """Whether executing a statement twice does no more than executing it once."""
        return False

    def may_rebuild(self, source: str) -> bool:
        """Whether a revision with that source may build a table anew."""
        return False

    @contextmanager
    def without_foreign_keys(self, connection: Connection) -> Iterator[Callable[[], None]]:
        """Around a transaction in which tables are built anew; gives what is to be called before the commit.

        That raises Refused where rows reference what is not there, and did not before.
        """
        yield lambda: None

    def current_schema(self, connection: Connection) -> str | None:
        """The schema in which a name without one is found; None where the database has no such thing."""
        return connection.dialect.default_schema_name

    def schema_found(self, connection: Connection, table: str) -> str | None:
        """The schema in which a table without one is found now; None where it is not, or the database looks in one only."""
        return None

    def has_other_tables(self, connection: Connection, ours: str | None) -> bool:
        """Whether there are tables in other schemas than the default one and ours."""
        return False

    def make_schema(self, connection: Connection, name: str) -> bool:
        """Create a schema; False where that is not allowed."""
        return False

    def adds_enum_value(self, statement: str) -> bool:
        """Whether a statement adds a value to an enum type that its own transaction cannot use yet."""
        return False

    def look(self, connection: Connection, statement: str) -> str | None:
        """The look of what a DDL statement changes, to be compared with a later one; None where that cannot be told."""
        return None

    @contextmanager
    def outside_transactions(self, driver: Any) -> Iterator[None]:
        """Have a connection of the driver, which is in no transaction, begin none for a while."""
        driver.autocommit = True
        try:
            yield
        finally:
            driver.autocommit = False

    def before_alone(self, connection: Connection, statement: str) -> None:
        """Make room for a statement that is going to run outside a transaction."""

    def after_failed(self, connection: Connection, statement: str) -> str | None:
        """Clear away what such a statement has left behind when it failed; in words, what could not be."""
        return None

    def still_executes(self, connection: Connection, statement: str) -> str | None:
        """The SQL that ends another session which executes a statement now, though the process that gave it has gone."""
        return None

    def rest_of(self, connection: Connection, statement: str) -> str | None:
        """What finishes such a statement, where an earlier attempt has begun it; None where it has to be executed itself."""
        return None

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

    def is_forbidden(self, error: BaseException) -> bool:
        """Whether the user lacks a right."""
        return False

    def ran_out_of_time(self, error: BaseException) -> bool:
        """Whether the server gave a statement up because it took longer than ``at_most`` lets it."""
        return False

    def refuses_value(self, error: BaseException) -> bool:
        """Whether the server could not convert a value, or calculate with it."""
        return False

    def holds_locks(self, connection: Connection) -> bool:
        """Whether the transaction of a connection has locks that others may wait for."""
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

    def progress(self, beside: Beside, session: int) -> Phase | None:
        """How far the statement that a session executes is; None where the server does not tell."""
        return None

    @contextmanager
    def scratch(self, connection: Connection) -> Iterator[Connection | None]:
        """An empty database of the same kind that nobody else uses, for a while; None where there is none to be had."""
        yield None

    def ignores_references(self, live: Any) -> bool:
        """Whether REFERENCES in the definition of a column has no effect. live: what is known of the server."""
        return False

    # -- changes of types

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
        """The condition for values of a column that have no counterpart in another type; None where the server says it itself.

        named: the table as it stands in SQL. new: the type. using: how the revision converts the values. type_: the type
        as SQLAlchemy has it; None where nobody knows.
        """
        return None

    @contextmanager
    def strict(self, connection: Connection) -> Iterator[None]:
        """Around a statement that must not change values in silence."""
        yield

    @contextmanager
    def without_dependents(self, connection: Connection, table: str, column: str, schema: str | None) -> Iterator[None]:
        """Around a change of a column's type: with the views, triggers and policies out of the way that would stop it."""
        yield

    def effect_of(self, statement: str, live: Any) -> Effect | None:
        """What a statement locks and rewrites; None where nobody knows or nothing. live: what is known of the database."""
        return None

    def refuses(self, statement: str, dialect: SqlaDialect) -> str | None:
        """Why its parser would refuse a statement, in its words; None where it would not, or cannot be asked."""
        return None

    def proving(self, connection: Connection) -> AbstractContextManager[Callable[[str, Effect], Effect]]:
        """Stands around a review: gives what tries statements out on copies, and corrects their effects."""
        return nullcontext(lambda statement, effect: effect)

    def rates(self, connection: Connection) -> Rates | None:
        """How fast this server is, measured beside the database, today; None where that cannot be done."""
        return None

    def bytes_to_index(self, connection: Connection, table: tuple[str | None, str]) -> int | None:
        """About how much of a table is read for a new index; None where that is as much as size_of() says."""
        return None

    def size_of(self, connection: Connection, table: tuple[str | None, str]) -> tuple[int | None, int | None]:
        """About how many rows and bytes a table has, from what the server knows without looking; None for unknown."""
        return None, None

    @contextmanager
    def at_most(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Around a query that may be given up after this time."""
        yield

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


def plain(name: str) -> str:
    """A name without its schema and its quotes."""
    return name.split(".")[-1].strip('`" ')


def grouped(rows: Iterable[Any]) -> dict[tuple[str, str], list[bool]]:
    """Flags by the two names that stand before them."""
    found: dict[tuple[str, str], list[bool]] = {}
    for table, index, flag in rows:
        found.setdefault((table, index), []).append(bool(flag))
    return found


def as_look(facts: Any) -> str:
    """Facts as a text that is equal when they are."""
    return json.dumps(facts, default=str, sort_keys=True)


def schema_of(connection: Connection, table: Table) -> str | None:
    """The schema of a table as the connection translates it (``schema_translate_map``); None for the default one."""
    translated = connection.get_execution_options().get("schema_translate_map") or {}
    found = translated.get(table.schema, table.schema)
    return None if found is None else str(found)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE that the server gave an error; '' where it gave none, or nobody answered."""
    original = getattr(error, "orig", None) or error
    return str(getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or "")
