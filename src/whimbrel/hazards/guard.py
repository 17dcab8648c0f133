"""Watch a run: what loses rows is looked at once more, before it is executed.

The review before a run calls revisions with an ``op`` that only notes. What a revision does depending on rows, with a session
or a connection of its own, or through code that hides it from the review, is met here at last; and the tables are as they are
at that moment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Connection
from sqlalchemy.types import NullType

from ..dialects import dialect_of, without_comments
from ..plan.record import frames_here, place_in
from ..plan.sql import operations_in, statements_in
from ..plan.step import Changed, Planned, Step, Table, shown, table_of
from ..plan.words import NAME, NO_COLUMN, in_block, plain
from ..revisions.revision import Revision
from .consent import accepts_of
from .finding import Finding
from .live import Live
from .review import ignored_in, rules
from .rule import Case

WATCHED = re.compile(r"\b(DROP|TRUNCATE|DELETE|REPLACE|ALTER|RENAME)\b", re.IGNORECASE)
CALM = re.compile(
    r"\s*(CREATE\s+(UNIQUE\s+)?INDEX|DROP\s+(INDEX|VIEW|TRIGGER|SEQUENCE|FUNCTION|PROCEDURE)|INSERT|UPDATE)\b", re.I
)
CREATES = re.compile(
    r"\s*CREATE\s+(?:(?:LOCAL|GLOBAL|UNLOGGED)\s+)?(?P<temporary>TEMP(?:ORARY)?\s+)?(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    rf"(?:(?P<schema>{NAME})\.)?(?P<name>{NAME})",
    re.IGNORECASE,
)
UNHIDES = re.compile(rf"\s*DROP\s+TEMPORARY\s+TABLES?\s+(?:IF\s+EXISTS\s+)?(?:(?P<schema>{NAME})\.)?(?P<name>{NAME})", re.I)
ADDS = re.compile(
    rf"\s*ALTER\s+TABLE\s+(?:({NAME})\.)?({NAME})\s+ADD\s+(?:COLUMN\s+)?(IF\s+NOT\s+EXISTS\s+)?{NO_COLUMN}({NAME})\s[^,]*$",
    re.IGNORECASE,
)


TYPE_CHANGE = "type-change-fails"
"""The rule about what is looked at besides where types are changed."""


class Guard:
    """Watches the run of some revisions on one database.

    accepted: the keys that were agreed to for this run. decide: told of what nobody has agreed to; raises what stops the run.
    database: its name in env.py.
    """

    def __init__(
        self, sqla_dialect: Any, accepted: Collection[str], decide: Callable[[Finding], None], database: str = ""
    ) -> None:
        self.sqla_dialect = sqla_dialect
        self.database = database
        self.accepted = accepted
        self.decide = decide
        self.history = Live(sqla_dialect, None)
        """What the run has made and renamed so far."""
        self.is_paused = False
        self.examined: tuple[Table, str] | None = None
        """A column whose values are looked at by whoever changes its type."""
        self.revision: Revision | None = None
        self.given: Mapping[str, str] = {}

    def begin(self, revision: Revision) -> None:
        """The next revision."""
        self.revision, self.examined = revision, None
        self.given = accepts_of(revision.path)

    def statement(self, text: str, connection: Connection) -> None:
        """A statement is going to be executed on this connection."""
        if self.is_paused or self.revision is None:
            return
        for op in self.operations(text):
            self.operation(op, connection)

    def passed(self, text: str) -> None:
        """A statement has been executed by an earlier run of the revision."""
        self.history.connection = None
        may_be_older = "IF NOT EXISTS" in " ".join(text.upper().split())
        for op in self.operations(text) if not may_be_older else ():
            self.follow(op)

    def undone(self) -> None:
        """Something was rolled back: what the run has made is not known any more, and everything is looked at."""
        self.history = Live(self.sqla_dialect, None)

    def operations(self, text: str) -> Collection[Any]:
        """What statements do, as far as it matters here."""
        texts = in_block(text) or (statements_in(text) if ";" in text else [text])
        return [op for each in texts for op in self.operations_of(each)]

    def operations_of(self, text: str) -> Collection[Any]:
        """What one statement does."""
        kind = self.history.dialect.kind
        text = without_comments(text, self.sqla_dialect.name)
        if found := CREATES.match(text):
            schema = plain(found["schema"], kind) if found["schema"] else None
            made = ops.CreateTableOp(plain(found["name"], kind), [], schema=schema)
            if found["temporary"]:  # it hides a table of its name
                self.history.created.add(self.history.key((schema, made.table_name)))
                self.history.temporary.add(self.history.key((schema, made.table_name)))
                return []
            return [made]
        if found := UNHIDES.match(text):
            schema = plain(found["schema"], kind) if found["schema"] else None
            self.history.created.discard(self.history.key((schema, plain(found["name"], kind))))
            return []
        if found := ADDS.match(text):
            column: Column[Any] = Column(plain(found[4], kind), NullType())
            added = ops.AddColumnOp(plain(found[2], kind), column, schema=plain(found[1], kind) if found[1] else None)
            added.if_not_exists = bool(found[3])
            return [added]
        if CALM.match(text) or not WATCHED.search(text):
            return []
        return operations_in(text, None, self.sqla_dialect.name)[0]

    def operation(self, op: Any, connection: Connection) -> None:
        """One operation."""
        assert self.revision is not None
        op = self.placed(op, connection)
        now = Live(self.sqla_dialect, connection)
        now.created, now.temporary, now.added = self.history.created, self.history.temporary, self.history.added
        place, line = place_in(self.revision, frames_here())
        case = Case(now, Planned(self.revision, "upgrade"), Step((op,), (), place, line), op)
        ignored = ignored_in(line)
        if is_new_type(op):  # what may round or cut values is counted to the end
            now.patience = None
        for rule in rules().values():
            if (
                rule.is_watched
                and rule.code not in ignored
                and now.dialect.kind in rule.on
                and not self.is_known(rule.code, op, now)
            ):
                for finding in rule.findings(case):
                    self.meet(finding, op, now)
        self.history.connection = connection
        self.history.forget()
        self.follow(op)

    def follow(self, op: Any) -> None:
        """What the run has made: what it drops or renames is not made, until it is made again."""
        history, table = self.history, table_of(op)
        history.follow_operation(op)
        if table is None:
            return
        key = history.key(table)
        if isinstance(op, (ops.DropTableOp, ops.RenameTableOp)):
            history.created.discard(key)
        elif isinstance(op, ops.DropColumnOp) or (isinstance(op, ops.AlterColumnOp) and op.modify_name):
            history.added.discard((key, history.column_key(key, op.column_name)))

    def placed(self, op: Any, connection: Connection) -> Any:
        """The same with the schema in which the server finds its table, where the revision has changed where it looks."""
        table = table_of(op)
        if table is None or table[0] is not None or not hasattr(op, "schema"):
            return op
        schema = self.history.dialect.schema_found(connection, table[1])
        if schema in (None, connection.dialect.default_schema_name) or str(schema).startswith("pg_temp"):
            return op
        op = copy(op)
        op.schema = schema
        return op

    def meet(self, finding: Finding, op: Any, now: Live) -> None:
        """Something would be lost: has somebody agreed, under the name that it has now or had when the run began?"""
        finding = replace(finding, database=self.database)
        if not self.is_agreed(finding, op, now):
            self.decide(self.at_first(finding, op, now))

    def is_agreed(self, finding: Finding, op: Any, now: Live) -> bool:
        """Whether a key of this run, or of the revision, is about a finding."""
        at_first = self.at_first(finding, op, now)
        names = {finding.short_key, finding.full_key, at_first.short_key, at_first.full_key}
        return bool(names & {*self.accepted, *self.given})

    def is_known(self, code: str, op: Any, now: Live) -> bool:
        """Whether a change of type needs no look: somebody has agreed to it, or has looked himself."""
        if code != TYPE_CHANGE or not isinstance(op, ops.AlterColumnOp):
            return False
        key = now.key((op.schema, op.table_name))
        if self.examined == (key, op.column_name):
            self.examined = None
            return True
        return self.is_agreed(self.about_type(key, op.column_name), op, now)

    def agrees_to_type(self, connection: Connection, schema: str | None, table: str, column: str) -> bool:
        """Whether somebody has agreed to a change of type that not all values survive; who asks looks at them else."""
        if self.revision is None:
            return False
        now = Live(self.sqla_dialect, connection)
        self.examined = (now.key((schema, table)), column)
        finding = self.about_type(now.key((schema, table)), column)
        return self.is_agreed(finding, ops.AlterColumnOp(table, column, schema=schema), now)

    def about_type(self, table: Table, column: str) -> Finding:
        """What is found where values of a column do not survive."""
        id = self.revision.id if self.revision else ""
        return Finding(TYPE_CHANGE, "danger", f"{shown(table)}.{column}", "", "", id, database=self.database)

    def at_first(self, finding: Finding, op: Any, now: Live) -> Finding:
        """A finding under the names that its table and column had when the run began."""
        table = table_of(op)
        if table is None:
            return finding
        key: Table = now.key(table)
        known = self.history.was.get(key, key)
        column = str(getattr(op, "column_name", ""))
        name = self.history.was_column.get((key, now.column_key(key, column)), column) if column else ""
        objects = {shown(key): shown(known), f"{shown(key)}.{column}": f"{shown(known)}.{name}"}
        return replace(finding, object=objects.get(finding.object, finding.object))

    @contextmanager
    def batch(self, batch: Any, connection: Connection) -> Iterator[None]:
        """Around a batch that builds its table anew: the statements of a rebuild are none of the revision's."""
        if self.revision is not None and not self.is_paused:
            for op in of_batch(batch, connection):
                self.operation(op, connection)
        before, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = before


