"""What Alembic does not see of unique constraints: the order of their columns, and when PostgreSQL checks them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Connection, MetaData, Table, UniqueConstraint
from sqlalchemy.types import NullType

from .._alembic_models import final_name
from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from ..schema.text import quoted_name
from .names import longest_name, name_for
from .operations import Execute, modified

Texts = Mapping[tuple[Key, str], str]
SPECIAL = re.compile(r"\) INCLUDE \(|\) DEFERRABLE\b")
"""What Alembic does not write into a file, or what its operation cannot do."""


def compare_uniques(
    upgrade: ops.UpgradeOps, models: Mapping[Key, Table], snapshot: Snapshot, dialect: Dialect, connection: Connection
) -> None:
    """Add what has changed and nobody saw; say as SQL what cannot be said otherwise."""
    texts = dialect.unique_texts(connection)
    for key, model in models.items():
        there = snapshot.of("unique_constraints", key)
        for wanted in (each for each in model.constraints if isinstance(each, UniqueConstraint)):
            known = counterpart(wanted, there, connection)
            if known is not None and not is_touched(upgrade, key, known["name"]) and is_other(wanted, known, key, texts):
                changed = modified(key, drop_of(key, known))
                changed.ops.append(ops.CreateUniqueConstraintOp.from_constraint(wanted))
                upgrade.ops.append(changed)
        if dialect.rebuilds_tables:
            upgrade.ops += [modified(key, drop_of(key, known)) for known in unnamed_left(model, there, upgrade, key)]
    if texts is not None:
        say_as_sql(upgrade, texts, connection)


def leave_out_implied(upgrade: ops.UpgradeOps, models: Mapping[Key, Table], default_schema: str | None) -> None:
    """Take out what says no more than the primary key: CREATE TABLE of PostgreSQL makes one of the two, under the other name."""
    for op in upgrade.ops:
        if not isinstance(op, (ops.CreateTableOp, ops.ModifyTableOps)):
            continue
        model = models.get((None if op.schema == default_schema else op.schema, op.table_name))
        primary = set() if model is None else {column.name for column in model.primary_key.columns}
        if isinstance(op, ops.CreateTableOp):
            op.columns = [each for each in op.columns if not (isinstance(each, UniqueConstraint) and names_in(each) == primary)]
        else:
            op.ops = [
                each for each in op.ops if not (isinstance(each, ops.CreateUniqueConstraintOp) and names_in(each) == primary)
            ]
    upgrade.ops[:] = [op for op in upgrade.ops if not (isinstance(op, ops.ModifyTableOps) and not op.ops)]


def names_in(unique: UniqueConstraint | ops.CreateUniqueConstraintOp) -> set[str]:
    """The columns of a unique constraint."""
    return {str(getattr(column, "name", column)) for column in unique.columns}


def unnamed_left(model: Table, there: list[dict[str, Any]], upgrade: ops.UpgradeOps, key: Key) -> Iterator[dict[str, Any]]:
    """The constraints without a name that no model has any more: Alembic does not compare them."""
    wanted = [{column.name for column in each.columns} for each in model.constraints if isinstance(each, UniqueConstraint)]
    gone = {
        each.column_name
        for op in upgrade.ops
        if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == key
        for each in op.ops
        if isinstance(each, ops.DropColumnOp)
    }
    for known in there:
        columns = set(known["column_names"])
        if known["name"] is None and columns not in wanted and not columns & gone:
            yield known


def counterpart(wanted: UniqueConstraint, there: list[dict[str, Any]], connection: Connection) -> dict[str, Any] | None:
    """The constraint of the database that Alembic takes for the same: its name, if it has one, and its columns."""
    name, columns = final_name(wanted, connection.dialect), {column.name for column in wanted.columns}
    found = (each for each in there if set(each["column_names"]) == columns and (name is None or each["name"] in (name, None)))
    return next(found, None)


def is_touched(upgrade: ops.UpgradeOps, key: Key, name: str | None) -> bool:
    """Whether it is known that a constraint goes."""
    return any(
        isinstance(each, ops.DropConstraintOp) and each.constraint_name == name
        for op in upgrade.ops
        if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == key
        for each in op.ops
    )


def is_other(wanted: UniqueConstraint, known: Mapping[str, Any], key: Key, texts: Texts | None) -> bool:
    """Whether its columns have another order, or it is checked at another time."""
    if [column.name for column in wanted.columns] != list(known["column_names"]):
        return True
    return texts is not None and when(wanted) != when_of(texts.get((key, str(known["name"])), ""))


def when(unique: UniqueConstraint) -> tuple[bool, bool]:
    """Whether a constraint of a model may be checked at the end of a transaction, and whether it usually is."""
    is_late = (unique.initially or "").upper() == "DEFERRED"
    return bool(unique.deferrable) or is_late, is_late


def when_of(text: str) -> tuple[bool, bool]:
    """The same of one that the server has."""
    return " DEFERRABLE" in text and " NOT DEFERRABLE" not in text, "INITIALLY DEFERRED" in text


def drop_of(key: Key, known: Mapping[str, Any]) -> ops.DropConstraintOp:
    """It goes, and comes back as it was."""
    columns = [Column(name, NullType()) for name in known["column_names"]]
    own = Table(key[1], MetaData(), *columns, schema=key[0])
    constraint = UniqueConstraint(*columns, name=known["name"], **(known.get("dialect_options") or {}))
    own.append_constraint(constraint)
    return ops.DropConstraintOp.from_constraint(constraint)


def say_as_sql(upgrade: ops.UpgradeOps, texts: Texts, connection: Connection) -> None:
    """What PostgreSQL knows of constraints, and ``op`` cannot say."""
    found: list[ops.MigrateOperation] = []
    for op in upgrade.ops:
        if not isinstance(op, ops.ModifyTableOps):
            found.append(op)
            continue
        after: list[ops.MigrateOperation] = []
        for each in list(op.ops):
            if (made := as_sql((op.schema, op.table_name), each, texts, connection)) is not None:
                op.ops.remove(each)
                # What is gone makes way for another one, what is new may need new columns.
                (found if isinstance(each, ops.DropConstraintOp) else after).append(made)
        found += [*([op] if op.ops else []), *after]
    upgrade.ops[:] = found


def as_sql(key: Key, op: ops.MigrateOperation, texts: Texts, connection: Connection) -> Execute | None:
    """An operation as SQL; None where it is no unique constraint, or one that ``op`` can say."""
    preparer = connection.dialect.identifier_preparer
    table = quoted_name(key, preparer)
    if isinstance(op, ops.DropConstraintOp) and SPECIAL.search(text := texts.get((key, str(op.constraint_name)), "")):
        name = preparer.quote(str(op.constraint_name))
        there, back = f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}"
        return Execute(there, back, words=f"{key[1]}: unique constraint {op.constraint_name} dropped")
    if isinstance(op, ops.CreateUniqueConstraintOp) and op.kw.get("postgresql_include"):
        columns = [str(getattr(column, "name", column)) for column in op.columns]
        name = str(op.constraint_name or name_for(key[1], columns, "key", longest_name(connection.dialect)))
        text = " ".join(of_unique(op, columns, preparer))
        there = f"ALTER TABLE {table} ADD CONSTRAINT {preparer.quote(name)} {text}"
        back = f"ALTER TABLE {table} DROP CONSTRAINT {preparer.quote(name)}"
        return Execute(there, back, words=f"{key[1]}: unique constraint {name} added")
    return None


def of_unique(op: ops.CreateUniqueConstraintOp, columns: list[str], preparer: Any) -> Iterator[str]:
    """The clauses of a unique constraint in PostgreSQL's order (manual, CREATE TABLE)."""
    yield "UNIQUE"
    if op.kw.get("postgresql_nulls_not_distinct"):
        yield "NULLS NOT DISTINCT"
    yield f"({', '.join(map(preparer.quote, columns))})"
    included = [str(getattr(each, "name", each)) for each in op.kw["postgresql_include"]]
    yield f"INCLUDE ({', '.join(map(preparer.quote, included))})"
    if op.kw.get("deferrable"):
        yield "DEFERRABLE"
    if op.kw.get("initially"):
        yield f"INITIALLY {op.kw['initially']}"
