"""The order in which tables come and go, whatever references what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeGuard

from alembic.operations import ops
from sqlalchemy import Column, ForeignKeyConstraint, Index, MetaData, Table
from sqlalchemy.schema import sort_tables_and_constraints
from sqlalchemy.types import NullType

from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from .keys import Needs
from .names import with_names
from .operations import Both, Execute, modified


def in_the_same_order(upgrade: ops.UpgradeOps, snapshot: Snapshot) -> None:
    """Columns and foreign keys of a table that go, or come, in one order: Alembic has them in sets."""
    for modified_ops in (op for op in upgrade.ops if isinstance(op, ops.ModifyTableOps)):
        found = snapshot.of("columns", (modified_ops.schema, modified_ops.table_name))
        places = {column["name"]: place for place, column in enumerate(found)}

        def place_of(op: Any, places: dict[str, int] = places) -> Any:
            return places.get(op.column_name, len(places)), str(op.column_name)

        in_place(modified_ops.ops, lambda op: isinstance(op, ops.DropColumnOp), place_of)
        for kind in (is_key_drop, lambda op: isinstance(op, ops.CreateForeignKeyOp)):
            in_place(modified_ops.ops, kind, lambda op: (str(op.constraint_name), getattr(op, "local_cols", ())))


def in_place(listed: list[Any], is_one: Callable[[Any], bool], key: Callable[[Any], Any]) -> None:
    """Sort some of a list among themselves; the others keep their places."""
    ordered = iter(sorted(filter(is_one, listed), key=key))
    listed[:] = [next(ordered) if is_one(each) else each for each in listed]


def in_creation_order(upgrade: ops.UpgradeOps, models: dict[Key, Table], dialect: Any, names: set[Key]) -> None:
    """Create what is referenced first; keys between tables that reference each other come after both.

    names: those in use; also has the new ones afterwards.
    """
    created = [op for op in upgrade.ops if isinstance(op, ops.CreateTableOp)]
    if not created:
        return
    default = dialect.default_schema_name
    keys = [(None if op.schema == default else op.schema, op.table_name) for op in created]
    copies = MetaData()
    tables = [with_names(models[key], copies, dialect, names) for key in keys if key in models]
    own = {(table.schema, table.name) for table in tables}
    # What they reference must be known by its columns' names, too.
    for model in {id(one): one for key in keys if key in models for one in models[key].metadata.tables.values()}.values():
        if (model.schema, model.name) not in own:
            model.to_metadata(copies)
    creations: dict[tuple[str | None, str], ops.MigrateOperation] = {}
    later: list[ops.MigrateOperation] = []
    for table, foreign_keys in sort_tables_and_constraints(tables):  # type: ignore[no-untyped-call]
        if table is not None:
            made = ops.CreateTableOp.from_table(table)
            others = set(table.foreign_key_constraints) - set(foreign_keys)
            made.columns = [each for each in made.columns if each not in others]
            creations[table.schema, table.name] = made
        else:
            ordered = sorted(foreign_keys, key=lambda key: (key.table.name, str(key.name)))
            later = [
                ops.ModifyTableOps(key.table.name, [ops.CreateForeignKeyOp.from_constraint(key)], schema=key.table.schema)
                for key in ordered
            ]
    replaced = [op for op in upgrade.ops if not (isinstance(op, ops.CreateTableOp) and (op.schema, op.table_name) in creations)]
    at = next((n for n, op in enumerate(upgrade.ops) if isinstance(op, ops.CreateTableOp)), 0)
    first = replaced[:at]
    rest = replaced[at:]
    # The indexes of a new table come with Alembic right after it, in an operation of their own.
    upgrade.ops[:] = [*first, *creations.values(), *rest, *later]


def in_drop_order(upgrade: ops.UpgradeOps, snapshot: Snapshot) -> None:
    """Drop tables last, when nothing that stays references them, and those that reference others first.

    Keys between tables that reference each other go before both.
    """
    dropped = [op for op in upgrade.ops if isinstance(op, ops.DropTableOp)]
    if not dropped:
        return
    tables = {(op.schema, op.table_name) for op in dropped}
    refers = {
        key: {
            (each["referred_schema"], each["referred_table"])
            for each in snapshot.of("foreign_keys", key)
            if (each["referred_schema"], each["referred_table"]) in tables
        }
        - {key}
        for key in tables
    }
    order: list[Key] = []
    left = dict(refers)
    cut: list[tuple[Key, Key]] = []
    while left:
        # What nobody that is left references.
        free = sorted((key for key in left if not any(key in others for others in left.values())), key=str)
        if not free:
            key = min(left, key=str)
            cut += [(other, key) for other, referred in left.items() if key in referred]
            for referred in left.values():
                referred.discard(key)
            continue
        order += free
        for key in free:
            del left[key]
    first: list[ops.MigrateOperation] = []
    by_key = {(op.schema, op.table_name): op for op in dropped}
    for key, target in cut:
        created = by_key[key].reverse()
        for constraint in keys_to(target, created):
            drop = ops.DropConstraintOp.from_constraint(constraint)
            first.append(ops.ModifyTableOps(key[1], [drop], schema=key[0]))
            created.columns = [each for each in created.columns if each is not constraint]
        by_key[key] = ops.DropTableOp(key[1], schema=key[0], _reverse=created)
    others = [op for op in upgrade.ops if not isinstance(op, ops.DropTableOp)]
    upgrade.ops[:] = [*others, *first, *(by_key[key] for key in order)]


def keys_to(target: Key, created: ops.CreateTableOp) -> list[ForeignKeyConstraint]:
    """The foreign keys to a table in the operation that creates another one again."""
    found = []
    for each in created.columns:
        if isinstance(each, ForeignKeyConstraint):
            schema, _, name = each.elements[0].target_fullname.rpartition(".")[0].rpartition(".")
            if (schema or None, name) == target:
                found.append(each)
    return found


def keep_indexes_of_keys(upgrade: ops.UpgradeOps, snapshot: Snapshot, dialect: Dialect, sqla_dialect: Any) -> Needs:
    """Where a foreign key needs an index, do not drop the only one it has: give it the name of one that nobody asked for.

    A unique one has to go. The keys that are in its way are returned: on the way up, on the way down.
    """
    needs: Needs = {}
    if not dialect.keys_need_indexes:
        return needs
    go_with_tables(upgrade)
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            op.ops.sort(key=place_of)
    found: list[ops.MigrateOperation] = []
    for op in upgrade.ops:
        if not isinstance(op, ops.ModifyTableOps):
            found.append(op)
            continue
        key = (op.schema, op.table_name)
        gone = {str(each.constraint_name) for each in op.ops if isinstance(each, ops.DropConstraintOp)}
        left = [each for each in snapshot.of("foreign_keys", key) if each["name"] not in gone]
        indexes = {each["name"]: each["column_names"] for each in snapshot.of("indexes", key)}
        uniques = {each["name"] for each in snapshot.of("indexes", key) if each.get("unique")}
        renamed: list[ops.MigrateOperation] = []
        kept: set[str] = set()
        going: list[list[Any]] = []
        for each in [each for each in op.ops if is_index_dropped(each)]:
            name = str(each.index_name if isinstance(each, ops.DropIndexOp) else each.constraint_name)
            columns = indexes.pop(name, [])
            needed = (one for one in left if starts_with(columns, one["constrained_columns"]))
            needing = next((one for one in needed if not has_other(indexes, one["constrained_columns"])), None)
            if needing is not None and needing["name"] not in indexes and name not in uniques:
                op.ops.remove(each)
                renamed.append(renaming(key, name, str(needing["name"]), dialect, sqla_dialect))
                indexes[needing["name"]] = columns
                kept.add(needing["name"])
            else:
                going.append(columns)
        for made in [each for each in op.ops if isinstance(each, ops.CreateIndexOp) and not each.unique]:
            columns = columns_of(made)
            implicit = next(
                (one["name"] for one in left if one["constrained_columns"] == columns == indexes.get(one["name"])), None
            )
            if implicit is not None:
                op.ops.remove(made)
                renamed.append(renaming(key, implicit, str(made.index_name), dialect, sqla_dialect))
                indexes[str(made.index_name)] = indexes.pop(implicit)
        coming = [columns_of(each) for each in op.ops if is_index_made(each)]
        for one in left:
            # The server makes the index that has the key's name, and drops it where another one comes.
            stays = [columns for name, columns in indexes.items() if name != one["name"] or name in kept]
            stays.append(snapshot.of("pk_constraint", key).get("constrained_columns") or [])
            up, down = (any(starts_with(columns, one["constrained_columns"]) for columns in some) for some in (going, coming))
            if one["name"] and (up or down) and not any(starts_with(columns, one["constrained_columns"]) for columns in stays):
                needs[key, str(one["name"])] = up, down
        for name in [str(each.constraint_name) for each in op.ops if is_key_drop(each)]:
            columns = indexes.get(name, [])
            if any(keeps_or_takes(each, columns) for each in op.ops):
                continue
            if columns and not any(starts_with(columns, one["constrained_columns"]) for one in left):
                op.ops.append(index_drop(key, name, columns))  # it was made for the key
        op.ops.sort(key=place_of)  # its name may be that of another one
        last = take_keys_with_indexes(op, snapshot, indexes)
        found += [*renamed, *([op] if op.ops or not (renamed or last) else []), *last]
    upgrade.ops[:] = found
    return needs


def take_keys_with_indexes(op: ops.ModifyTableOps, snapshot: Snapshot, indexes: dict[str, Any]) -> list[ops.MigrateOperation]:
    """The new keys for which the server makes an index, out of their place: on the way down it goes after them."""
    key = (op.schema, op.table_name)
    made = [columns_of(each) for each in op.ops if is_index_made(each)]
    there = [*indexes.values(), *made, snapshot.of("pk_constraint", key).get("constrained_columns") or []]
    found: list[ops.MigrateOperation] = []
    for each in [each for each in op.ops if isinstance(each, ops.CreateForeignKeyOp) and each.constraint_name]:
        assert isinstance(each, ops.CreateForeignKeyOp)
        columns = list(each.local_cols)
        if not any(starts_with(columns_there, columns) for columns_there in there):
            op.ops.remove(each)
            found += [Both([], [modified(key, index_drop(key, str(each.constraint_name), columns))]), modified(key, each)]
    return found


def keys_last(upgrade: ops.UpgradeOps, models: dict[Key, Table], snapshot: Snapshot) -> None:
    """A foreign key comes after the key of another table that it needs and that comes, too; and goes before one that goes."""
    changed = {
        key
        for key, model in models.items()
        if snapshot.has(key)
        and snapshot.of("pk_constraint", key).get("constrained_columns", []) != [each.name for each in model.primary_key.columns]
    }
    tables = [op for op in upgrade.ops if isinstance(op, ops.ModifyTableOps)]
    coming = {(op.schema, op.table_name) for op in tables if any(map(is_key_made, op.ops))}
    going = {(op.schema, op.table_name) for op in tables if any(map(is_key_dropped, op.ops))}
    first: list[ops.MigrateOperation] = []
    last: list[ops.MigrateOperation] = []
    for op in tables:
        key = (op.schema, op.table_name)
        for each in list(op.ops):
            if isinstance(each, ops.CreateForeignKeyOp):
                target = (each.kw.get("referent_schema"), str(each.referent_table))
                place = last if target in (coming - {key}) | changed else None
            else:
                place = first if is_key_drop(each) and target_of(each) in (going - {key}) | changed else None
            if place is not None:
                op.ops.remove(each)
                place.append(modified(key, each))
    upgrade.ops[:] = [*first, *upgrade.ops, *last]


def is_key_made(op: ops.MigrateOperation) -> bool:
    """Whether something comes that foreign keys can point to."""
    return isinstance(op, (ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)) or (
        isinstance(op, ops.CreateIndexOp) and bool(op.unique)
    )


def is_key_dropped(op: ops.MigrateOperation) -> bool:
    """Whether something goes that foreign keys may point to."""
    return isinstance(op, ops.DropIndexOp) or (
        isinstance(op, ops.DropConstraintOp) and op.constraint_type in ("unique", "primary")
    )


def target_of(op: ops.DropConstraintOp) -> Key | None:
    """The table that a foreign key points to, which goes."""
    back = op.reverse()
    return (back.kw.get("referent_schema"), str(back.referent_table)) if isinstance(back, ops.CreateForeignKeyOp) else None


def free_names_first(upgrade: ops.UpgradeOps) -> None:
    """Drop an index first whose name one of another table takes: names are those of a schema, except on MySQL."""
    tables = [op for op in upgrade.ops if isinstance(op, ops.ModifyTableOps)]
    made = {(op.schema, str(each.index_name)) for op in tables for each in op.ops if isinstance(each, ops.CreateIndexOp)}
    first: list[ops.MigrateOperation] = []
    for op in tables:
        own = {each.index_name for each in op.ops if isinstance(each, ops.CreateIndexOp)}
        for each in [each for each in op.ops if isinstance(each, ops.DropIndexOp)]:
            if (op.schema, str(each.index_name)) in made and each.index_name not in own:
                op.ops.remove(each)
                first.append(modified((op.schema, op.table_name), each))
    upgrade.ops[:0] = first


def is_key_drop(op: ops.MigrateOperation) -> TypeGuard[ops.DropConstraintOp]:
    """Whether a foreign key goes."""
    return isinstance(op, ops.DropConstraintOp) and op.constraint_type == "foreignkey"


def keeps_or_takes(op: ops.MigrateOperation, columns: list[Any]) -> bool:
    """Whether an index for a foreign key is needed by another one, or goes by itself: with a column, or for another index."""
    if isinstance(op, ops.DropColumnOp):
        return op.column_name in columns
    if isinstance(op, ops.CreateForeignKeyOp):
        return starts_with(columns, list(op.local_cols))
    made = columns_of(op) if is_index_made(op) else []
    return bool(made) and starts_with(made, columns)


def is_index_made(op: ops.MigrateOperation) -> TypeGuard[ops.CreateIndexOp | ops.CreateUniqueConstraintOp]:
    """Whether an index comes, of a unique constraint as well."""
    return isinstance(op, (ops.CreateIndexOp, ops.CreateUniqueConstraintOp))


def is_index_dropped(op: ops.MigrateOperation) -> TypeGuard[ops.DropIndexOp | ops.DropConstraintOp]:
    """Whether an index goes, of a unique constraint as well."""
    return isinstance(op, ops.DropIndexOp) or (isinstance(op, ops.DropConstraintOp) and op.constraint_type == "unique")


def columns_of(op: ops.CreateIndexOp | ops.CreateUniqueConstraintOp) -> list[str]:
    """The names of the columns of an index that comes."""
    return [str(getattr(one, "name", one)) for one in op.columns]


def index_drop(key: Key, name: str, columns: list[Any]) -> ops.DropIndexOp:
    """An index goes, and comes back on the way down."""
    table = Table(key[1], MetaData(), *(Column(str(column), NullType()) for column in columns), schema=key[0])
    return ops.DropIndexOp.from_index(Index(name, *table.columns))


def go_with_tables(upgrade: ops.UpgradeOps) -> None:
    """The indexes of a table that is dropped go with it: one that a foreign key needs could not go before."""
    created = {(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.CreateTableOp)}
    dropped = {(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.DropTableOp)}
    for at, op in enumerate(upgrade.ops):
        if isinstance(op, ops.ModifyTableOps) and all(isinstance(each, (ops.CreateIndexOp, ops.DropIndexOp)) for each in op.ops):
            if (op.schema, op.table_name) in created:
                upgrade.ops[at] = Both([op], [])
            elif (op.schema, op.table_name) in dropped:
                upgrade.ops[at] = Both([], [op.reverse()])


def place_of(op: ops.MigrateOperation) -> int:
    """Where an operation stands among those of its table: keys, indexes, columns, and back."""
    if isinstance(op, ops.DropConstraintOp):
        return 0 if op.constraint_type == "foreignkey" else 1
    if isinstance(op, ops.DropIndexOp):
        return 1
    if isinstance(op, (ops.CreateIndexOp, ops.AddConstraintOp)):
        return 4 if isinstance(op, ops.CreateForeignKeyOp) else 3
    return 2


def starts_with(columns: list[Any], wanted: list[Any]) -> bool:
    """Whether an index can be used for some columns."""
    return list(columns[: len(wanted)]) == list(wanted)


def has_other(indexes: dict[str, Any], wanted: list[Any]) -> bool:
    """Whether another index can."""
    return any(starts_with(columns, wanted) for columns in indexes.values())


def renaming(key: Key, old: str, new: str, dialect: Dialect, sqla_dialect: Any) -> Execute:
    """An index gets another name."""
    preparer = sqla_dialect.identifier_preparer
    table = preparer.format_table(Table(key[1], MetaData(), schema=key[0]))
    there, back = ((preparer.quote(a), preparer.quote(b)) for a, b in ((old, new), (new, old)))
    return Execute(
        dialect.renaming("index", table, *there, None) or "",
        dialect.renaming("index", table, *back, None) or "",
        words=f"{key[1]}: index {old}, renamed to {new}, for the foreign key needs one",
    )
