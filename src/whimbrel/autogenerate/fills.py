"""Columns that must not be null, in tables that may have rows: added, filled, and then closed."""

from __future__ import annotations

import datetime
import enum
import json
import uuid
from collections.abc import Sequence
from copy import copy
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Column, Connection, Table
from sqlalchemy.exc import DBAPIError

from .._alembic_models import copy_of
from ..errors import UsageError
from ..schema.snapshot import Key, Snapshot
from ..schema.text import quoted_name
from .answers import Answers, Question, flag, undecided
from .operations import Both, Execute, modified
from .renames import Rename, as_it_was, shown

LITERALS = (bool, int, float, str, Decimal, datetime.date, datetime.time, datetime.timedelta, uuid.UUID, enum.Enum, dict, list)


class Fills:
    """Asks for what is missing and writes it down; keeps the questions that nobody answered."""

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        models: dict[Key, Table],
        answers: Answers,
        command: str,
        renames: Sequence[Rename],
    ) -> None:
        self.connection = connection
        self.snapshot = snapshot
        self.models = models
        self.answers = answers
        self.command = command
        self.renames = renames
        self.open: list[Question] = []
        self.used: set[str] = set()

    def apply(self, upgrade: ops.UpgradeOps) -> None:
        """Rework the operations. Raises Undecided where values are missing, UsageError where an answer is no SQL."""
        created = {op.table_name for op in upgrade.ops if isinstance(op, ops.CreateTableOp)}
        found: list[ops.MigrateOperation] = []
        for op in upgrade.ops:
            if isinstance(op, ops.ModifyTableOps) and op.table_name not in created:
                found += self.of_table(op)
            else:
                found.append(op)
        upgrade.ops[:] = found
        self.answers.used |= self.used
        unknown = set(self.answers.fills) - self.used
        if unknown and not self.answers.is_for_several:
            raise UsageError(
                f"--fill {min(unknown)}: nothing that changes needs to be filled there.",
                hint="It is for columns that must not be null and are new, or were null before.",
            )
        if self.open:
            raise undecided(self.open, self.command)

    def of_table(self, op: ops.ModifyTableOps) -> list[ops.MigrateOperation]:
        """The changes of one table, in as many steps as they need."""
        before: list[ops.MigrateOperation] = []
        rest: list[ops.MigrateOperation] = []
        after: list[ops.MigrateOperation] = []
        key = (op.schema, op.table_name)
        for each in op.ops:
            if isinstance(each, ops.AddColumnOp) and needs_value(each.column):
                before += self.added(key, each)
            elif isinstance(each, ops.AlterColumnOp) and each.modify_nullable is False:
                filled = self.closed(key, each)
                if filled and each.modify_type is not None:  # the value may be one of the new type only
                    typed, closing = in_two(each)
                    rest.append(typed)
                    after = [*filled, modified(key, closing), *after]
                else:
                    before += filled
                    rest.append(each)
            elif isinstance(each, ops.DropColumnOp) and needs_value(each.to_column()):
                after += self.dropped(key, each)
            else:
                rest.append(each)
        middle = [with_operations(op, rest)] if rest else []
        return [*before, *middle, *after]

    def added(self, key: Key, op: ops.AddColumnOp) -> list[ops.MigrateOperation]:
        """A new column."""
        column = op.column
        value = self.value(key, column.name, self.default(key, column.name), "What do its rows get in the new column {}?")
        if value is None:
            return [modified(key, op)]
        down = ops.DropColumnOp(key[1], column.name, schema=key[0])
        return [Both(self.in_steps(key, op, value), [modified(key, down)])]

    def dropped(self, key: Key, op: ops.DropColumnOp) -> list[ops.MigrateOperation]:
        """A column that goes, and comes back on the way down."""
        add = op.reverse()
        text = "Its rows get what in {}, when the column comes back on the way down?"
        value = self.value(key, op.column_name, None, text)
        if value is None:
            return [modified(key, op)]
        return [Both([modified(key, op)], self.in_steps(key, add, value))]

    def in_steps(self, key: Key, op: ops.AddColumnOp, value: str) -> list[ops.MigrateOperation]:
        """Add, fill, close."""
        column = op.column
        made = copy_of(column)
        made.nullable = True
        add = ops.AddColumnOp(key[1], made, schema=key[0], **op.kw)
        close = ops.AlterColumnOp(
            key[1], column.name, schema=key[0], existing_type=column.type, modify_nullable=False, existing_nullable=True
        )
        return [modified(key, add), self.update(key, column.name, value, only_null=False), modified(key, close)]

    def closed(self, key: Key, op: ops.AlterColumnOp) -> list[ops.MigrateOperation]:
        """A column that was null before and must not be any more."""
        default = self.default(key, op.column_name)
        if not self.has_nulls(key, op.column_name) and f"{shown(key)}.{op.column_name}" not in self.answers.fills:
            return []
        value = self.value(key, op.column_name, default, "What do the rows get that have nothing in {}?")
        return [] if value is None else [Both([self.update(key, op.column_name, value, only_null=True)], [])]

    # -- values

    def default(self, key: Key, name: str) -> str | None:
        """What the model gives to new rows, as SQL."""
        model = self.models.get(key)
        column = model.columns.get(name) if model is not None else None
        return default_of(column, self.connection.dialect) if column is not None else None

    def value(self, key: Key, name: str, default: str | None, text: str) -> str | None:
        """The SQL that was said ahead of time, that the model says, or that a person says; None where there is none."""
        what = f"{shown(key)}.{name}"
        given = self.answers.fills.get(what)
        self.used.add(what)
        if given is None:
            given = default
        if given is None:
            question = Question(text.format(what), flag("--fill", f"{what}=…"), wants_value=True)
            if self.answers.ask is None:
                self.open.append(question)
                return None
            said = self.answers.ask(question)
            given = str(said) if said not in (None, "", False) else None
            if given is None:
                self.open.append(question)
                return None
        self.refuse_nonsense(key, what, given)
        return given

    def refuse_nonsense(self, key: Key, what: str, value: str) -> None:
        """Raise UsageError where the server does not understand a value as SQL over the rows of the table."""
        preparer = self.connection.dialect.identifier_preparer
        was = next((old for old in self.snapshot if old == key), key)
        known = ", ".join(f"NULL AS {preparer.quote(each['name'])}" for each in self.snapshot.of("columns", was))
        try:
            with self.connection.begin_nested():
                self.connection.exec_driver_sql(f"SELECT ({value}) FROM (SELECT {known}) x".replace("%", "%%")).close()
        except DBAPIError as error:
            words = str(error.orig)
            if is_about_types(error):
                return  # the columns have no types here
            raise UsageError(
                f"--fill {what}={value}: the database does not take that for SQL: {words.splitlines()[0]}",
                hint=f"A text stands in quotes: --fill \"{what}='…'\".",
            ) from error

    def has_nulls(self, key: Key, name: str) -> bool:
        """Whether there are NULLs in a column; the database has the old names still."""
        preparer = self.connection.dialect.identifier_preparer
        table, column = as_it_was(key, name, self.renames)
        query = f"SELECT 1 FROM {quoted_name(table, preparer)} WHERE {preparer.quote(column)} IS NULL LIMIT 1"
        try:
            with self.connection.begin_nested():
                return self.connection.exec_driver_sql(query.replace("%", "%%")).first() is not None
        except DBAPIError:
            return True  # it cannot be known

    def update(self, key: Key, name: str, value: str, *, only_null: bool) -> Execute:
        """The statement that fills."""
        preparer = self.connection.dialect.identifier_preparer
        table = quoted_name(key, preparer)
        where = f" WHERE {preparer.quote(name)} IS NULL" if only_null else ""
        sql = f"UPDATE {table} SET {preparer.quote(name)} = {value}{where}"
        return Execute(sql, words=f"{shown(key)}: column {name} filled with {value}")


