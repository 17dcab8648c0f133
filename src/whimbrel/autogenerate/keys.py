"""Foreign keys whose columns change their types: out of the way while that is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from .._alembic_models import kind_of_type
from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from .operations import AlterColumn, modified


def set_keys_aside(upgrade: ops.UpgradeOps, snapshot: Snapshot, dialect: Dialect) -> None:
    """Drop the keys first and make them again at the end, where the server changes no column that a key holds.

    MySQL and MariaDB never do (error 1832 and 1833); PostgreSQL does not let a key stand between two kinds of types.
    """
    if dialect.rebuilds_tables:
        return
    changed = dict(type_changes(upgrade))
    gone = {
        (op.schema, op.table_name, str(each.constraint_name))
        for op in upgrade.ops
        if isinstance(op, ops.ModifyTableOps)
        for each in op.ops
        if isinstance(each, ops.DropConstraintOp)
    }
    first: list[ops.MigrateOperation] = []
    last: list[ops.MigrateOperation] = []
    for key in snapshot:
        for known in snapshot.of("foreign_keys", key):
            other: Key = (known["referred_schema"], known["referred_table"])
            held = [(key, column) for column in known["constrained_columns"]]
            held += [(other, column) for column in known["referred_columns"]]
            is_held = any(place in changed and (dialect.keys_need_indexes or changed[place]) for place in held)
            if is_held and known["name"] and (*key, known["name"]) not in gone:
                made = as_operation(key, known)
                first.append(modified(key, made.reverse()))
                last.append(modified(key, made))
    upgrade.ops[:] = [*first, *upgrade.ops, *last]


def keep_numbering(upgrade: ops.UpgradeOps, snapshot: Snapshot, dialect: Dialect) -> None:
    """A numbered column of MySQL that gets a type without numbers is numbered again on the way back."""
    if dialect.kind != "mysql":
        return
    for op in upgrade.ops:
        if not isinstance(op, ops.ModifyTableOps):
            continue
        for n, each in enumerate(op.ops):
            if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None:
                there = snapshot.column((each.schema, each.table_name), each.column_name) or {}
                if there.get("autoincrement") is True and kind_of_type(each.modify_type) is not kind_of_type(there["type"]):
                    made = op.ops[n] = AlterColumn.of(each, None, None)
                    made.is_numbered = True


def type_changes(upgrade: ops.UpgradeOps) -> Iterator[tuple[tuple[Key, str], bool]]:
    """Columns with another type, and whether it is of another kind."""
    for op in upgrade.ops:
        for each in op.ops if isinstance(op, ops.ModifyTableOps) else ():
            if isinstance(each, ops.AlterColumnOp) and each.modify_type is not None and each.existing_type is not None:
                is_other = kind_of_type(each.modify_type) is not kind_of_type(each.existing_type)
                yield ((each.schema, each.table_name), each.column_name), is_other


def as_operation(key: Key, known: dict[str, Any]) -> ops.CreateForeignKeyOp:
    """What makes a key as it is."""
    options = {name: value for name, value in (known.get("options") or {}).items() if value is not None}
    return ops.CreateForeignKeyOp(
        known["name"],
        key[1],
        known["referred_table"],
        list(known["constrained_columns"]),
        list(known["referred_columns"]),
        source_schema=key[0],
        referent_schema=known["referred_schema"],
        **options,
    )
