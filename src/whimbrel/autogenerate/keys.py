"""Foreign keys whose columns change their types: out of the way while that is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alembic.operations import ops
from sqlalchemy import Table

from .._alembic_models import kind_of_type
from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from .operations import AlterColumn, Both, modified

Needs = dict[tuple[Key, str], tuple[bool, bool]]
"""Keys of tables by name, whose only index goes: on the way up, on the way down."""


def set_keys_aside(
    upgrade: ops.UpgradeOps, snapshot: Snapshot, models: Mapping[Key, Table], dialect: Dialect, needs: Needs
) -> None:
    """Drop the keys first and make them again at the end, where the server changes no column that a key holds.

    MySQL and MariaDB never do (error 1832 and 1833); PostgreSQL does not let a key stand between two kinds of types. Neither
    takes away what a key points to, nor do MySQL and MariaDB the index that a key needs (error 1553).
    """
    if dialect.rebuilds_tables:
        return
    changed = dict(type_changes(upgrade))
    losing = set(keys_lost(upgrade, snapshot, models))
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
            is_held = is_held or (other, frozenset(known["referred_columns"])) in losing
            up, down = (True, True) if is_held else needs.get((key, str(known["name"])), (False, False))
            if (up or down) and known["name"] and (*key, known["name"]) not in gone:
                made = modified(key, as_operation(key, known))
                dropped = modified(key, as_operation(key, known).reverse())
                first.append(Both([dropped] if up else [], [made] if down else []))
                last.append(Both([made] if up else [], [dropped] if down else []))
    upgrade.ops[:] = [*first, *upgrade.ops, *last]


def keys_lost(upgrade: ops.UpgradeOps, snapshot: Snapshot, models: Mapping[Key, Table]) -> Iterator[tuple[Key, frozenset[str]]]:
    """The columns of primary keys and unique constraints that go, if only to come back in another way."""
    for key, model in models.items():
        primary = snapshot.of("pk_constraint", key).get("constrained_columns") or []
        if primary and primary != [column.name for column in model.primary_key.columns]:
            yield key, frozenset(primary)
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            key = (op.schema, op.table_name)
            gone = {
                str(getattr(each, "constraint_name", None) or getattr(each, "index_name", "")) for each in op.ops if is_gone(each)
            }
            for known in (*snapshot.of("unique_constraints", key), *snapshot.of("indexes", key)):
                if known["name"] in gone:
                    yield key, frozenset(known["column_names"])


def is_gone(op: ops.MigrateOperation) -> bool:
    """Whether a unique constraint or an index is dropped."""
    return isinstance(op, ops.DropIndexOp) or (isinstance(op, ops.DropConstraintOp) and op.constraint_type == "unique")


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
