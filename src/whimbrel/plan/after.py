"""What the database would answer about a table after some operations on it: its columns, keys, indexes and constraints.

An answer is made of what the database says now, and of the operations since, in their order. Where one of them could change the
answer in a way that only the server knows, there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ..dialects import Dialect
from .step import Opaque, Written

ABOUT_TEXTS = (ops.CreateTableCommentOp, ops.DropTableCommentOp)
CONSTRAINTS = (
    ops.CreateCheckConstraintOp,
    ops.CreateForeignKeyOp,
    ops.CreatePrimaryKeyOp,
    ops.CreateUniqueConstraintOp,
    ops.DropConstraintOp,
)
INDEXES = (ops.CreateIndexOp, ops.DropIndexOp)

Described = dict[str, Any]
"""A column, an index or a constraint, as SQLAlchemy's Inspector describes it."""


class Unclear(Exception):
    """Only the server knows."""


class Partly(Described):
    """What is known of a column that SQL has made. Raises Opaque for the rest."""

    def __missing__(self, key: str) -> Any:
        raise Opaque(f"it asks for '{key}' of a column that the run has made")

    def get(self, key: str, default: Any = None) -> Any:
        """The same, whatever the default is."""
        return self[key]


def columns(found: list[Described], op: Any, dialect: Dialect) -> list[Described]:
    """The columns after an operation."""
    match op:
        case ops.CreateTableOp():
            return [described(each) for each in made_by(op).columns]
        case ops.AddColumnOp():
            return found if is_among(found, op.column.name) else [*found, described(op.column)]
        case ops.DropColumnOp():
            return [each for each in found if not is_same(each["name"], op.column_name)]
        case ops.AlterColumnOp():
            return [altered(each, op) if is_same(each["name"], op.column_name) else each for each in found]
        case ops.CreatePrimaryKeyOp():
            raise Unclear
        case _ if isinstance(op, (*CONSTRAINTS, *INDEXES)):
            return found
    raise Unclear


def indexes(found: list[Described], op: Any, dialect: Dialect) -> list[Described]:
    """The indexes after an operation that makes or drops one, or has to do with none."""
    match op:
        case ops.CreateTableOp():
            table = made_by(op)
            unique = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
            of_unique = [ops.CreateUniqueConstraintOp.from_constraint(each) for each in unique]
            made = [*of_unique, *map(ops.CreateIndexOp.from_index, table.indexes)]
            return [each for one in made for each in indexes([], one, dialect)]
        case ops.CreateIndexOp() if all(isinstance(each, str) for each in op.columns) and op.columns:
            return [*without(found, op.index_name), an_index(op.index_name, op.columns, is_unique=bool(op.unique))]
        case ops.DropIndexOp():
            return without(found, op.index_name)
        case ops.CreateUniqueConstraintOp() if not dialect.unique_constraints_are_indexes:
            return found
        case ops.CreateUniqueConstraintOp() if op.constraint_name:
            return [*found, an_index(str(op.constraint_name), op.columns, is_unique=True)]
        case ops.DropConstraintOp():
            return without(found, op.constraint_name) if dialect.unique_constraints_are_indexes else found
        case ops.CreateCheckConstraintOp() | ops.CreateForeignKeyOp() | ops.CreatePrimaryKeyOp():
            return found
    return listed(found, op, "column_names")


def an_index(name: str | None, columns: Iterable[Any], *, is_unique: bool) -> Described:
    """A new index."""
    return {"name": name, "column_names": list(columns), "unique": is_unique, "dialect_options": {}}


def unique_constraints(found: list[Described], op: Any, dialect: Dialect) -> list[Described]:
    """The unique constraints after an operation."""
    match op:
        case ops.CreateTableOp():
            table = made_by(op)
            unique = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
            made = [{"name": each.name, "column_names": [column.name for column in each.columns]} for each in unique]
            indexes_made = map(ops.CreateIndexOp.from_index, table.indexes)
            return [*made, *(each for index in indexes_made for each in unique_constraints([], index, dialect))]
        case ops.CreateUniqueConstraintOp():
            return [*found, {"name": op.constraint_name, "column_names": list(op.columns)}]
        case ops.DropConstraintOp():
            return without(found, op.constraint_name)
        case ops.CreateForeignKeyOp() | ops.CreateCheckConstraintOp() | ops.CreatePrimaryKeyOp():
            return found
        case ops.CreateIndexOp() if not (op.unique and dialect.unique_indexes_are_constraints):
            return found
        case ops.CreateIndexOp() if all(isinstance(each, str) for each in op.columns) and op.columns:
            return [*found, {"name": op.index_name, "column_names": list(op.columns)}]
        case ops.DropIndexOp():
            return without(found, op.index_name) if dialect.unique_indexes_are_constraints else found
    return listed(found, op, "column_names")


def foreign_keys(found: list[Described], op: Any, dialect: Dialect) -> list[Described]:
    """The foreign keys after an operation."""
    match op:
        case ops.CreateTableOp():
            keys = made_by(op).foreign_key_constraints
            return [each for key in keys for each in foreign_keys([], ops.CreateForeignKeyOp.from_constraint(key), dialect)]
        case ops.CreateForeignKeyOp():
            made = {
                "name": op.constraint_name,
                "constrained_columns": list(op.local_cols),
                "referred_schema": op.kw.get("referent_schema"),
                "referred_table": op.referent_table,
                "referred_columns": list(op.remote_cols),
                "options": {each: op.kw[each] for each in ("ondelete", "onupdate") if op.kw.get(each)},
            }
            return [*found, made]
        case ops.DropConstraintOp():
            return without(found, op.constraint_name)
        case _ if isinstance(op, (*CONSTRAINTS, *INDEXES)):
            return found
    return listed(found, op, "constrained_columns")


