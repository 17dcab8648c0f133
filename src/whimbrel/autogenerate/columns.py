"""What Alembic does not see of the types of columns: collations, signs, fractions of seconds, precisions that came or went."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection, Table

from ..dialects import dialect_of
from ..schema.snapshot import Key, Snapshot
from .renames import shown
from .same import type_text
from .stored import types_as_stored

if TYPE_CHECKING:
    from .detect import Detection

USUAL_COLLATION = "BINARY"
"""SQLite's where a column names none (https://sqlite.org/datatype3.html, 7.1)."""


def compare_types(detection: Detection, key: Key, model: Table) -> None:
    """Every column of a table that is in both, where the texts of its types differ and Alembic has seen nothing."""
    how = detection.compared.opts.get("compare_type")
    if how is False or callable(how):
        return
    doubtful: list[str] = []
    seen = types_changed(detection, key)
    for column in model.columns:
        there = detection.snapshot.column(key, column.name)
        if there is None or not detection.is_wanted(column, column.name, "column"):
            continue
        if detection.dialect.kind == "sqlite":
            compare_collation(detection, key, column, there)
        elif (
            column.name not in seen
            and not isinstance(there["type"], (sa.Enum, sa.types.NullType))
            and differs(there["type"], column.type, detection)
        ):
            doubtful.append(column.name)
    if not doubtful:
        return
    options = detection.snapshot.of("table_options", key)
    made, why_not = types_as_stored(detection.connection, model, doubtful, options)
    for name in doubtful:
        there = detection.snapshot.column(key, name)
        assert there is not None
        if why_not:
            detection.not_compared.append(f"{shown(key)}: all of the type of {name}: {why_not}")
        elif differs(there["type"], made[name], detection) and not detection.dialect.is_same_type(there["type"], made[name]):
            detection.alter(key, name).modify_type = model.columns[name].type


def keep_same_types(
    upgrade: ops.UpgradeOps, models: Mapping[Key, Table], snapshot: Snapshot, connection: Connection, how: Any
) -> None:
    """Take out changes of types that the database stores in the same way: it is asked, unless the project compares itself.

    how: ``compare_type``.
    """
    default = connection.dialect.default_schema_name
    for op in (op for op in upgrade.ops if isinstance(op, ops.ModifyTableOps)):
        key = (None if op.schema == default else op.schema, op.table_name)
        model = models.get(key)
        changed = [each for each in op.ops if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None]
        made: dict[str, Any] = {}
        if changed and model is not None and not callable(how):
            made, _ = types_as_stored(
                connection, model, {each.column_name for each in changed}, snapshot.of("table_options", key)
            )
        for each in changed:
            if is_same(each, made.get(each.column_name), connection):
                each.modify_type = None
        comment = None if model is None else model.kwargs.get(f"{connection.dialect.name}_comment")
        op.ops = [each for each in op.ops if not (isinstance(each, ops.AlterColumnOp) and not each.has_changes())]
        op.ops = [each for each in op.ops if not (isinstance(each, ops.DropTableCommentOp) and each.existing_comment == comment)]
    upgrade.ops[:] = [op for op in upgrade.ops if not (isinstance(op, ops.ModifyTableOps) and not op.ops)]


def is_same(op: ops.AlterColumnOp, made: Any, connection: Connection) -> bool:
    """Whether a change of a type changes nothing. made: what the server makes of the new type."""
    assert op.modify_type is not None
    there = type_text(op.existing_type, connection.dialect)
    if made is not None and there is not None and there == type_text(made, connection.dialect):
        return True
    wanted = op.modify_type.dialect_impl(connection.dialect)
    return dialect_of(connection.dialect.name).is_same_type(op.existing_type, wanted)


def types_changed(detection: Detection, key: Key) -> set[str]:
    """The columns of which it is known that they change their types."""
    tables = (op for op in detection.upgrade.ops if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == key)
    return {
        each.column_name
        for op in tables
        for each in op.ops
        if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None
    }


def differs(one: Any, other: Any, detection: Detection) -> bool:
    """Whether two types are not the same text."""
    dialect = detection.connection.dialect
    return type_text(one, dialect) != type_text(other, dialect)


def compare_collation(detection: Detection, key: Key, column: sa.Column[Any], there: dict[str, Any]) -> None:
    """SQLite's types are words without a meaning; how texts are compared is not."""
    old, new = (getattr(type_, "collation", None) or USUAL_COLLATION for type_ in (there["type"], column.type))
    if old.upper() == new.upper() or not isinstance(column.type, sa.String) or not isinstance(there["type"], sa.String):
        return
    change = detection.alter(key, column.name)
    change.existing_type, change.modify_type = with_collation(there["type"], old), with_collation(column.type, new)


def with_collation(type_: Any, name: str) -> Any:
    """The same type, which says its collation: one that says none keeps what the column has."""
    made = copy(type_)
    made.collation = name
    return made
