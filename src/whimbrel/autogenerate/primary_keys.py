"""Primary keys: Alembic does not compare them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Table

from .._alembic_models import final_name
from ..schema.snapshot import Key
from ..schema.text import quoted_name
from .operations import AddPrimaryKey, Both, Drop, Execute
from .renames import shown

if TYPE_CHECKING:
    from .detect import Detection


def compare_primary_key(detection: Detection, key: Key, model: Table) -> None:
    """Other columns in one table, or another order of them."""
    there = detection.snapshot.of("pk_constraint", key)
    old, new = list(there.get("constrained_columns") or ()), [column.name for column in model.primary_key.columns]
    if old != new and detection.is_wanted(model.primary_key, None, "primary_key"):
        PrimaryKey(detection, key, model, there.get("name"), old, new).change()


class PrimaryKey:
    """The key of one table: its name in the database, its old and its new columns."""

    def __init__(self, detection: Detection, key: Key, model: Table, was: str | None, old: list[str], new: list[str]) -> None:
        self.detection, self.key, self.model = detection, key, model
        self.old, self.new = old, new
        self.was = was
        self.upgrade = detection.upgrade
        self.preparer: Any = detection.connection.dialect.identifier_preparer

    def change(self) -> None:
        """In the way of the database."""
        key, dialect = self.key, self.detection.connection.dialect
        if dialect.name in ("mysql", "mariadb"):
            words = f"{shown(key)}: primary key ({', '.join(self.new)}) instead of ({', '.join(self.old)})"
            self.before_columns_leave(Execute(*self.in_one_statement(), words=words))
            return
        name = final_name(self.model.primary_key, dialect) or self.was or f"{key[1]}_pkey"
        before, after = (AddPrimaryKey(name, key[1], columns, schema=key[0]) for columns in (self.old, self.new))
        numbering = self.take_numbering()
        if (
            self.detection.dialect.rebuilds_tables
        ):  # a new key takes the place of the old one; what numbers the rows comes with it
            back = before if self.old else Drop(name, key[1], "primary", schema=key[0], back=after)
            up = ops.ModifyTableOps(key[1], [*numbering, after], schema=key[0])
            down = ops.ModifyTableOps(key[1], [back, *(each.reverse() for each in numbering)], schema=key[0])
            self.before_columns_leave(Both([up], [down]))
            return
        changes = self.detection.changes(key)
        at = next(n for n, op in enumerate(self.upgrade.ops) if op is changes)
        self.upgrade.ops[at:at] = map(self.as_serial, numbering)
        if self.old:
            was = self.was or name
            changes.ops.insert(0, Drop(was, key[1], "primary", schema=key[0], back=before))
        if self.new:
            changes.ops.append(after)

    def own_changes(self) -> Iterator[ops.ModifyTableOps]:
        """Where changes of the table are."""
        for op in self.upgrade.ops:
            if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == self.key:
                yield op

    def before_columns_leave(self, change: ops.MigrateOperation) -> None:
        """Another key, before what was in the old one goes or may be null; the other way round on the way back."""
        after: list[ops.MigrateOperation] = []
        for op in self.own_changes():
            after += [each for each in op.ops if leaves(each) in self.old]
            op.ops = [each for each in op.ops if leaves(each) not in self.old]
        self.upgrade.ops.append(change)
        if after:
            self.upgrade.ops.append(ops.ModifyTableOps(self.key[1], after, schema=self.key[0]))

    # -- columns that number the rows

    def take_numbering(self) -> list[ops.AddColumnOp]:
        """The new column by which rows are numbered, out of its place; none where there is none."""
        found: list[ops.AddColumnOp] = []
        own = self.model.autoincrement_column
        if own is None or own.identity is not None:
            return found
        for op in self.own_changes():
            for each in [each for each in op.ops if isinstance(each, ops.AddColumnOp)]:
                if each.column.name == own.name:
                    op.ops.remove(each)
                    found.append(each)
        return found

    def as_serial(self, op: ops.AddColumnOp) -> Execute:
        """A numbered column on PostgreSQL: ``op.add_column()`` makes none of it."""
        table, name = quoted_name(self.key, self.preparer), self.preparer.quote(op.column.name)
        type_ = op.column.type
        size = "BIG" if isinstance(type_, sa.BigInteger) else "SMALL" if isinstance(type_, sa.SmallInteger) else ""
        there, back = f"ALTER TABLE {table} ADD COLUMN {name} {size}SERIAL NOT NULL", f"ALTER TABLE {table} DROP COLUMN {name}"
        return Execute(there, back, words=f"{shown(self.key)}: column {op.column.name} added, which numbers the rows")

    # -- MySQL's way

    def in_one_statement(self) -> tuple[str, str]:
        """There and back: a numbered column must never be without a key."""
        table = self.preparer.format_table(self.model)

        def statement(old: list[str], new: list[str], *, is_back: bool) -> str:
            parts = ["DROP PRIMARY KEY"] if old else []
            parts += [f"ADD PRIMARY KEY ({', '.join(map(self.preparer.quote, new))})"] if new else []
            parts += [self.numbered(name, is_back) for name in self.old if name not in self.new and self.is_numbered(name)]
            parts += [self.numbered(name, not is_back) for name in self.new if name not in self.old and self.is_numbered(name)]
            parts += [drop if is_back else add for add, drop in self.indexes_of_keys()]
            return f"ALTER TABLE {table} {', '.join(parts)}"

        return statement(self.old, self.new, is_back=False), statement(self.new, self.old, is_back=True)

    def indexes_of_keys(self) -> Iterator[tuple[str, str]]:
        """ADD and DROP of an index for each foreign key that has had the old key for one, and has not the new one."""
        snapshot, quote = self.detection.snapshot, self.preparer.quote
        others = [each["column_names"] for each in snapshot.of("indexes", self.key)]
        for known in snapshot.of("foreign_keys", self.key):
            columns = list(known["constrained_columns"])
            if starts(self.old, columns) and not any(starts(each, columns) for each in (self.new, *others)):
                name = quote(str(known["name"]))
                yield f"ADD INDEX {name} ({', '.join(map(quote, columns))})", f"DROP INDEX {name}"

    def is_numbered(self, name: str) -> bool:
        """Whether the server numbers a column in one of the two keys."""
        there, own = self.detection.snapshot.column(self.key, name), self.model.autoincrement_column
        return bool(there and there.get("autoincrement")) or (own is not None and own.name == name)

    def numbered(self, name: str, is_numbered: bool) -> str:
        """MODIFY for a column that is numbered in the one key and not in the other."""
        there = self.detection.snapshot.column(self.key, name) or {}
        column = self.model.columns.get(name)
        type_: Any = there.get("type") or (column.type if column is not None else None)
        comment = there.get("comment") or (column.comment if column is not None else None)
        text = f" COMMENT '{comment.replace(chr(39), chr(39) * 2)}'" if comment else ""
        numbering = " AUTO_INCREMENT" if is_numbered else ""
        written = type_.compile(dialect=self.detection.connection.dialect)
        return f"MODIFY {self.preparer.quote(name)} {written} NOT NULL{numbering}{text}"


def starts(columns: list[str], wanted: list[str]) -> bool:
    """Whether an index over some columns can be used for others."""
    return columns[: len(wanted)] == wanted


def leaves(op: ops.MigrateOperation) -> str | None:
    """The column that an operation drops or lets be null."""
    if isinstance(op, ops.DropColumnOp) or (isinstance(op, ops.AlterColumnOp) and op.modify_nullable):
        return str(op.column_name)
    return None