def primary_key(found: Described, op: Any, dialect: Dialect) -> Described:
    """The primary key after an operation that leaves it alone, or makes the table."""
    match op:
        case ops.CreateTableOp():
            key = made_by(op).primary_key
            return {"name": key.name, "constrained_columns": [each.name for each in key.columns]}
        case ops.AddColumnOp() if not op.column.primary_key:
            return found
        case ops.DropConstraintOp() if op.constraint_type in ("foreignkey", "unique", "check"):
            return found
        case ops.DropConstraintOp() if not found.get("name") or is_same(str(found["name"]), str(op.constraint_name)):
            raise Unclear
        case ops.CreatePrimaryKeyOp():
            return {"name": op.constraint_name, "constrained_columns": list(op.columns)}
        case _ if isinstance(op, (*CONSTRAINTS, *INDEXES)):
            return found
    return listed([found], op, "constrained_columns")[0]


ANSWERS: Mapping[str, Callable[[Any, Any, Dialect], Any]] = {
    "get_columns": columns,
    "get_foreign_keys": foreign_keys,
    "get_indexes": indexes,
    "get_pk_constraint": primary_key,
    "get_unique_constraints": unique_constraints,
}


def after(method: str, now: Any, operations: Iterable[Any], dialect: Dialect) -> Any:
    """An answer of SQLAlchemy's Inspector after these operations.

    now: what it answers before them; None where the first of them makes the table. Raises Opaque where only the server knows.
    """
    found = now
    try:
        for op in operations:
            if method == "get_indexes" and dialect.keys_need_indexes and makes_keys(op):
                raise Unclear
            found = found if isinstance(op, ABOUT_TEXTS) else ANSWERS[method](found, op, dialect)
    except (Unclear, KeyError, TypeError, sa.exc.SQLAlchemyError):
        raise Opaque("it looks at what the run has changed") from None
    return found


def made_by(op: ops.CreateTableOp) -> sa.Table:
    """The table that an operation makes. Raises Unclear where its columns are not known, or it may be there."""
    columns = [each for each in op.columns if isinstance(each, sa.Column)]
    if not columns or getattr(op, "if_not_exists", None):
        raise Unclear
    table = columns[0].table  # once it is made, a copy of its columns lacks their keys
    return table if isinstance(table, sa.Table) else op.to_table()


def makes_keys(op: Any) -> bool:
    """Whether an operation makes or drops foreign keys, which may have indexes."""
    is_table = isinstance(op, ops.CreateTableOp)
    return bool(made_by(op).foreign_keys) if is_table else isinstance(op, (ops.CreateForeignKeyOp, ops.DropConstraintOp))


def listed(found: list[Described], op: Any, names: str) -> list[Described]:
    """Things that are about columns, after an operation on a column that none of them is about. Raises Unclear for others."""
    match op:
        case ops.AddColumnOp() if not (op.column.unique or op.column.index or op.column.foreign_keys or op.column.primary_key):
            return found
        case ops.DropColumnOp() if not any(is_among_names(each[names], op.column_name) for each in found):
            return found
        case ops.AlterColumnOp():
            new = op.modify_name
            return [
                {**each, names: [new if new and is_same(one, op.column_name) else one for one in each[names]]} for each in found
            ]
    raise Unclear


def described(column: sa.Column[Any]) -> Described:
    """A new column."""
    if isinstance(column.type, (Written, sa.types.NullType)):
        return Partly(name=column.name, nullable=bool(column.nullable))
    default = getattr(column.server_default, "arg", None)
    return {
        "name": column.name,
        "type": column.type,
        "nullable": bool(column.nullable),
        "default": None if default is None else str(getattr(default, "text", default)),
        "autoincrement": column.autoincrement,
        "comment": column.comment,
    }


def altered(column: Described, op: ops.AlterColumnOp) -> Described:
    """A column after it was altered."""
    made = type(column)(column)
    if op.modify_name:
        made["name"] = op.modify_name
    if op.modify_nullable is not None:
        made["nullable"] = op.modify_nullable
    if isinstance(op.modify_type, (Written, sa.types.NullType)) or op.modify_server_default is not False:
        return Partly(name=made["name"], nullable=made["nullable"])
    if op.modify_type is not None:
        made["type"] = sa.types.to_instance(op.modify_type)
    return made


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two names mean one thing; no database here has two that differ in their letters' case alone, but by intent."""
    return str(one).lower() == str(other).lower()


def is_among(found: Iterable[Described], name: str) -> bool:
    """Whether something has a name."""
    return any(is_same(each["name"], name) for each in found)


def is_among_names(names: Iterable[str | None], name: str) -> bool:
    """Whether a name is one of these."""
    return any(is_same(each, name) for each in names)


def without(found: list[Described], name: Any) -> list[Described]:
    """All but what has a name."""
    return [each for each in found if not is_same(each.get("name"), str(name))]
