"""What a revision is told of the structure of the database while it is only looked at.

A revision that asks which tables and columns there are is answered by the database itself, with what the plan has seen until
then; where nobody knows the answer, the revision is opaque from there on.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection

from .._alembic_paper import answers_inspect, reflection_info
from ..dialects import dialect_of
from .after import after
from .step import DropNamespace, Opaque, Rows, Step, Table, table_of

LOOKS = "it looks at the database"
OF_A_TABLE = frozenset(
    {
        "get_check_constraints",
        "get_columns",
        "get_foreign_keys",
        "get_indexes",
        "get_pk_constraint",
        "get_table_comment",
        "get_table_options",
        "get_unique_constraints",
    }
)
"""Methods of SQLAlchemy's Inspector whose first argument is a table."""
FILLING = ("insert", "replace", "merge", "update")
MOVES = re.compile(r"\s*(SELECT|WITH|CALL|CREATE\b.*\b(TRIGGER|RULE))\b", re.IGNORECASE | re.DOTALL)
DDL = re.compile(r"\s*(CREATE|ALTER|DROP|RENAME|COMMENT|GRANT|REVOKE|SET|USE|ATTACH)\b", re.IGNORECASE)
HARMLESS = (Rows, ops.BulkInsertOp, ops.ExecuteSQLOp)
PATIENCE = 2.0  # seconds, for one question
threads: set[int] = set()
"""Those that look at a database now, for a revision that may not reach it itself."""


@contextmanager
def looking() -> Iterator[None]:
    """Around what asks the database in the name of a revision."""
    thread = threading.get_ident()
    threads.add(thread)
    try:
        yield
    finally:
        threads.discard(thread)