def is_new_type(op: Any) -> bool:
    """Whether values get another type, or other letters."""
    if isinstance(op, ops.AlterColumnOp):
        return op.modify_type is not None or "redefines" in op.kw
    return isinstance(op, Changed)


def of_batch(batch: Any, connection: Connection) -> Iterator[Any]:
    """The operations of a batch that lose, make or rename something; and the columns that a given table does not have."""
    table, schema = batch.table_name, batch.schema
    dropped: set[str] = set()
    for name, args, kw in batch.batch:
        if name == "drop_column":
            dropped.add(str(args[1].name).lower())
            yield ops.DropColumnOp(table, str(args[1].name), schema=schema)
        if name == "alter_column" and kw.get("type_") is not None and not dialect_of(connection.dialect.name).rebuilds_tables:
            yield ops.AlterColumnOp(table, str(args[1]), schema=schema, modify_type=kw["type_"])  # the copy casts the values
        if name == "alter_column" and kw.get("name"):
            yield ops.AlterColumnOp(table, str(args[1]), schema=schema, modify_name=str(kw["name"]))
        elif name == "add_column":
            yield ops.AddColumnOp(table, args[1], schema=schema)
    if batch.copy_from is not None and is_copied(batch):
        kept = {column.name.lower() for column in batch.copy_from.columns}
        there = Live(connection.dialect, connection).columns_of((schema, table)) or {}
        for column in there:
            if column.lower() not in kept | dropped:
                yield ops.DropColumnOp(table, column, schema=schema)


def is_copied(batch: Any) -> bool:
    """Whether a batch builds its table anew, as Alembic decides it."""
    return bool(batch.recreate == "always" or (batch.recreate == "auto" and batch.impl.requires_recreate_in_batch(batch)))
