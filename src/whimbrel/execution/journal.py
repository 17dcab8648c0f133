"""What ran on a database, kept in that database: every run of every revision, and the source that ran.

The rows of a revision are written in its own transaction: they are there exactly when its changes are. A revision that
was in part committed before its end (DDL of MySQL, ``autocommit_block()`` on PostgreSQL) is in the state "started", and
each part that was committed is recorded with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from .._alembic import RunContext
from ..dialects import Beside, dialect_of
from .rights import forbidden
from .statement import Statement, packed, unpacked

LONG = sa.Text().with_variant(sa.Text(2**24 - 1), "mysql", "mariadb")  # whose TEXT has 64 KB, which a source may exceed
UP = ("upgrade", "stamp", "accept")


@dataclass(frozen=True)
class Names:
    """How the tables or views of the journal are called. beginning: what all these names have in common."""

    beginning: str

    @property
    def entries(self) -> str:
        """Of the entries."""
        return f"{self.beginning}_journal"

    @property
    def parts(self) -> str:
        """Of the parts of revisions that are half-way."""
        return f"{self.beginning}_part"

    def include(self, name: str | None) -> bool:
        """Whether a table or view belongs to the journal."""
        return name is not None and name.startswith((self.entries, self.parts))


@dataclass(frozen=True)
class Entry:
    """One run of one revision. Times are UTC in ISO 8601; ``outcome`` is done, failed, started or undone."""

    id: int
    run: str
    revision: str
    direction: str
    outcome: str
    message: str
    started: str
    finished: str | None
    seconds: float | None
    error: str | None
    user: str
    host: str
    pid: int
    tool: str
    commit: str | None
    checksum: str | None
    file: str | None

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return dict(vars(self))


@dataclass(frozen=True)
class Part:
    """Statements of a half-applied revision that were committed together.

    state: "done"; or "intent" for a statement of which only the beginning is known. before: what it was going to change,
    as it was then; None where that cannot be told.
    """

    id: int
    state: str
    statements: tuple[Statement, ...]
    before: str | None

    @property
    def texts(self) -> tuple[str, ...]:
        """The statements that stay, and those of which that is not known."""
        return tuple(each.text for each in self.statements if each.kind == "write")


class Journal:
    """The journal of one version table. Where and how it is stored is a matter of the subclasses."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.names = Names(context.own_names)
        self._other: sa.Connection | None = None

    @property
    def run_connection(self) -> sa.Connection:
        """The connection of the run."""
        assert self.context.connection is not None
        return self.context.connection

    @property
    def connection(self) -> sa.Connection:
        """The connection that is read from and written to: what is written is part of its transactions."""
        return self._other or self.run_connection

    def written(self) -> list[str]:
        """The tables that a run writes to, as they stand in SQL."""
        return []

    @contextmanager
    def on(self, connection: sa.Connection) -> Iterator[None]:
        """Use another connection to the same database for a while."""
        before, self._other = self._other, connection
        try:
            yield
        finally:
            self._other = before

    @cached_property
    def summary(self) -> Summary:
        """What matters for a run, read once."""
        latest: dict[str, tuple[int, str, str | None]] = {}
        started: list[int] = []
        for id, revision, direction, outcome, checksum in self.states():
            if outcome == "done":
                latest[revision] = (id, direction, checksum)
            elif outcome == "started":
                started.append(id)
        return Summary(latest, tuple(started))

    def half_applied(self) -> list[Entry]:
        """The entries of revisions that stopped half-way, the oldest first."""
        return self.read(self.summary.started) if self.summary.started else []

    def prepare(self, *, parts: bool = False) -> None:
        """Create what is missing. parts: what half-applied revisions need, too."""
        raise NotImplementedError

    def states(self) -> Iterable[tuple[int, str, str, str, str | None]]:
        """Id, revision, direction, outcome and checksum of every entry, the oldest first."""
        raise NotImplementedError

    def read(self, ids: Collection[int] | None = None) -> list[Entry]:
        """Entries, the oldest first; all of them unless some are named."""
        raise NotImplementedError

    def source(self, id: int) -> str | None:
        """The source of an entry."""
        raise NotImplementedError

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write entries."""
        raise NotImplementedError

    def start(self, row: Mapping[str, Any]) -> int:
        """Write the entry of a revision that is going to be committed in parts; returns its id."""
        raise NotImplementedError

    def change(self, id: int, **values: Any) -> None:
        """Change an entry."""
        raise NotImplementedError

    def drop(self, id: int) -> None:
        """Forget an entry: nothing of what it says has stayed."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget everything: the database is made anew."""
        raise NotImplementedError

    def parts_of(self, entry: int) -> list[Part]:
        """What of a half-applied revision has been committed, in its order."""
        raise NotImplementedError

    def add_part(self, entry: int, state: str, statements: Iterable[Statement], before: str | None = None) -> int:
        """Write a part; returns its id."""
        raise NotImplementedError

    def change_part(self, id: int, *, statements: Iterable[Statement] | None = None, **values: Any) -> None:
        """Change a part."""
        raise NotImplementedError

    def drop_part(self, id: int) -> None:
        """Forget a part."""
        raise NotImplementedError

    def drop_parts(self, entry: int) -> None:
        """Forget the parts of an entry."""
        raise NotImplementedError