class Changes:
    """What the steps that are known until now have changed. steps: they become more."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.read = 0
        self.is_unknown = False
        self.since: dict[Table, list[Any]] = {}
        """What was done to tables."""
        self.was: dict[Table, Table] = {}
        """What tables that were renamed are called in the database."""
        self.there: dict[Table, bool] = {}
        """Tables that were made, or are gone."""
        self.filled: set[Table] = set()
        """Tables that may have got rows."""
        self.written: set[Table] = set()
        """Tables whose rows are others, by the names that the database has for them."""
        self.is_moved = False
        """Whether a query or a trigger of the run may have put rows anywhere."""
        self.is_changed = False
        """Whether the structure is another one."""

    def follow(self, default_schema: str | None) -> None:
        """Take in the steps that have come since."""
        for step in self.steps[self.read :]:
            self.is_unknown = self.is_unknown or step.why is not None
            self.is_moved = self.is_moved or any(MOVES.match(sql) for sql in step.sql)
            changes = not all(isinstance(op, HARMLESS) for op in step.operations)
            self.is_changed = self.is_changed or changes or any(DDL.match(sql) or MOVES.match(sql) for sql in step.sql)
            for op in step.operations:
                self.take(op, default_schema)
        self.read = len(self.steps)

    def take(self, op: Any, default_schema: str | None) -> None:
        """One operation."""
        table = (op.table.schema, op.table.name) if isinstance(op, ops.BulkInsertOp) else table_of(op)
        is_beside = isinstance(op, ops.CreateTableOp) and op.prefixes  # a temporary table hides others, for a while
        if isinstance(op, DropNamespace) or is_beside or (table is None and not isinstance(op, HARMLESS)):
            self.is_unknown = True
        named = None if table is None else key(table[1], table[0], default_schema)
        if named is not None and (isinstance(op, ops.BulkInsertOp) or (isinstance(op, Rows) and op.verb in FILLING)):
            self.filled.add(named)
        if table is not None and named is not None and isinstance(op, (ops.BulkInsertOp, Rows)):
            self.written.add(self.was.get(named, table))
        if table is None or named is None or isinstance(op, HARMLESS):
            return
        since = self.since.setdefault(named, [])
        if isinstance(op, ops.RenameTableOp):
            new = key(str(op.new_table_name), table[0], default_schema)
            self.there |= {named: False, new: True}
            self.since |= {named: [], new: since}
            self.filled |= {new} if named in self.filled else set()
            self.was[new] = self.was.pop(named, (table[0], table[1]))
        elif isinstance(op, (ops.CreateTableOp, ops.DropTableOp)):
            self.there[named] = isinstance(op, ops.CreateTableOp)
            self.since[named] = [op]
            self.filled.discard(named)
        else:
            since.append(op)


def key(name: str, schema: str | None, default_schema: str | None) -> Table:
    """A table, as the answers are compared."""
    return (None if schema == default_schema else schema), name.lower()


class Looking:
    """SQLAlchemy's Inspector, for a revision that is only looked at. Raises Opaque for what it cannot know."""

    def __init__(self, connection: Connection, changes: Changes) -> None:
        with looking():
            self._inspector = sa.inspect(connection)
        self._connection = connection
        self._changes = changes
        self._answers: dict[str, Any] = {}
        """As SQLAlchemy's own keeps them: the same question gets the same answer, whatever has changed since."""
        self.default_schema_name = self._inspector.default_schema_name
        self.dialect = connection.dialect

    def _ask(self, ask: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Let the database answer."""
        with looking():
            return ask(*given, **more)

    def _key(self, name: str, schema: str | None) -> Table:
        """A table that is asked for. Raises Opaque where anything may have happened before."""
        self._changes.follow(self.default_schema_name)
        if self._changes.is_unknown:
            raise Opaque(LOOKS)
        return key(str(name), schema, self.default_schema_name)

    def _of_table(self, method: str, table_name: str, *given: Any, **more: Any) -> Any:
        """One method about a table, and perhaps its schema. Raises NoSuchTableError where there will be none."""
        schema = given[0] if given else more.pop("schema", None)
        question = repr((method, table_name, schema))
        if question not in self._answers:
            wanted = self._key(table_name, schema)
            since = self._changes.since.get(wanted, [])
            if self._changes.there.get(wanted) is False:
                raise sa.exc.NoSuchTableError(table_name)
            is_new = bool(since) and isinstance(since[0], ops.CreateTableOp)
            schema, name = self._changes.was.get(wanted, (schema, table_name))
            now = None if is_new else self._ask(getattr(self._inspector, method), name, schema=schema, **more)
            self._answers[question] = after(method, now, since, dialect_of(self.dialect.name)) if since else now
        return self._answers[question]

    def has_index(self, table_name: str, index_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Whether a table will have an index then."""
        if not self.has_table(table_name, schema):
            return False
        return any(each["name"] == index_name for each in self._of_table("get_indexes", table_name, schema=schema))

    def has_table(self, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Whether there will be a table then."""
        question = repr(("has_table", table_name, schema))
        if question not in self._answers:
            known = self._changes.there.get(self._key(table_name, schema))
            self._answers[question] = self._ask(self._inspector.has_table, table_name, schema, **kw) if known is None else known
        return bool(self._answers[question])

    def has_no_rows(self, name: str, schema: str | None = None) -> bool:
        """Whether a table will have no rows then, for sure."""
        changes, wanted = self._changes, key(name, schema, self.default_schema_name)
        changes.follow(self.default_schema_name)
        if changes.is_unknown or changes.is_moved or wanted in changes.filled:
            return False
        if wanted[1] not in map(str.lower, self.get_table_names(schema)):  # a view shows the rows of others
            return False
        since = changes.since.get(wanted) or [None]
        if isinstance(since[0], ops.CreateTableOp):
            return bool(since[0].columns)  # SQL may have made it with rows
        known = changes.was.get(wanted, (schema, name))
        quoted = ".".join(self.dialect.identifier_preparer.quote(part) for part in known if part)
        dialect = dialect_of(self.dialect.name)
        with suppress(sa.exc.SQLAlchemyError), self._briefly():
            if any(dialect.has_triggers(self._connection, *each) for each in changes.written):
                return False  # which may put rows elsewhere
            return self._connection.exec_driver_sql(f"SELECT 1 FROM {quoted} LIMIT 1").first() is None
        return False

    def doubt(self) -> None:
        """A query has called what nobody knows: it may have put rows anywhere, or changed the structure."""
        self._changes.is_moved = self._changes.is_changed = True

    def of_catalog(self, statement: Any) -> tuple[Sequence[str], Sequence[Any]] | None:
        """The columns and rows of a query about the structure; None where the run has changed that."""
        self._changes.follow(self.default_schema_name)
        if self._changes.is_unknown or self._changes.is_changed:
            return None
        ask = self._connection.exec_driver_sql if isinstance(statement, str) else self._connection.execute
        with suppress(sa.exc.SQLAlchemyError), self._briefly():
            result = ask(statement)
            return list(result.keys()), result.fetchall()
        return None

    @contextmanager
    def _briefly(self) -> Iterator[None]:
        """Around a query that may fail, or wait for somebody's lock: nothing of that stays."""
        connection, dialect = self._connection, dialect_of(self.dialect.name)
        with looking(), dialect.only_reading(connection), dialect.at_most(connection, PATIENCE):
            yield

    def get_table_names(self, schema: str | None = None, **kw: Any) -> list[str]:
        """The tables that there will be then."""
        question = repr(("get_table_names", schema))
        if question not in self._answers:
            self._answers[question] = self._names(schema, **kw)
        return list(self._answers[question])

    def _names(self, schema: str | None, **kw: Any) -> list[str]:
        """The same, asked now."""
        wanted = self._key("", schema)[0]
        found: list[str] = self._ask(self._inspector.get_table_names, schema, **kw)
        there = {name: is_there for (where, name), is_there in self._changes.there.items() if where == wanted}
        kept = [each for each in found if there.get(each.lower(), True)]
        made = [name for name, is_there in there.items() if is_there and name not in {each.lower() for each in kept}]
        return kept + made

    def reflect_table(self, table: sa.Table, *given: Any, **more: Any) -> None:
        """Fill a Table as the database has it; one that a step has changed with its columns and keys only."""
        if self._key(table.name, table.schema) not in self._changes.since:
            self._ask(self._inspector.reflect_table, table, *given, **more)
            return
        wanted = more.get("include_columns", given[0] if given else None)
        key = self._of_table("get_pk_constraint", table.name, schema=table.schema)["constrained_columns"]
        for each in self._of_table("get_columns", table.name, schema=table.schema):
            if wanted is None or each["name"] in wanted:
                type_ = dict(each).get("type", sa.types.NULLTYPE)  # that of a column which SQL has made is not known
                made: sa.Column[Any] = sa.Column(each["name"], type_, nullable=each["nullable"])
                made.primary_key = each["name"] in key
                table.append_column(made, replace_existing=True)
        with suppress(Opaque):  # without them it serves for all but joins
            for each in self._of_table("get_foreign_keys", table.name, schema=table.schema):
                if all(name in table.c for name in each["constrained_columns"]):
                    to = ".".join(part for part in (each["referred_schema"], each["referred_table"]) if part)
                    columns = [f"{to}.{name}" for name in each["referred_columns"]]
                    table.append_constraint(sa.ForeignKeyConstraint(each["constrained_columns"], columns, name=each["name"]))

    def _get_reflection_info(self, *, filter_names: Sequence[str] | None = None, schema: str | None = None, **kw: Any) -> Any:
        """What MetaData.reflect() asks for, to hand it back table by table; nothing where all of them have changed."""
        names = list(filter_names or self.get_table_names(schema))
        same = [name for name in names if self._key(name, schema) not in self._changes.since]
        if not same:
            return None
        return self._ask(partial(reflection_info, self._inspector), schema=schema, filter_names=same, **kw)

    @contextmanager
    def _inspection_context(self) -> Iterator[Looking]:
        """For several questions."""
        yield self

    def clear_cache(self) -> None:
        """Ask again."""
        self._answers.clear()
        self._inspector.clear_cache()

    def __getattr__(self, name: str) -> Any:
        if name in OF_A_TABLE:
            return partial(self._of_table, name)
        raise Opaque(LOOKS)


answers_inspect(Looking, lambda each: each)
