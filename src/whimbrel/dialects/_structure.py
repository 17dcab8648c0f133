"""The questions about what tables look like, and what it takes to change them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class NamedObjects:
    """What a database has besides tables, as far as models may name it; None is the default schema.

    sequences: of no column, by schema and name, with their increment. exclusions: by table and name, as the server prints them.
    """

    sequences: dict[tuple[str | None, str], int]
    extensions: frozenset[str]
    exclusions: dict[tuple[str | None, str], dict[str, str]]


@dataclass(frozen=True)
class Dependent:
    """Something that is in the way of a change. drop, create: SQL. name: of a view or a column."""

    drop: str
    create: tuple[str, ...]
    name: str = ""
    is_view: bool = False


class Structure:
    """Of a database of which nothing is known."""

    has_schemas_inside = False
    """Whether a schema is a part of a database, so that one can be made in a new database."""

    def other_databases(self, connection: Connection) -> frozenset[str]:
        """The names of databases that a statement can reach through this connection, but for its own."""
        return frozenset()

    def moving(self, table: str, schema: str) -> str:
        """SQL that takes a table into another schema; empty where that cannot be done. Both as they stand in SQL."""
        return ""

    def dependents(self, connection: Connection, type_name: str, users: Iterable[tuple[str, str]]) -> list[Dependent]:
        """What is in the way of columns of an enum type that get another one.

        In the order in which it can be dropped; made again the other way round. type_name: the type's own name. users: the
        columns, with their tables as they stand in SQL.
        """
        return []

    views_follow_names = False
    """Whether views know tables and columns that get other names."""
    views_keep_types = False
    """Whether no column gets another type while a view uses it."""
    keeps_used_tables = False
    """Whether no table goes that something else uses."""

    def views_on(self, connection: Connection, schema: str | None, table: str, column: str | None) -> list[str]:
        """The views that a table, or a column of it, must not be taken from; none where nobody knows."""
        return []

    def has_triggers(self, connection: Connection, schema: str | None, table: str) -> bool:
        """Whether something else may happen where rows of a table are changed."""
        query = "select count(*) from information_schema.triggers where event_object_table = :table"
        query += " and event_object_schema = :schema" if schema else ""
        return bool(connection.scalar(text(query), {"table": table, **({"schema": schema} if schema else {})}))

    def computed_from(self, connection: Connection, columns: Iterable[tuple[str, str]]) -> list[Dependent]:
        """The computed columns without which a column cannot get another type. columns: as users of ``dependents``."""
        return []

    def renaming(self, kind: str, table: str, old: str, new: str, schema: str | None) -> str | None:
        """The statement that gives a thing of a table another name; None where that means to drop and create it.

        kind: index, primary, unique, foreign, check or sequence. All names as they stand in SQL.
        """
        return None

    def names_constraints_itself(self, name: str, table: str) -> bool:
        """Whether a constraint without a name gets one like that from the server."""
        return False

    def numbering(self, connection: Connection) -> dict[tuple[str | None, str, str], str]:
        """The sequence behind each numbered column, where it is its default: schema (None for the default one), table, column."""
        return {}

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[Connection]:
        """Around what reads what all tables look like; gives the connection for it."""
        yield connection

    def collations(self, connection: Connection) -> dict[tuple[str | None, str, str], str]:
        """The collations that SQLAlchemy does not tell of: schema (None for the default one), table, column."""
        return {}

    def inline_keys(self, connection: Connection) -> dict[tuple[str | None, str, str], dict[str, Any]]:
        """What SQLAlchemy does not tell of the foreign key of a column: schema (None for the default one), table, column."""
        return {}

    def row_numbers(self, connection: Connection, tables: Collection[str]) -> set[tuple[str | None, str, str]]:
        """The columns that number the rows and so are never NULL: schema (None for the default one), table, column."""
        return set()

    def json_columns(self, connection: Connection, schemas: Iterable[str | None]) -> set[tuple[str | None, str, str]]:
        """The columns that are JSON, though SQLAlchemy takes them for texts: schema (None for the default one), table, column."""
        return set()

    def unseen_indexes(self, connection: Connection) -> dict[str, tuple[str, str]]:
        """The indexes that SQLAlchemy does not tell of, by name: table and text."""
        return {}

    def index_texts(self, connection: Connection) -> dict[tuple[tuple[str | None, str], str], str] | None:
        """What the server writes of indexes that are about more than columns, by table and name; None where it writes nothing."""
        return None

    def unique_texts(self, connection: Connection) -> dict[tuple[tuple[str | None, str], str], str] | None:
        """What the server writes of unique constraints, by table and name; None where they have nothing but columns."""
        return None

    def descending(self, connection: Connection) -> dict[tuple[str, str], list[bool]] | None:
        """By table and index, which of its columns are in descending order; None where SQLAlchemy tells that itself."""
        return None

    def is_same_type(self, there: Any, wanted: Any) -> bool:
        """Whether a column that has one type is what a model makes with another one."""
        return False

    def named_objects(self, connection: Connection) -> NamedObjects | None:
        """Sequences, extensions and exclude constraints; None where the database has no such things."""
        return None

    def tables_of_extensions(self, connection: Connection) -> set[tuple[str | None, str]]:
        """The tables that belong to extensions of the server: schema (None for the default one) and name."""
        return set()