class TableJournal(Journal):
    """Two tables of the database, out of sight of tools that compare models with tables where it offers such a place."""

    def __init__(self, context: RunContext) -> None:
        super().__init__(context)
        self.dialect = dialect_of(context.dialect.name)
        self.place(context.table.schema)

    @property
    def own_schema(self) -> str | None:
        """The schema that is only for the tables; None where the database has no such place."""
        return self.names.beginning if self.dialect.hides_own_schema else None

    def place(self, schema: str | None) -> None:
        """Say which schema the tables are in."""
        metadata = sa.MetaData(schema=schema)
        self.entries = sa.Table(
            self.names.entries,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("version_table", sa.String(255), nullable=False),
            sa.Column("run", sa.String(32), nullable=False),
            sa.Column("revision", sa.String(255), nullable=False),
            sa.Column("direction", sa.String(16), nullable=False),
            sa.Column("outcome", sa.String(16), nullable=False),
            sa.Column("message", LONG, nullable=False),
            sa.Column("started", sa.String(32), nullable=False),
            sa.Column("finished", sa.String(32)),
            sa.Column("seconds", sa.Float),
            sa.Column("error", LONG),
            sa.Column("user", sa.String(128), nullable=False),
            sa.Column("host", sa.String(255), nullable=False),
            sa.Column("pid", sa.Integer, nullable=False),
            sa.Column("tool", sa.String(64), nullable=False),
            sa.Column("commit", sa.String(64)),
            sa.Column("checksum", sa.String(64)),
            sa.Column("file", sa.String(512)),
            sa.Column("source", LONG),
        )
        self.parts = sa.Table(
            self.names.parts,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("entry", sa.Integer, nullable=False),
            sa.Column("state", sa.String(16), nullable=False),
            sa.Column("statements", sa.JSON, nullable=False),
            sa.Column("before", LONG),
        )

    def written(self) -> list[str]:
        """The journal's own, and the version table."""
        preparer = self.connection.dialect.identifier_preparer
        return [preparer.format_table(table) for table in (self.entries, self.parts, self.context.table)]

    @cached_property
    def version_table(self) -> str:
        """The version table that entries are about, with its schema."""
        schema = self.context.table.schema or self.dialect.current_schema(self.connection)
        return f"{schema}.{self.context.table.name}" if schema else self.context.table.name

    @cached_property
    def exists(self) -> bool:
        """Whether there is a journal; on a database that was migrated by another tool there is none."""
        for schema in dict.fromkeys([self.own_schema, self.context.table.schema]):
            if sa.inspect(self.connection).has_table(self.names.entries, schema=schema):
                self.place(schema)
                return True
        return False

    def has(self, table: sa.Table) -> bool:
        """Whether a table is there."""
        return sa.inspect(self.connection).has_table(table.name, schema=table.schema)

    def prepare(self, *, parts: bool = False) -> None:
        """Create the tables that are missing.

        Where env.py holds one transaction over all, on a connection of their own: a second database of the same run may be
        this one, and would wait for the first for ever.
        """
        if self.exists and (not parts or self.has(self.parts)):
            return
        if self.context.commits_each or not self.dialect.ddl_rolls_back:
            self.create(self.connection, parts=parts)
            return
        beside = Beside(self.connection)
        try:
            beside.run(lambda connection: self.create(connection, parts=parts))
        finally:
            beside.close()

    def create(self, connection: sa.Connection, *, parts: bool) -> None:
        """Create them with this connection."""
        if not self.exists and self.own_schema and self.dialect.make_schema(connection, self.own_schema):
            self.place(self.own_schema)
        for table in [self.entries, self.parts][: 1 + parts]:
            if not sa.inspect(connection).has_table(table.name, schema=table.schema):
                table.create(connection)
        self.exists = True

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around what reads. Raises JournalForbidden where the user lacks the right."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            if not self.dialect.is_forbidden(error):
                raise
            raise forbidden(self.run_connection, self.entries, self.parts, self.own_schema) from error

    def states(self) -> Iterable[tuple[int, str, str, str, str | None]]:
        """One query."""
        with self.reading():
            if not self.exists:
                return []
            c = self.entries.c
            query = sa.select(c.id, c.revision, c.direction, c.outcome, c.checksum).where(c.version_table == self.version_table)
            return [tuple(row) for row in self.connection.execute(query.order_by(c.id))]

    def read(self, ids: Collection[int] | None = None) -> list[Entry]:
        """One query."""
        with self.reading():
            return self._read(ids)

    def _read(self, ids: Collection[int] | None) -> list[Entry]:
        if not self.exists:
            return []
        columns = [column for column in self.entries.c if column.name not in ("version_table", "source")]
        query = sa.select(*columns).where(self.entries.c.version_table == self.version_table).order_by(self.entries.c.id)
        if ids is not None:
            query = query.where(self.entries.c.id.in_(ids))
        return [Entry(**row) for row in self.connection.execute(query).mappings()]

    def source(self, id: int) -> str | None:
        """One query."""
        return self.connection.scalar(sa.select(self.entries.c.source).where(self.entries.c.id == id))

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """One statement for all."""
        if rows:
            self.connection.execute(self.entries.insert(), [{"version_table": self.version_table, **row} for row in rows])

    def start(self, row: Mapping[str, Any]) -> int:
        """An INSERT."""
        made = self.connection.execute(self.entries.insert().values(version_table=self.version_table, **row))
        return int(made.inserted_primary_key[0])  # type: ignore[index]

    def change(self, id: int, **values: Any) -> None:
        """An UPDATE."""
        self.connection.execute(self.entries.update().where(self.entries.c.id == id).values(**values))

    def drop(self, id: int) -> None:
        """A DELETE."""
        self.connection.execute(self.entries.delete().where(self.entries.c.id == id))

    def clear(self) -> None:
        """A DELETE of each table."""
        if self.exists:
            ids = [id for id, *_ in self.states()]
            if ids and self.has(self.parts):
                self.connection.execute(self.parts.delete().where(self.parts.c.entry.in_(ids)))
            self.connection.execute(self.entries.delete().where(self.entries.c.version_table == self.version_table))

    def parts_of(self, entry: int) -> list[Part]:
        """One query."""
        if not self.has(self.parts):
            return []
        query = sa.select(self.parts).where(self.parts.c.entry == entry).order_by(self.parts.c.id)
        return [Part(row.id, row.state, unpacked(row.statements), row.before) for row in self.connection.execute(query)]

    def add_part(self, entry: int, state: str, statements: Iterable[Statement], before: str | None = None) -> int:
        """An INSERT."""
        row = {"entry": entry, "state": state, "statements": packed(statements), "before": before}
        made = self.connection.execute(self.parts.insert().values(**row))
        return int(made.inserted_primary_key[0])  # type: ignore[index]

    def change_part(self, id: int, *, statements: Iterable[Statement] | None = None, **values: Any) -> None:
        """An UPDATE."""
        values |= {} if statements is None else {"statements": packed(statements)}
        self.connection.execute(self.parts.update().where(self.parts.c.id == id).values(**values))

    def drop_part(self, id: int) -> None:
        """A DELETE."""
        self.connection.execute(self.parts.delete().where(self.parts.c.id == id))

    def drop_parts(self, entry: int) -> None:
        """A DELETE."""
        self.connection.execute(self.parts.delete().where(self.parts.c.entry == entry))


@dataclass(frozen=True)
class Summary:
    """The last thing that was done with each revision: id, direction and checksum of its entry; and what is half-way."""

    latest: Mapping[str, tuple[int, str, str | None]]
    started: tuple[int, ...]

    def applied(self) -> dict[str, tuple[int, str | None]]:
        """Id and checksum of the entry of each revision that was last applied, and not undone."""
        return {name: (id, checksum) for name, (id, direction, checksum) in self.latest.items() if direction in UP}
