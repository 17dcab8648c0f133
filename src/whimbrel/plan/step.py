"""What a revision would do, one operation after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.operations import ops
from sqlalchemy.types import UserDefinedType

from ..events import Direction
from ..revisions.revision import Revision
from ..revisions.touched import Touch

Table = tuple[str | None, str]
"""Schema, None for the default one, and name."""


class Opaque(BaseException):
    """What a revision does here cannot be seen without a database. Not an Exception: no revision may catch it."""


@dataclass
class Rows(ops.MigrateOperation):
    """Rows of a table are deleted or changed. verb: "delete", "update", "truncate", "insert" or "replace"."""

    verb: str
    table_name: str
    schema: str | None = None
    is_bounded: bool = True
    """Whether there is a condition."""
    cascades: bool = False
    emptied: tuple[str, ...] = ()
    """The columns that become null in every row."""
    reset: tuple[str, ...] = ()
    """The columns that get their default."""
    constants: tuple[tuple[str, str], ...] = ()
    """The columns that get one value in every row, and that, as it stands in SQL."""
    sets: tuple[str, ...] = ()
    """The columns that an UPDATE sets; none where that is not known."""
    given: tuple[str, ...] = ()
    """The columns that a row is replaced by; none where that is all of them."""
    values: tuple[tuple[str, ...], ...] = ()
    """What they get, as it stands in SQL, a row each; none where that is not known."""
    count: str = ""
    """The query that counts the rows of the table, and those that meet the condition; "" where there is none."""
    reads: tuple[Table, ...] = ()
    """The tables that the query is about."""
    meeting: str = ""
    """The query for the rows that meet the condition."""
    is_history: bool = False
    """Whether those rows are not what the table holds now, but what it has held."""

    def reverse(self) -> Any:
        """There is no way back."""
        raise NotImplementedError


@dataclass
class DropNamespace(ops.MigrateOperation):
    """A schema or a database is dropped."""

    name: str
    kind: str

    def reverse(self) -> Any:
        """There is no way back."""
        raise NotImplementedError


@dataclass
class Changed(ops.MigrateOperation):
    """A table is changed in a way that has no operation: its SQL says it."""

    table_name: str
    schema: str | None = None
    charset: str = ""
    """The character set that its texts get."""

    def reverse(self) -> Any:
        """There is no way back."""
        raise NotImplementedError


class Written(UserDefinedType[Any]):
    """A type as SQL has it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_col_spec(self, **kw: Any) -> str:
        """The same."""
        return self.text


@dataclass(frozen=True)
class Step:
    """One operation.

    operations: what it does, in Alembic's terms and ours; empty where that cannot be seen. why: the reason, then.
    sql: its statements; none where SQLite builds the table anew. place: ``file:line``. outside: of any transaction.
    line: the text of that line. fails: why it would be refused, whatever is in the tables.
    """

    operations: tuple[Any, ...]
    sql: tuple[str, ...]
    place: str | None
    line: str = ""
    why: str | None = None
    is_batch: bool = False
    outside: bool = False
    fails: str | None = None
    is_tried: bool = False
    """Whether the revision goes on where it fails, as far as anybody asks."""


@dataclass(frozen=True)
class Planned:
    """One revision, and what it would do."""

    revision: Revision
    direction: Direction
    steps: Sequence[Step] = field(default_factory=tuple)


def table_of(op: Any) -> Table | None:
    """The table that an operation is about; None where it is about none."""
    name = getattr(op, "table_name", None) or getattr(op, "source_table", None)
    schema = getattr(op, "schema", None) or getattr(op, "kw", {}).get("source_schema")
    return (schema, str(name)) if name else None


def shown(table: Table) -> str:
    """A table as a person writes it."""
    return ".".join(part for part in table if part)


def as_operation(touch: Touch) -> Any:
    """A table or column that the text of a revision drops."""
    (schema, table), column = touch.table, touch.thing
    if touch.how == "drop_column" and column is not None:
        return ops.DropColumnOp(table, column, schema=schema)
    return ops.DropTableOp(table, schema=schema)
