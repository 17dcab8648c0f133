"""Columns whose values the server makes: expressions and numbers that have changed, came or went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Column, Computed, Connection, Identity, Table

from .._alembic_models import copy_of
from ..dialects import Dialect
from ..schema.snapshot import Key
from ..schema.text import escaped, quoted_name
from .operations import Both, Execute, modified
from .renames import shown
from .stored import computed_as_stored, same_text

if TYPE_CHECKING:
    from .detect import Detection

NUMBERING = {"always": False, "start": 1, "increment": 1, "cycle": False, "cache": 1}
"""What an identity is where nothing else is said (PostgreSQL manual, CREATE SEQUENCE)."""
LIMITS = ("minvalue", "maxvalue")


def compare_generated(detection: Detection, key: Key, model: Table) -> None:
    """Every column of a table that is in both."""
    for column in model.columns:
        there = detection.snapshot.column(key, column.name)
        if there is None or not detection.is_wanted(column, column.name, "column"):
            continue
        if column.computed is not None or there.get("computed"):
            compare_expression(detection, key, model, column, there)
        elif detection.dialect.has_identities:
            compare_numbering(detection, key, column, there)


def compare_numbering(detection: Detection, key: Key, column: Column[Any], there: dict[str, Any]) -> None:
    """An identity, written as SQL: what Alembic writes into a file for one that is there fails."""
    old = None if there.get("identity") is None else Identity(**there["identity"])
    new = column.identity
    if old is not None or new is not None:
        detection.forget_default(key, column.name)
    if (old is None and new is None) or (old and new and not differ(there["identity"], new)):
        return
    numbers = there.get("default") or there.get("sequence_of_its_own")
    if new is not None and numbers:  # SERIAL numbers as well
        if new.always:
            detection.not_compared.append(
                f"{shown(key)}: column {column.name}: it has the default {numbers}, and is always an identity in the"
                " models; write the revision by hand"
            )
        return
    if new is not None and there.get("nullable"):
        detection.alter(key, column.name).modify_nullable = False
    sql = Numbered(detection.connection, key, column.name)
    verb = "new identity" if old is None else "no identity any more" if new is None else "another identity"
    detection.upgrade.ops.append(
        Execute(sql.way(old, new), sql.way(new, old), words=f"{shown(key)}: column {column.name}, {verb}")
    )
    if old is None or new is None:
        goes_on: list[ops.MigrateOperation] = [ops.ExecuteSQLOp(sql.goes_on())]
        detection.upgrade.ops.append(Both([], goes_on) if new is None else Both(goes_on, []))


@dataclass(frozen=True)
class Numbered:
    """A column that is or becomes an identity, in SQL."""

    connection: Connection
    key: Key
    name: str

    @property
    def table(self) -> str:
        """Its table, with quotes where it needs them."""
        quote = self.connection.dialect.identifier_preparer.quote
        return ".".join(quote(name) for name in self.key if name)

    @property
    def column(self) -> str:
        """Its name, with quotes where it needs them."""
        return self.connection.dialect.identifier_preparer.quote(self.name)

    def way(self, before: Identity | None, after: Identity | None) -> str:
        """From one identity, or none, to another."""
        alter = f"ALTER TABLE {self.table} ALTER COLUMN {self.column}"
        if after is None:
            return f"{alter} DROP IDENTITY"
        kind = "ALWAYS" if after.always else "BY DEFAULT"
        options = list(options_of(after))
        if before is None:
            return f"{alter} ADD GENERATED {kind} AS IDENTITY ({' '.join(options)})"
        return " ".join([alter, f"SET GENERATED {kind}", *(f"SET {each}" for each in options)])

    def goes_on(self) -> str:
        """A new identity counts on from the greatest number that is there."""
        sequence = f"pg_get_serial_sequence('{self.table}', '{self.name}')"
        return f"SELECT setval({sequence}, max({self.column})) FROM {self.table}"


def options_of(identity: Identity) -> Iterator[str]:
    """Every option of an identity, the usual ones too."""
    start = identity.start if identity.start is not None else NUMBERING["start"]
    yield f"START WITH {start}"
    yield f"INCREMENT BY {identity.increment if identity.increment is not None else NUMBERING['increment']}"
    for name in LIMITS:
        value = getattr(identity, name)
        yield f"NO {name.upper()}" if value is None else f"{name.upper()} {value}"
    yield "CYCLE" if identity.cycle else "NO CYCLE"
    yield f"CACHE {identity.cache if identity.cache is not None else NUMBERING['cache']}"


def differ(old: dict[str, Any], new: Identity) -> bool:
    """Whether an identity is not what a model says. Limits count where the model names them: else the type sets them."""
    wanted = {name: getattr(new, name) for name in (*NUMBERING, *LIMITS)}
    numbers = {name: usual if wanted[name] is None else wanted[name] for name, usual in NUMBERING.items()}
    limits = {name: wanted[name] for name in LIMITS if wanted[name] is not None}
    if (numbers["increment"] or 1) < 0 and wanted["start"] is None:
        numbers["start"] = wanted["maxvalue"] or -1
    elif wanted["start"] is None and wanted["minvalue"] is not None:
        numbers["start"] = wanted["minvalue"]
    return any(old.get(name, value) != value for name, value in {**numbers, **limits}.items())


def compare_expression(detection: Detection, key: Key, model: Table, column: Column[Any], there: dict[str, Any]) -> None:
    """A computed column. Its values are no one's work, so that it may be dropped and added again."""
    old, new = there.get("computed"), column.computed
    place = f"{shown(key)}: column {column.name}"
    if old is None or new is None:
        what = "computed in the models and not" if old is None else "computed in the database and not in the models,"
        where = " in the database," if old is None else ""
        detection.not_compared.append(f"{place}: it is {what}{where} which no statement changes; write the revision by hand")
        return
    said, why_not = computed_as_stored(detection.connection, model, column)
    if why_not:
        detection.not_compared.append(f"{place}: its expression: {why_not}")
        return
    is_stored = said.get("persisted")
    if same_text(said.get("sqltext"), old.get("sqltext")) and is_stored == old.get("persisted"):
        return
    users = used_by(detection, key, column.name)
    if users:
        listed = ", ".join(users)
        detection.not_compared.append(
            f"{place}: another expression in the models, and {listed} would be dropped with it; write the revision by hand"
        )
        return
    before = Column(
        column.name, there["type"], Computed(sa.text(escaped(old["sqltext"])), old.get("persisted")), nullable=there["nullable"]
    )
    after: Column[Any] = copy_of(column)
    drop, add = ops.DropColumnOp(key[1], column.name, schema=key[0]), ops.AddColumnOp(key[1], after, schema=key[0])
    back = ops.AddColumnOp(key[1], before, schema=key[0])
    later = [each for each in detection.changes(key).ops if is_index_over(each, column.name)]
    detection.changes(key).ops = [each for each in detection.changes(key).ops if all(each is not other for other in later)]
    detection.upgrade.ops[:] = [
        each for each in detection.upgrade.ops if not (isinstance(each, ops.ModifyTableOps) and not each.ops)
    ]
    detection.upgrade.ops.append(Both([modified(key, drop), modified(key, add)], [modified(key, drop), modified(key, back)]))
    detection.upgrade.ops += [modified(key, each) for each in later]


