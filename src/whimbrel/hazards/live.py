"""What is known of the database that a run is for: how many rows its tables have, and what the run itself has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..dialects import SESSION, Effect, Rates
from ..plan.search_path import search_path_in
from ..plan.step import Table, shown, table_of
from ..plan.words import bare, views_in
from .asking import Asking
from .inspector import QuietInspector

BYTES_OF_A_ROW = 100
"""Where nobody knows better."""


class Live(Asking):
    """One database, as it is at some step of a run.

    connection: None where only ``rows`` (by table, as a person writes it) tell how large tables are; a table that is not
    named there has as many as ``otherwise`` says, None for nobody knows.
    """

    def __init__(
        self,
        sqla_dialect: Any,
        connection: Connection | None,
        rows: Mapping[str, int] | None = None,
        otherwise: int | None = None,
    ) -> None:
        super().__init__(sqla_dialect, connection)
        self.letters: dict[tuple[Table | None, str], str] | None = None if rows is None else {}
        """The letters of names, where no database tells them and they can be written in any: those of the first time."""
        self.declared = {name.removeprefix(f"{self.default_schema}."): count for name, count in (rows or {}).items()}
        self.otherwise = otherwise
        self.created: set[Table] = set()
        """Tables that the run makes: nobody has rows in them, nobody waits for them."""
        self.temporary: set[Table] = set()
        """Those among them that hide others of their names, until they are dropped."""
        self.written: set[Table] = set()
        """Tables whose rows the run has changed before, so that a count would be wrong."""
        self.filled: dict[Table, set[str]] = {}
        """Those among them of which only these columns are known to be changed, in small letters."""
        self.added: set[tuple[Table, str]] = set()
        """Columns that the run makes."""
        self.was: dict[Table, Table] = {}
        """What tables that the run renames are called now in the database."""
        self.was_column: dict[tuple[Table, str], str] = {}
        self.retyped: set[tuple[Table, str]] = set()
        """Columns that get another type, under the names that they have now in the database."""
        self.settings: dict[str, Any] = {}
        """What the run has set for its session, as far as effects depend on it."""
        self.local: set[str] = set()
        """Those among them that end with the revision."""
        self.said: dict[tuple[Table, str], tuple[str, bool | None]] = {}
        """The type of columns and whether they may be null, as the revision says that it was, where no database says it."""
        self.gone: set[str] = set()
        """The names of indexes and constraints that the run drops."""
        self.views: set[str] = set()
        """The names of views that the run makes, or drops, in small letters."""
        self.rebuilding: Table | None = None
        """The table that a batch is building anew."""
        self.is_uncertain = False
        """Whether a step before could not be seen."""
        self.prove: Callable[[str, Effect], Effect] = lambda statement, effect: effect
        """Corrects the effect of a statement by trying it out, where the server can; asked once for each, in their order."""
        self.prove_above = -1.0
        self.effects: dict[tuple[int, int], Effect | None] = {}
        """Those that are known, by step and statement."""
        self._inspector: QuietInspector | None = None
        self._columns: dict[Table, dict[str, Any] | None] = {}
        self._names: dict[str | None, Mapping[str, str]] = {}
        self._keys: dict[str | None, Mapping[Table, list[Any]]] = {}
        self._sizes: dict[Table, tuple[int | None, int | None]] = {}
        self._changing: dict[Table, bool] = {}

    def forget(self) -> None:
        """Ask the database again."""
        self._inspector = None
        self._names, self._columns, self._answers, self._sizes, self._keys, self._changing = {}, {}, {}, {}, {}, {}
        self._given_up.clear()
        self._failed.clear()

    @property
    def inspector(self) -> QuietInspector:
        """What tells of the structure that is there, and asks for each thing once. There has to be a connection."""
        if self._inspector is None:
            assert self.connection is not None
            self._inspector = QuietInspector(self.connection)
        return self._inspector

    # -- names

    def key(self, table: Table) -> Table:
        """A table by the one name that it has here: without the default schema, in the letters of the database."""
        schema, name = table
        if schema is None:
            places = self.settings.get("search_path", ())
            schema = next((each for each in places if name in self.names_in(each).values()), None)
        schema = None if schema == self.default_schema else schema
        if self.dialect.ignores_case_of_tables:
            name = self.names_in(schema).get(name.lower()) or self.as_written(name)
        return schema, name

    def as_written(self, name: str, table: Table | None = None) -> str:
        """The one way to write a name that no database tells: of a table, or of a column of this one."""
        return name.lower() if self.letters is None else self.letters.setdefault((table, name.lower()), name)

    def names_in(self, schema: str | None) -> Mapping[str, str]:
        """The tables of a schema: in lower case, and as they are."""
        if self.connection is None:
            return {}
        if schema not in self._names:
            with suppress(SQLAlchemyError):
                found = self.inspector.get_table_names(schema=schema)
                self._names[schema] = {each.lower(): each for each in found}
        return self._names.get(schema, {})

    @property
    def version(self) -> tuple[int, ...] | None:
        """The version of the server; None where nobody knows."""
        found = None if self.connection is None else self.sqla_dialect.server_version_info
        return None if found is None else tuple(part for part in found if isinstance(part, int))

    @cached_property
    def default_schema(self) -> str | None:
        """The schema in which names without one are looked for."""
        usual = {"postgresql": "public", "sqlite": "main"}.get(self.dialect.kind)
        if self.connection is None or usual == "main":
            return usual
        return self.connection.dialect.default_schema_name

    def column_key(self, table: Table, name: str) -> str:
        """A column of a table that the database knows, in the letters of the database."""
        if not self.dialect.ignores_case_of_columns:
            return name
        there = self.columns_of(table) or {}
        return next((each for each in there if each.lower() == name.lower()), self.as_written(name, table))

    # -- what the run does

    def begin(self) -> None:
        """The next revision, with what is set for the session."""
        for name in self.local:
            self.settings.pop(name, None)
            if name == "TimeZone":
                self.prove("RESET TimeZone", Effect(SESSION, None))
        self.local.clear()

    def keep(self, name: str, value: Any, *, is_local: bool) -> None:
        """Something is set for the session, or until the revision ends."""
        self.settings[name] = value
        (self.local.add if is_local else self.local.discard)(name)

    def follow_statement(self, sql: str) -> None:
        """One statement: the views that it is about, and the schemas in which it has names looked for, have no operation."""
        self.views |= views_in(sql)
        if self.dialect.kind == "postgresql" and (found := search_path_in(sql)):
            self.keep("search_path", found[0], is_local=found[1])

    def follow_operation(self, op: Any) -> None:
        """One operation."""
        if isinstance(op, (ops.DropIndexOp, ops.DropConstraintOp)):
            self.gone.add(str(getattr(op, "index_name", None) or getattr(op, "constraint_name", None)))
        table = table_of(op)
        if table is None:
            return
        table = self.key(table)
        if isinstance(op, ops.AlterColumnOp) and op.modify_type is not None:
            self.follow_type(table, op.column_name)
        match op:
            case ops.CreateTableOp() if {"TEMP", "TEMPORARY"} & {str(each).upper() for each in op.prefixes or ()}:
                self.temporary |= set() if table in self.created else {table}
                self.created.add(table)
            case ops.CreateTableOp():
                self.follow_new_table(table)
            case ops.DropTableOp() if table in self.temporary and op.schema is None:
                self.temporary.discard(table)
                self.created.discard(table)
            case ops.DropTableOp():
                self.was.pop(table, None)
                self.created.add(table)  # whatever has this name from now on is new
            case ops.RenameTableOp():
                self.follow_rename(table, self.key((table[0], str(op.new_table_name))))
            case ops.AddColumnOp() if not self.may_be_there(op):
                self.follow_column(table, None, op.column.name)
            case ops.DropColumnOp():
                self.follow_column(table, op.column_name, None)
            case ops.AlterColumnOp() if op.modify_name:
                self.follow_column(table, op.column_name, str(op.modify_name))
            case _ if hasattr(op, "verb"):
                self.follow_rows(table, {each.lower() for each in op.sets})

    def follow_rows(self, table: Table, columns: set[str]) -> None:
        """Rows are changed: these columns of them, or whatever, where none are named."""
        if columns and (table in self.filled or table not in self.written) and not self.changes_more(self.known_as(table)):
            self.filled.setdefault(table, set()).update(columns)
        else:
            self.filled.pop(table, None)
        self.written.add(table)

    def changes_more(self, table: Table | None) -> bool:
        """Whether other columns may get other values where some do: computed ones, or by a trigger."""
        if table is None or self.connection is None:
            return False
        if table not in self._changing:
            self._changing[table] = True
            with suppress(SQLAlchemyError), self.aside():
                has_computed = any(each.get("computed") for each in (self.columns_of(table) or {}).values())
                self._changing[table] = has_computed or self.dialect.has_triggers(self.connection, *table)
        return self._changing[table]

    def may_be_there(self, op: Any) -> bool:
        """Whether an operation adds a column that is there, or may be: then it does nothing (IF NOT EXISTS)."""
        table = table_of(op)
        if table is None or not isinstance(op, ops.AddColumnOp) or not getattr(op, "if_not_exists", None):
            return False
        known, column = self.known_as(table), self.column_known_as(table, op.column.name)
        return known is not None and column is not None and (self.connection is None or column in (self.columns_of(known) or {}))

    def follow_new_table(self, table: Table) -> None:
        """A table is created; where it is there, that does nothing (IF NOT EXISTS)."""
        known = self.known_as(table)
        is_there = known is not None and (self.is_there(known) if self.connection is not None else shown(known) in self.declared)
        if not is_there:
            self.created.add(table)

    def follow_rename(self, old: Table, new: Table) -> None:
        """A table gets another name."""
        if old in self.created:
            self.created.add(new)
        else:
            self.was[new] = self.was.pop(old, old)
            self.created.discard(new)
        self.created.add(old)  # whatever has the old name from now on is new
        self.written |= {new} if old in self.written else set()
        if old in self.filled:
            self.filled[new] = self.filled.pop(old)
        self.added |= {(new, column) for table, column in self.added if table == old}
        self.was_column |= {(new, column): name for (table, column), name in self.was_column.items() if table == old}

    def follow_type(self, table: Table, column: str) -> None:
        """A column gets another type."""
        known, name = self.known_as(table), self.column_known_as(table, column)
        if known is not None and name is not None:
            self.retyped.add((known, name))

    def follow_column(self, table: Table, old: str | None, new: str | None) -> None:
        """A column gets another name; without an old one it is new, without a new one it goes."""
        known = self.known_as(table)
        if known is None:
            return
        before, after = (None if name is None else self.column_key(known, name) for name in (old, new))
        if old and new and old.lower() in self.filled.get(table, ()):
            self.filled[table].add(new.lower())
        is_new = before is None or (table, before) in self.added
        original = None if before is None else self.was_column.pop((table, before), before)
        if before is not None:
            self.added.add((table, before))  # whatever has this name from now on is new
        if after is not None and is_new:
            self.was_column.pop((table, after), None)
            self.added.add((table, after))
        elif after is not None and original is not None:
            self.added.discard((table, after))
            self.was_column[table, after] = original

    def known_as(self, table: Table) -> Table | None:
        """What a table is called in the database now; None where the run makes it."""
        key = self.key(table)
        is_beside = key in self.temporary and table[0] is not None
        return None if key in self.created and not is_beside else self.was.get(key, key)

    def schema_of(self, table: Table) -> str | None:
        """Beside a temporary table of its name the schema of a table has to be said."""
        return self.default_schema if table in self.temporary else table[0]

    def column_known_as(self, table: Table, column: str) -> str | None:
        """What a column is called in the database now; None where the run makes it."""
        known = self.known_as(table)
        table = self.key(table)
        if known is None:
            return None
        column = self.column_key(known, column)
        return None if (table, column) in self.added else self.was_column.get((table, column), column)

    # -- what is there

    def is_there(self, table: Table) -> bool:
        """Whether the database has a table; without one, it may."""
        return self.connection is None or self.columns_of(table) is not None

    def columns_of(self, table: Table) -> dict[str, Any] | None:
        """Its columns by name, as SQLAlchemy tells of them; None where it is not there."""
        if self.connection is None or len(table[1]) > (self.dialect.longest_name or len(table[1])):
            return None
        if table not in self._columns:
            try:
                found = self.inspector.get_columns(table[1], schema=self.schema_of(table))
                self._columns[table] = {each["name"]: each for each in found}
            except sa.exc.NoSuchTableError:
                self._columns[table] = None
            except sa.exc.OperationalError:
                if table[0] is None:
                    raise
                self._columns[table] = None  # of a file that a revision attaches (SQLite)
        return self._columns[table]

    def primary_key(self, table: Table) -> list[str]:
        """The columns of its primary key; none where nobody knows."""
        if self.connection is None or not self.is_there(table):
            return []
        return list(self.inspector.get_pk_constraint(table[1], schema=table[0]).get("constrained_columns") or ())

    def foreign_keys(self, schema: str | None) -> Mapping[Table, list[Any]]:
        """Those of every table of a schema, as SQLAlchemy tells of them, asked once."""
        if self.connection is None:
            return {}
        if schema not in self._keys:
            found = self.inspector.get_multi_foreign_keys(schema=schema)
            self._keys[schema] = {(schema, name): list(listed) for (_, name), listed in found.items()}
        return self._keys[schema]

    def views_on(self, table: Table, column: str | None) -> list[str]:
        """The views that use a table, or a column of it, and that the run has left as they are."""
        nothing: list[str] = []
        found = self.briefly(lambda connection: self.dialect.views_on(connection, *table, column), nothing)
        return [view for view in found if bare(view) not in self.views]

    def has_rows(self, table: Table) -> bool:
        """Whether a table of the database may have rows: one look, however large it is."""
        if self.connection is None:
            return self.rows(table) != 0
        if not self.is_there(table):
            return False
        found = self.ask(f"SELECT 1 FROM {self.quoted(table)} LIMIT 1")
        return found is None or bool(found)

    def rows(self, table: Table) -> int | None:
        """About how many rows it has; None where nobody knows."""
        if self.connection is None:
            name = ".".join(part for part in table if part)
            return self.declared.get(name, self.otherwise)
        return self.size_of(table)[0]

    def bytes_of(self, table: Table, work: str = "") -> int | None:
        """About how large it is, as far as some work is about it."""
        if self.connection is None:
            rows = self.rows(table)
            return None if rows is None else rows * BYTES_OF_A_ROW
        found = None
        if work == "build" and self.size_of(table)[1] is not None:
            found = self.briefly(lambda connection: self.dialect.bytes_to_index(connection, table), None)
        return self.size_of(table)[1] if found is None else found

    @cached_property
    def rates(self) -> Rates | None:
        """How many bytes of a table the server deals with in a second; None where that could not be measured."""
        return self.briefly(self.dialect.rates, None)

    def size_of(self, table: Table) -> tuple[int | None, int | None]:
        """Rows and bytes, asked once; unknown where somebody has the table locked."""
        if table not in self._sizes:
            unknown: tuple[int | None, int | None] = (None, None)
            self._sizes[table] = unknown
            if self.is_there(table):
                self._sizes[table] = self.briefly(lambda connection: self.dialect.size_of(connection, table), unknown)
        return self._sizes[table]


def numbered(count: int, word: str) -> str:
    """ "1 row", "2,000 rows"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