def needs_value(column: Column[Any]) -> bool:
    """Whether a database cannot add a column to rows by itself."""
    numbered = column.primary_key and column.autoincrement in (True, "auto") and isinstance(column.type, sa.Integer)
    if column.table is not None:
        numbered = column.table.autoincrement_column is column
    return not column.nullable and column.server_default is None and column.computed is None and not numbered


def default_of(column: Column[Any], dialect: Any) -> str | None:
    """What the model gives to new rows, as SQL; None where a function of the application makes it, or nothing does."""
    default = column.default
    value = getattr(default, "arg", None) if getattr(default, "is_scalar", False) else None
    if not isinstance(value, LITERALS):
        return None
    # A JSON has no literals.
    wanted = sa.literal(json.dumps(value), sa.String()) if isinstance(column.type, sa.JSON) else sa.literal(value, column.type)
    try:
        text = str(wanted.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    except Exception:  # a type without literals
        return None
    return text.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else text


def is_about_types(error: DBAPIError) -> bool:
    """Whether PostgreSQL understood an expression, but not the types of what has no type (class 42, "datatype mismatch" …)."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return state in ("42804", "42883", "42846", "42725", "42P18")


def with_operations(op: ops.ModifyTableOps, operations: list[ops.MigrateOperation]) -> ops.ModifyTableOps:
    """The same container with other operations."""
    op.ops = operations
    return op


def in_two(op: ops.AlterColumnOp) -> tuple[ops.AlterColumnOp, ops.AlterColumnOp]:
    """A column's new type, and then that it must not be null."""
    typed = copy(op)
    typed.modify_nullable = None
    closing = ops.AlterColumnOp(
        op.table_name,
        op.column_name,
        schema=op.schema,
        existing_type=op.modify_type,
        existing_nullable=True,
        existing_server_default=op.existing_server_default if op.modify_server_default is False else op.modify_server_default,
        modify_nullable=False,
    )
    return typed, closing