def is_index_over(op: ops.MigrateOperation, name: str) -> bool:
    """Whether an index with a column is made."""
    return isinstance(op, ops.CreateIndexOp) and any(name in str(getattr(each, "name", each)) for each in op.columns)


def used_by(detection: Detection, key: Key, name: str) -> list[str]:
    """What of the table is about a column, and goes with it."""
    snapshot = detection.snapshot
    found = [f"index {each['name']}" for each in snapshot.of("indexes", key) if name in each["column_names"]]
    for kind in ("unique_constraints", "foreign_keys"):
        columns = "column_names" if kind == "unique_constraints" else "constrained_columns"
        found += [f"constraint {each['name']}" for each in snapshot.of(kind, key) if name in each[columns]]
    found += [f"constraint {each['name']}" for each in snapshot.of("check_constraints", key) if name in str(each["sqltext"])]
    return found


def set_computed_aside(upgrade: ops.UpgradeOps, dialect: Dialect, connection: Connection) -> None:
    """Where the server wants that, drop computed columns while what they are computed from changes its type; add them again."""
    preparer = connection.dialect.identifier_preparer
    found: list[ops.MigrateOperation] = []
    for op in upgrade.ops:
        changed = [each for each in op.ops if changes_type(each)] if isinstance(op, ops.ModifyTableOps) else []
        if not changed:
            found.append(op)
            continue
        assert isinstance(op, ops.ModifyTableOps)
        table = quoted_name((op.schema, op.table_name), preparer)
        in_the_way = dialect.computed_from(connection, [(table, str(each.column_name)) for each in changed])
        going = [
            each for each in op.ops if isinstance(each, ops.DropColumnOp) and each.column_name in [one.name for one in in_the_way]
        ]
        op.ops[:] = [*going, *(each for each in op.ops if all(each is not other for other in going))]
        stays = [each for each in in_the_way if each.name not in [str(one.column_name) for one in going]]
        for each in stays:
            first, *more = each.create
            words = f"{op.table_name}: column {each.name}, dropped for a while"
            found += [*(Execute("", sql) for sql in reversed(more)), Execute(each.drop, first, words=words)]
        found.append(op)
        for each in stays:
            first, *more = each.create
            words = f"{op.table_name}: column {each.name}, computed again"
            found += [Execute(first, each.drop, words=words), *(Execute(sql, "", words=f"  {sql}") for sql in more)]
    upgrade.ops[:] = found


def changes_type(op: ops.MigrateOperation) -> TypeGuard[ops.AlterColumnOp]:
    """Whether a column gets another type."""
    return isinstance(op, ops.AlterColumnOp) and op.modify_type is not None
